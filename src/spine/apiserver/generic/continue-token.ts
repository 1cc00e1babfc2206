/** Continue tokens (k8s.io/apiserver/pkg/storage/continue.go, v0.34). */
import { base64UrlOf, parseBase64, textOf, utf8 } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { parseJson } from '../../../ground/lang/json.ts';

const VERSION = 'meta.k8s.io/v1';

export interface ContinueToken {
  /** Revision of the first page; −1: whatever is newest. */
  readonly revision: number;
  /** Next key, relative to the resource's prefix. */
  readonly start: string;
}

export function formatToken(token: ContinueToken): string {
  const start = token.start.replace(/["\\]/g, (char) => `\\${char}`).replace('\0', '\\u0000');
  const text = `{"v":"${VERSION}","rv":${token.revision},"start":"${start}"}`;
  return base64UrlOf(utf8(text));
}

const BAD = 'continue key is not valid';

export function parseToken(text: string): Result<ContinueToken, string> {
  const bytes = parseBase64(text);
  if (bytes === undefined || /[^\w-]/.test(text)) {
    const at = text.search(/[^\w-]/);
    return err(`${BAD}: illegal base64 data at input byte ${at < 0 ? text.length : at}`);
  }
  const parsed = parseJson(textOf(bytes));
  if (!parsed.ok) return err(`${BAD}: ${parsed.error.message}`);
  const { v: version, rv: revision, start } = fieldsOf(parsed.value.value);
  if (version !== VERSION) {
    return err(`${BAD}: server does not recognize this encoded version ${String(version ?? '')}`);
  }
  if (!Number.isInteger(revision) || revision === 0) {
    return err(`${BAD}: incorrect encoded start resourceVersion (version ${VERSION})`);
  }
  if (typeof start !== 'string' || start === '') {
    return err(`${BAD}: encoded start key empty (version ${VERSION})`);
  }
  // Nobody climbs out of the resource's keys.
  if (/^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(start)) return err(`${BAD}: ${start}`);
  return ok({ revision: revision as number, start });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? (value as Readonly<Record<string, unknown>>) : {};
}
