/** PEM: base64 between two lines that name what it is (RFC 7468). */
import { base64Of, parseBase64 } from '../base/bytes.ts';

export interface PemBlock {
  /** `CERTIFICATE`, `EC PRIVATE KEY` … */
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** One block, 64 letters a line, with a line end after the last. */
export function formatPem(label: string, bytes: Uint8Array): string {
  const lines = base64Of(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** All whole blocks of a text; what stands between them, and what is broken, is skipped, as in Go. */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  const pattern = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]*?)\r?\n?-----END \1-----/g;
  for (const match of text.matchAll(pattern)) {
    const bytes = parseBase64((match[2] ?? '').replace(/\s/g, ''));
    if (bytes !== undefined) blocks.push({ label: match[1] ?? '', bytes });
  }
  return blocks;
}
