/** Cuts a stream of output into lines, as journald and the container runtime do. */
import { textOf } from '../../ground/base/bytes.ts';
import { bytesOf, type Chunk } from '../network/chunk.ts';
import { LogLine } from './log-line.ts';

/** LineMax of journald.conf(5). */
const LINE_MAX = 48 * 1024;

export class LineSink {
  readonly #line: (line: string | LogLine) => void;
  #rest = '';

  constructor(line: (line: string | LogLine) => void) {
    this.#line = line;
  }

  put(chunk: Chunk): void {
    if (chunk instanceof LogLine && this.#rest === '') {
      this.#line(chunk);
      return;
    }
    const lines = (this.#rest + textOf(bytesOf(chunk))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    while (this.#rest.length > LINE_MAX) {
      this.#line(this.#rest.slice(0, LINE_MAX));
      this.#rest = this.#rest.slice(LINE_MAX);
    }
  }

  /** The stream is closed: what is left is a line too. */
  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
  }
}
