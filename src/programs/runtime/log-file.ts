/**
 * The writer of a container's log file, and the descriptor that the container's process writes to.
 * A write becomes lines at once, in the event in which it happens: no pipe, no reader, no event of its
 * own. Attached clients get the same chunks. Lines are cut at 16 KiB as CRI does.
 */
import { concatBytes, textOf, utf8 } from '../../ground/base/bytes.ts';
import { ok, type Result } from '../../ground/base/result.ts';
import { Condition, type Task } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import { bytesOf, type Chunk, isBytes, type Message } from '../../machines/network/chunk.ts';
import type { Errno } from '../../machines/network/errno.ts';
import type { Files, OpenFile } from '../../machines/machine/files-types.ts';
import type { Clock } from '../../machines/machine/process.ts';
import { LogSegment } from './log-segment.ts';
import { type CriLogLine, formatLogLine } from './wire/log.ts';

/** The longest line (containerd's max_container_log_line_size). */
const LINE_BYTES_MAX = 16 * 1024;

export type LogStream = 'stdout' | 'stderr';

/** A component's line of klog, or an access log's: text only when somebody reads it. */
class LateEntry implements CriLogLine {
  readonly time: WallTime;
  readonly stream: LogStream;
  readonly full = true;
  readonly #message: Message;
  #text: string | undefined;

  constructor(time: WallTime, stream: LogStream, message: Message) {
    this.time = time;
    this.stream = stream;
    this.#message = message;
  }

  get text(): string {
    this.#text ??= textOf(this.#message.render()).replace(/\n$/, '');
    return this.#text;
  }
}

/** The log of a container: the file that it writes now; the kubelet renames it when it has grown. */
export class LogFile {
  readonly changed = new Condition('container output');
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #path: string;
  #segment: LogSegment;
  #partial: { readonly stdout: string; readonly stderr: string } = { stdout: '', stderr: '' };
  #ended = false;
  readonly #listeners = new Set<(stream: LogStream, chunk: Chunk) => void>();

  constructor(files: Files, clock: Clock, path: string) {
    this.#files = files;
    this.#clock = clock;
    this.#path = path;
    this.#segment = this.#create();
  }

  /** The file was renamed: what comes now goes into a new one. */
  reopen(): void {
    const old = this.#segment;
    this.#segment = this.#create();
    old.next = this.#segment;
    old.ended = true;
    this.changed.notify();
  }

  /** Calls for each chunk from now on (attach). */
  listen(listener: (stream: LogStream, chunk: Chunk) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  write(stream: LogStream, chunk: Chunk | string): void {
    if (
      typeof chunk !== 'string' &&
      !isBytes(chunk) &&
      (chunk.protocol === 'klog' || chunk.protocol === 'line') &&
      this.#partial[stream] === ''
    ) {
      const { lines } = this.#segment;
      this.#segment.add(new LateEntry(this.#clock.wall(), stream, chunk), chunk.wireSize);
      this.#written(lines.length - 1);
      for (const listener of this.#listeners) listener(stream, chunk);
      return;
    }
    const text = typeof chunk === 'string' ? chunk : textOf(bytesOf(chunk));
    const parts = text.split('\n');
    const last = parts.length - 1;
    const time = this.#clock.wall();
    const before = this.#segment.lines.length;
    parts.forEach((part, index) => {
      let line = index === 0 ? this.#partial[stream] + part : part;
      while (line.length > LINE_BYTES_MAX) {
        this.#add({ time, stream, text: line.slice(0, LINE_BYTES_MAX), full: false });
        line = line.slice(LINE_BYTES_MAX);
      }
      if (index === last) this.#partial = { ...this.#partial, [stream]: line };
      else this.#add({ time, stream, text: line, full: true });
    });
    if (this.#segment.lines.length !== before) this.#written(before);
    if (this.#listeners.size > 0) {
      const bytes = typeof chunk === 'string' ? utf8(chunk) : chunk;
      for (const listener of this.#listeners) listener(stream, bytes);
    }
  }

  /** No more will come: what stands without a line end becomes the last line. */
  end(): void {
    if (this.#ended) return;
    const before = this.#segment.lines.length;
    const time = this.#clock.wall();
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = this.#partial[stream];
      if (text !== '') this.#add({ time, stream, text, full: false });
    }
    this.#ended = true;
    this.#segment.ended = true;
    this.#written(before);
  }

  #add(line: CriLogLine): void {
    this.#segment.add(line, line.text.length);
  }

  #create(): LogSegment {
    const segment = new LogSegment(this.changed);
    this.#files.mkdir(this.#path.slice(0, this.#path.lastIndexOf('/')), { parents: true });
    this.#files.write(this.#path, segment.document, 0o640);
    return segment;
  }

  /** Once somebody has truncated or replaced the file, text is appended to what stands there. */
  #written(before: number): void {
    const { replaced, lines } = this.#segment;
    if (replaced && this.#files.exists(this.#path)) {
      const text = lines.slice(before).map(formatLogLine).join('');
      this.#files.append(this.#path, text);
    }
    this.changed.notify();
  }
}

/** The descriptor behind a container's standard output or error. */
export class LogDescriptor implements OpenFile {
  readonly kind = 'pipe';
  readonly name: string;
  readonly terminal = undefined;
  readonly readable = new Condition('a pipe that is only written');
  readonly #log: LogFile;
  readonly #stream: LogStream;

  constructor(log: LogFile, stream: LogStream) {
    this.#log = log;
    this.#stream = stream;
    this.name = `pipe:[${stream}]`;
  }

  *read(): Task<Result<Uint8Array | undefined, Errno>> {
    return ok(undefined);
  }

  *readChunk(): Task<Result<Chunk | undefined, Errno>> {
    return ok(undefined);
  }

  *write(chunk: Chunk | string): Task<Result<void, Errno>> {
    this.#log.write(this.#stream, chunk);
    return ok(undefined);
  }

  post(chunk: Chunk | string): boolean {
    this.#log.write(this.#stream, chunk);
    return true;
  }

  retain(): void {}

  close(): void {}
}

/** Collects what a command writes, for ExecSync; at most 16 MiB as containerd. */
export class CollectDescriptor implements OpenFile {
  readonly kind = 'pipe';
  readonly name = 'pipe:[exec]';
  readonly terminal = undefined;
  readonly readable = new Condition('a pipe that is only written');
  readonly #parts: Uint8Array[] = [];
  readonly #sink: ((bytes: Uint8Array) => void) | undefined;

  constructor(sink?: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  bytes(): Uint8Array {
    return concatBytes(this.#parts);
  }

  *read(): Task<Result<Uint8Array | undefined, Errno>> {
    return ok(undefined);
  }

  *readChunk(): Task<Result<Chunk | undefined, Errno>> {
    return ok(undefined);
  }

  *write(chunk: Chunk | string): Task<Result<void, Errno>> {
    this.post(chunk);
    return ok(undefined);
  }

  post(chunk: Chunk | string): boolean {
    const bytes = typeof chunk === 'string' ? utf8(chunk) : bytesOf(chunk);
    if (this.#sink === undefined) this.#parts.push(bytes);
    else this.#sink(bytes);
    return true;
  }

  retain(): void {}

  close(): void {}
}
