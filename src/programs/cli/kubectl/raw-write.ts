/**
 * `create --raw` and `replace --raw` (k8s.io/kubectl/pkg/rawhttp and cmd/create, v0.34): one file goes to a path of the server
 * as it is, and the answer is printed as it came.
 */
import { utf8 } from '../../../ground/base/bytes.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { fail, failApi, type Outcome } from './failure.ts';
import { readAll } from './manifest.ts';
import type { Session } from './session.ts';

/** What does not go with `--raw`; undefined when it may be sent. */
function misfitOf({ flags }: Session): string | undefined {
  const files = flags.list('filename');
  const path = flags.text('raw');
  if (files.length !== 1) return '--raw can only use a single local file or stdin';
  if (/^https?:\/\//.test(files[0] ?? '')) return '--raw cannot read from a url';
  if (flags.bool('recursive')) return '--raw and --recursive are mutually exclusive';
  if (flags.text('output') !== '') return '--raw and --output are mutually exclusive';
  if (path.startsWith('/')) return undefined;
  return `--raw must be a valid URL path: parse ${quote(path)}: invalid URI for request`;
}

/** Sends the file to the path of `--raw`. */
export function* writeRaw(session: Session, method: 'POST' | 'PUT'): Task<Outcome<number>> {
  const wrong = misfitOf(session);
  if (wrong !== undefined) return fail(wrong);
  const { process } = session;
  const file = session.flags.list('filename')[0] ?? '';
  const read = file === '-' ? ok(yield* readAll(process)) : process.files.readText(file);
  if (!read.ok) return fail(`open ${file}: no such file or directory`);
  const api = session.api();
  if (!api.ok) return api;
  const text = yield* api.value.text(
    session.flags.text('raw'),
    method,
    undefined,
    utf8(read.value),
  );
  if (!text.ok) return failApi(text.error);
  yield* session.print(text.value);
  return ok(0);
}
