/**
 * Everything that a path gives. A regular file is read at once; what stands behind `/dev/fd/63`,
 * `/dev/stdin` or a terminal comes piece by piece, so reading it to its end waits.
 */
import { concatBytes, textOf } from '../../../ground/base/bytes.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Errno } from '../../network/errno.ts';
import type { Files } from '../files-types.ts';

/** All bytes of a path, or why not. */
export function* readWhole(files: Files, path: string): Task<Result<Uint8Array, Errno>> {
  const stat = files.stat(path);
  if (!stat.ok || stat.value.type !== 'character') return files.read(path);
  const opened = files.open(path, 'r');
  if (!opened.ok) return opened;
  const parts: Uint8Array[] = [];
  for (;;) {
    const piece = yield* opened.value.read();
    if (!piece.ok) {
      opened.value.close();
      return piece;
    }
    if (piece.value === undefined) break;
    parts.push(piece.value);
  }
  opened.value.close();
  return ok(concatBytes(parts));
}

/** The same as text. */
export function* readWholeText(files: Files, path: string): Task<Result<string, Errno>> {
  const bytes = yield* readWhole(files, path);
  return bytes.ok ? ok(textOf(bytes.value)) : bytes;
}
