/** The request that curl's options describe: method, header lines in curl's order, body. */
import { base64Of, concatBytes, textOf, utf8 } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { openInput, readAll } from '../support.ts';
import { allOf, type CurlFault, type CurlOptions, type DataPart, lastOf } from './options.ts';
import type { CurlUrl } from './url.ts';

const USER_AGENT = 'curl/8.14.1';

export interface CurlBody {
  readonly bytes: Uint8Array;
  readonly type: string | undefined;
}

export interface CurlRequest {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  /** Names as they are shown, Host left out. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

/** The body of `-d`, `--json`, `-F` and `-T`; undefined without one. */
export function* readBody(
  process: Process,
  options: CurlOptions,
): Task<Result<CurlBody | undefined, CurlFault>> {
  const upload = lastOf(options, 'upload-file');
  if (upload !== undefined) {
    const file = openInput(process, upload === '.' ? '-' : upload);
    if (!file.ok)
      return err({
        code: 26,
        message: `cannot open '${upload}'`,
        more: "curl: try 'curl --help' for more information\ncurl: (26) Failed to open/read local data from file/application\n",
      });
    const bytes = yield* readAll(file.value);
    file.value.close();
    return ok({ bytes, type: undefined });
  }
  const forms = allOf(options, 'form');
  if (forms.length > 0) return formBody(process, forms);
  if (options.data.length === 0) return ok(undefined);
  const parts: Uint8Array[] = [];
  for (const part of options.data) {
    const bytes = yield* dataOf(process, part);
    if (!bytes.ok) return bytes;
    const separated = parts.length > 0 && part.kind !== 'json';
    parts.push(...(separated ? [utf8('&')] : []), bytes.value);
  }
  const json = options.data.some(({ kind }) => kind === 'json');
  return ok({
    bytes: concatBytes(parts),
    type: json ? 'application/json' : 'application/x-www-form-urlencoded',
  });
}

function* dataOf(process: Process, part: DataPart): Task<Result<Uint8Array, CurlFault>> {
  const { kind, value } = part;
  if (kind === 'urlencode') {
    const equals = value.indexOf('=');
    const name = equals > 0 ? `${value.slice(0, equals)}=` : '';
    return ok(utf8(name + encodeForm(equals < 0 ? value : value.slice(equals + 1))));
  }
  if (kind === 'raw' || !value.startsWith('@')) return ok(utf8(value));
  const path = value.slice(1);
  const file = openInput(process, path);
  if (!file.ok)
    return err({
      code: 26,
      message: `option ${kind === 'json' ? '--json' : kind === 'binary' ? '--data-binary' : '-d'}: error encountered when reading a file`,
      more: "curl: try 'curl --help' for more information\n",
    });
  const bytes = yield* readAll(file.value);
  file.value.close();
  return ok(
    kind === 'data' ? bytes.filter((byte) => byte !== 10 && byte !== 13 && byte !== 0) : bytes,
  );
}

function encodeForm(text: string): string {
  let out = '';
  for (const byte of utf8(text)) {
    const letter = String.fromCharCode(byte);
    out += /[A-Za-z0-9_.~-]/.test(letter)
      ? letter
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function formBody(process: Process, forms: readonly string[]): Result<CurlBody, CurlFault> {
  const boundary = `------------------------${process.random.hex(22)}`;
  const parts: Uint8Array[] = [];
  for (const form of forms) {
    const match = /^([^=]+)=([\s\S]*)$/.exec(form);
    if (match === null)
      return err({
        code: 2,
        message: 'option -F: is badly used here',
        more: "curl: try 'curl --help' for more information\n",
      });
    const [, name = '', value = ''] = match;
    const path = /^[@<]([^;]*)/.exec(value)?.[1];
    if (path === undefined) {
      parts.push(
        utf8(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
      );
      continue;
    }
    const read = process.files.read(path);
    if (!read.ok)
      return err({
        code: 26,
        message: `(26) Failed to open/read local data from file/application`,
      });
    const fileName = value.startsWith('@')
      ? `; filename="${path.slice(path.lastIndexOf('/') + 1)}"`
      : '';
    const type = value.startsWith('@') ? 'Content-Type: application/octet-stream\r\n' : '';
    parts.push(
      utf8(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${fileName}\r\n${type}\r\n`,
      ),
      read.value,
      utf8('\r\n'),
    );
  }
  parts.push(utf8(`--${boundary}--\r\n`));
  return ok({ bytes: concatBytes(parts), type: `multipart/form-data; boundary=${boundary}` });
}

/** Lines of `-H`, files of `-H @file` read. */
function* customHeaders(
  process: Process,
  options: CurlOptions,
): Task<Result<readonly string[], CurlFault>> {
  const lines: string[] = [];
  for (const line of allOf(options, 'header')) {
    if (!line.startsWith('@')) {
      lines.push(line);
      continue;
    }
    const file = openInput(process, line.slice(1));
    if (!file.ok)
      return err({ code: 26, message: `Failed to open ${line.slice(1)}: ${strerror(file.error)}` });
    lines.push(
      ...textOf(yield* readAll(file.value))
        .split(/\r?\n/)
        .filter((each) => each !== ''),
    );
    file.value.close();
  }
  return ok(lines);
}

/** The request for a URL. `method` and `body` follow redirects. */
export function* makeRequest(
  process: Process,
  options: CurlOptions,
  url: CurlUrl,
  method: string,
  body: CurlBody | undefined,
): Task<Result<CurlRequest, CurlFault>> {
  const custom = yield* customHeaders(process, options);
  if (!custom.ok) return custom;
  const given = new Map<string, string>();
  const extra: [string, string][] = [];
  for (const line of custom.value) {
    const match = /^([^:;]+)([:;])\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, name = '', mark, value = ''] = match;
    const key = name.trim().toLowerCase();
    given.set(key, value);
    // `Name:` removes a header, `Name;` sends it empty.
    if ((value !== '' || mark === ';') && key !== 'host') extra.push([name.trim(), value]);
  }
  const headers: [string, string][] = [];
  const own = (name: string, value: string | undefined): void => {
    if (value !== undefined && !given.has(name.toLowerCase())) headers.push([name, value]);
  };
  const user = lastOf(options, 'user') ?? url.user;
  const bearer = lastOf(options, 'oauth2-bearer');
  own(
    'Authorization',
    bearer !== undefined
      ? `Bearer ${bearer}`
      : user === undefined
        ? undefined
        : `Basic ${base64Of(utf8(user.includes(':') ? user : `${user}:`))}`,
  );
  const bytes = lastOf(options, 'range');
  own('Range', bytes === undefined ? undefined : `bytes=${bytes}`);
  const agent = lastOf(options, 'user-agent') ?? USER_AGENT;
  own('User-Agent', agent === '' ? undefined : agent);
  const json = options.data.some(({ kind }) => kind === 'json');
  own('Accept', json ? 'application/json' : '*/*');
  own('Accept-Encoding', options.flags.has('compressed') ? 'deflate, gzip, br, zstd' : undefined);
  own('Referer', lastOf(options, 'referer'));
  own('Cookie', allOf(options, 'cookie').join('; ') || undefined);
  headers.push(...extra);
  if (body !== undefined) {
    own('Content-Length', String(body.bytes.length));
    own('Content-Type', body.type);
  }
  return ok({
    method,
    host: given.get('host') ?? url.authority,
    target: url.target,
    headers,
    body: body?.bytes,
  });
}
