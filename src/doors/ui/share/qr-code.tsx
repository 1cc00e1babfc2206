/** A link as a code to scan; the encoder is loaded when it is first needed. */
import { useEffect, useState } from 'preact/hooks';
import { t } from '../text.ts';

export function QrCode({ text }: { readonly text: string }) {
  const [code, setCode] = useState<{ readonly size: number; readonly path: string } | undefined>(
    undefined,
  );
  useEffect(() => {
    let wanted = true;
    const draw = async (): Promise<void> => {
      const { encode } = await import('uqr');
      const { size, data } = encode(text, { ecc: 'L', border: 2 });
      let path = '';
      data.forEach((row, y) => {
        row.forEach((dark, x) => {
          if (dark) path += `M${x} ${y}h1v1h-1z`;
        });
      });
      if (wanted) setCode({ size, path });
    };
    draw().catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [text]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${code?.size ?? 1} ${code?.size ?? 1}`}
      role="img"
      aria-label={t('share.qr')}
      shape-rendering="crispEdges"
    >
      <path d={code?.path ?? ''} fill="#000" />
    </svg>
  );
}
