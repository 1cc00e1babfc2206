/**
 * Open descriptions that are not pipes: regular files with an offset, /dev/null, /dev/zero,
 * /dev/urandom, and sinks (a runtime or a unit that takes output as it comes, without a task that
 * reads). Descriptors of several processes share one description and its offset.
 */
import type { RandomStream } from '../../../ground/base/random.ts';
import type { Task, Wait } from '../../../ground/base/task.ts';
import { DONE, err, ok, type Result } from '../../../ground/base/result.ts';
import { bytesOf, type Chunk } from '../../network/chunk.ts';
import type { Errno } from '../../network/errno.ts';
import type { OpenFile, Terminal } from '../files-types.ts';
import type { Inode } from './inode.ts';
import { chunkOf } from './pipe.ts';

/** A wait that is over at once: a file never makes a reader wait. */
const AT_ONCE: Wait = {
  description: 'file',
  arm(waiter) {
    waiter.wake(undefined);
  },
  withdraw() {},
};

/** A wait that nothing ends. */
export const NEVER: Wait = {
  description: 'nothing',
  arm() {},
  withdraw() {},
};

/** How a file was opened. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
}

/** A regular file, open. */
export class RegularFile implements OpenFile {
  readonly kind = 'file';
  readonly name: string;
  readonly terminal: Terminal | undefined = undefined;
  readonly inode: Inode;
  readonly readable = AT_ONCE;
  readonly #mode: OpenMode;
  readonly #onWrite: () => void;
  #offset = 0;
  #references = 1;

  constructor(inode: Inode, name: string, mode: OpenMode, onWrite: () => void) {
    this.inode = inode;
    this.name = name;
    this.#mode = mode;
    this.#onWrite = onWrite;
    inode.opens += 1;
  }

  *read(max?: number): Task<Result<Uint8Array | undefined, Errno>> {
    if (!this.#mode.read) return err('EBADF');
    const bytes = this.inode.bytes;
    if (this.#offset >= bytes.length) return ok(undefined);
    const end = max === undefined ? bytes.length : Math.min(bytes.length, this.#offset + max);
    const piece = bytes.subarray(this.#offset, end);
    this.#offset = end;
    return ok(piece);
  }

  readChunk(): Task<Result<Chunk | undefined, Errno>> {
    return this.read();
  }

  *write(data: Chunk | string): Task<Result<void, Errno>> {
    return this.put(chunkOf(data));
  }

  post(data: Chunk | string): boolean {
    return this.put(chunkOf(data)).ok;
  }

  put(chunk: Chunk): Result<void, Errno> {
    if (!this.#mode.write) return err('EBADF');
    let failure: Errno | undefined;
    if (this.#mode.append || this.#offset === this.inode.length) {
      failure = this.inode.append(chunk);
      this.#offset = this.inode.length;
    } else failure = this.#overwrite(bytesOf(chunk));
    if (failure !== undefined) return err(failure);
    this.#onWrite();
    return DONE;
  }

  #overwrite(bytes: Uint8Array): Errno | undefined {
    const old = this.inode.bytes;
    const joined = new Uint8Array(Math.max(old.length, this.#offset + bytes.length));
    joined.set(old);
    joined.set(bytes, this.#offset);
    this.#offset += bytes.length;
    return this.inode.store(joined);
  }

  retain(): void {
    this.#references += 1;
  }

  close(): void {
    if (this.#references === 0) return;
    this.#references -= 1;
    if (this.#references > 0) return;
    this.inode.opens -= 1;
    this.inode.releaseIfUnused();
  }
}

/** /dev/null, and what a program without standard streams has. */
export function nullFile(): OpenFile {
  return {
    kind: 'null',
    name: '/dev/null',
    terminal: undefined,
    readable: AT_ONCE,
    *read() {
      return ok(undefined);
    },
    *readChunk() {
      return ok(undefined);
    },
    *write() {
      return DONE;
    },
    post: () => true,
    retain() {},
    close() {},
  };
}

/**
 * A descriptor's file in the hands of its own process, which has its one reference in the table of
 * descriptors: a process that is killed while it reads gives back no more than that.
 */
export function borrowedFile(file: OpenFile): OpenFile {
  return {
    kind: file.kind,
    name: file.name,
    get readable() {
      return file.readable;
    },
    get terminal() {
      return file.terminal;
    },
    read: (max) => file.read(max),
    readChunk: () => file.readChunk(),
    write: (chunk) => file.write(chunk),
    post: (chunk) => file.post(chunk),
    retain() {},
    close() {},
  };
}

/** /dev/zero and /dev/urandom: reads give `max` bytes (at most 64 KiB at a time), writes vanish. */
export function deviceFile(name: string, random: RandomStream | undefined): OpenFile {
  function* read(max = 4096): Task<Result<Uint8Array | undefined, Errno>> {
    const bytes = new Uint8Array(Math.min(max, 65_536));
    if (random !== undefined)
      for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.word();
    return ok(bytes);
  }
  return { ...nullFile(), kind: 'device', name, read, readChunk: () => read() };
}

/**
 * A description whose writes go to a function at once, without a task that reads: a unit's journal,
 * a container's log, a test. Reading it gives the end of file.
 */
export function sinkFile(
  name: string,
  sink: (chunk: Chunk) => void,
  onClose?: () => void,
): OpenFile {
  let references = 1;
  return {
    ...nullFile(),
    kind: 'pipe',
    name,
    *write(data) {
      sink(chunkOf(data));
      return DONE;
    },
    post(data) {
      sink(chunkOf(data));
      return true;
    },
    retain() {
      references += 1;
    },
    close() {
      references -= 1;
      if (references === 0) onClose?.();
    },
  };
}
