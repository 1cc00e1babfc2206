/** Reads a body to its end: one chunk by reference if it came as one, else bytes joined. */
import { concatBytes } from '../../ground/base/bytes.ts';
import { ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { bytesOf, type Chunk } from './chunk.ts';
import type { HttpError } from './http-types.ts';
import type { Inbox } from './inbox.ts';

export function* wholeOf(inbox: Inbox<HttpError>): Task<Result<Chunk | undefined, HttpError>> {
  let first: Chunk | undefined;
  let more: Uint8Array[] | undefined;
  for (;;) {
    const piece = yield* inbox.receive();
    if (!piece.ok) return piece;
    if (piece.value === undefined) return ok(more === undefined ? first : concatBytes(more));
    if (first === undefined) first = piece.value;
    else {
      more ??= [bytesOf(first)];
      more.push(bytesOf(piece.value));
    }
  }
}
