/** An open file that holds a text: here-documents and here-strings, read once from front to back. */
import { bytesOf } from '../../machines/network/chunk.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { err, ok } from '../../ground/base/result.ts';
import { utf8 } from '../../ground/base/bytes.ts';

export function textFile(name: string, text: string): OpenFile {
  let rest = utf8(text);
  const take = (max: number): Uint8Array | undefined => {
    if (rest.length === 0) return undefined;
    const part = rest.subarray(0, max);
    rest = rest.subarray(part.length);
    return part;
  };
  return {
    kind: 'file',
    name,
    *read(max = 65_536) {
      return ok(take(max));
    },
    *readChunk() {
      const part = take(65_536);
      return ok(part === undefined ? undefined : bytesOf(part));
    },
    *write() {
      return err('EBADF');
    },
    post() {
      return false;
    },
    readable: {
      description: `read ${name}`,
      arm(waiter) {
        waiter.wake(undefined);
      },
      withdraw() {},
    },
    terminal: undefined,
    retain() {},
    close() {},
  };
}
