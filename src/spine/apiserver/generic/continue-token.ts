/** Continue tokens (k8s.io/apiserver/pkg/storage/continue.go, v0.34). */
import { base64UrlOf, parseBase64, textOf, utf8 } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';

export interface ContinueToken {
  /** Revision of the first page; −1: whatever is newest. */
  readonly revision: number;
  /** Next key, relative to the resource's prefix. */
  readonly start: string;
}

export function formatToken(token: ContinueToken): string {
  const start = token.start.replace(/["\\]/g, (char) => `\\${char}`).replace('\0', '\\u0000');
  const text = `{"v":"meta.k8s.io/v1","rv":${token.revision},"start":"${start}"}`;
  return base64UrlOf(utf8(text));
}

export function parseToken(text: string): Result<ContinueToken, string> {
  const bytes = parseBase64(text);
  if (bytes === undefined) return err('illegal base64 data at input byte 0');
  const match = /^\{"v":"([^"]*)","rv":(-?\d+),"start":"((?:[^"\\]|\\.)*)"\}$/.exec(textOf(bytes));
  if (match === null) return err('invalid character');
  if (match[1] !== 'meta.k8s.io/v1') return err('server does not recognize this encoded version');
  const start = (match[3] as string).replace('\\u0000', '\0').replace(/\\(["\\])/g, '$1');
  if (start.startsWith('/') || start.includes('../')) return err(`invalid continue key: ${start}`);
  return ok({ revision: Number(match[2]), start });
}
