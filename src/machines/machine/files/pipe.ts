/**
 * Pipes: 64 KiB between a writer that waits when it is full and a reader that waits when it is empty.
 * Messages stay messages for readers that ask for chunks. Both ends are open descriptions that
 * processes share; the last close of one end is what the other end sees.
 */
import type { Task, Wait } from '../../../ground/base/task.ts';
import { Condition } from '../../../ground/base/task.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { DONE, err, ok, type Result } from '../../../ground/base/result.ts';
import { bytesOf, type Chunk, isBytes, sizeOfChunk } from '../../network/chunk.ts';
import type { Errno } from '../../network/errno.ts';
import type { OpenFile, Terminal } from '../files-types.ts';

/** Capacity of a pipe (Linux PIPE_BUF × 16). */
const PIPE_BYTES = 65_536;

/** Chunks in order between one or more writers and readers. */
export class PipeBuffer {
  readonly #chunks: Chunk[] = [];
  #head = 0;
  #size = 0;
  readersOpen = true;
  writersOpen = true;
  readonly #filled = new Condition('pipe to be written');
  readonly #drained = new Condition('pipe to be read');

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= PIPE_BYTES;
  }

  /** True when a read would not wait. */
  get isReadable(): boolean {
    return this.#chunks.length > this.#head || !this.writersOpen;
  }

  get filled(): Wait {
    return this.#filled;
  }

  put(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#size += sizeOfChunk(chunk);
    this.#filled.notify();
  }

  /** The next chunk, cut to `max` bytes when asked. */
  take(max?: number): Chunk | undefined {
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined) return undefined;
    this.#size -= sizeOfChunk(chunk);
    let taken = chunk;
    if (max !== undefined && sizeOfChunk(chunk) > max) {
      const bytes = bytesOf(chunk);
      taken = bytes.subarray(0, max);
      const rest = bytes.subarray(max);
      this.#chunks[this.#head] = rest;
      this.#size += rest.length;
    } else this.#advance();
    if (!this.isFull) this.#drained.notify();
    return taken;
  }

  #advance(): void {
    this.#chunks[this.#head] = new Uint8Array(0);
    this.#head += 1;
    if (this.#head === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#head = 0;
    } else if (this.#head > 256) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Wakes everybody: an end was closed. */
  changed(): void {
    this.#filled.notify();
    this.#drained.notify();
  }

  *waitFilled(): Task<void> {
    while (!this.isReadable) yield* this.#filled.wait();
  }

  *waitRoom(): Task<void> {
    while (this.isFull && this.readersOpen) yield* this.#drained.wait();
  }
}

/** Text or a chunk as a chunk. */
export function chunkOf(data: Chunk | string): Chunk {
  return typeof data === 'string' ? utf8(data) : data;
}

/** Ends at once when the buffer can be read, else when something is put into it. */
function readableWait(buffer: PipeBuffer): Wait {
  return {
    description: 'pipe to be written',
    arm(waiter) {
      if (buffer.isReadable) waiter.wake(undefined);
      else buffer.filled.arm(waiter);
    },
    withdraw: (waiter) => buffer.filled.withdraw(waiter),
  };
}

class PipeEnd implements OpenFile {
  readonly kind = 'pipe';
  readonly name: string;
  readonly terminal: Terminal | undefined = undefined;
  readonly #buffer: PipeBuffer;
  readonly #side: 'read' | 'write';
  #references = 1;

  constructor(buffer: PipeBuffer, side: 'read' | 'write', name: string) {
    this.#buffer = buffer;
    this.#side = side;
    this.name = name;
  }

  get readable(): Wait {
    return readableWait(this.#buffer);
  }

  *read(max?: number): Task<Result<Uint8Array | undefined, Errno>> {
    if (this.#side !== 'read') return err('EBADF');
    yield* this.#buffer.waitFilled();
    const chunk = this.#buffer.take(max);
    return ok(chunk === undefined ? undefined : bytesOf(chunk));
  }

  *readChunk(): Task<Result<Chunk | undefined, Errno>> {
    if (this.#side !== 'read') return err('EBADF');
    yield* this.#buffer.waitFilled();
    return ok(this.#buffer.take());
  }

  *write(data: Chunk | string): Task<Result<void, Errno>> {
    if (this.#side !== 'write') return err('EBADF');
    let chunk = chunkOf(data);
    while (isBytes(chunk) && chunk.length > PIPE_BYTES) {
      yield* this.#buffer.waitRoom();
      if (!this.#buffer.readersOpen) return err('EPIPE');
      this.#buffer.put(chunk.subarray(0, PIPE_BYTES));
      chunk = chunk.subarray(PIPE_BYTES);
    }
    yield* this.#buffer.waitRoom();
    return this.post(chunk) ? DONE : err('EPIPE');
  }

  /** Writes without waiting, beyond the capacity if need be. False when nobody reads. */
  post(data: Chunk | string): boolean {
    if (!this.#buffer.readersOpen) return false;
    const chunk = chunkOf(data);
    // A message of no bytes (a terminal's control) still goes through.
    if (!isBytes(chunk) || chunk.length > 0) this.#buffer.put(chunk);
    return true;
  }

  retain(): void {
    this.#references += 1;
  }

  close(): void {
    if (this.#references === 0) return;
    this.#references -= 1;
    if (this.#references > 0) return;
    if (this.#side === 'read') this.#buffer.readersOpen = false;
    else this.#buffer.writersOpen = false;
    this.#buffer.changed();
  }
}

/** A pipe: what is written to the second end is read from the first. */
export function makePipe(number: number): readonly [OpenFile, OpenFile] {
  const buffer = new PipeBuffer();
  const name = `pipe:[${number}]`;
  return [new PipeEnd(buffer, 'read', name), new PipeEnd(buffer, 'write', name)];
}
