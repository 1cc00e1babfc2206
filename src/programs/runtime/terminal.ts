/**
 * The terminal of an interactive exec: a pseudo-terminal whose slave the command has, and whose
 * master is the stream to the client. Line editing happens at the client; here lines and keys pass
 * through, Ctrl-C and its kin become signals by what the terminal's mode says.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { ok, type Result } from '../../ground/base/result.ts';
import { Condition, type Task } from '../../ground/base/task.ts';
import type { OpenFile, Terminal } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { bytesOf, type Chunk } from '../../machines/network/chunk.ts';
import type { Errno } from '../../machines/network/errno.ts';

/** Keys that a terminal in line mode turns into signals. */
const INTERRUPT = 3;
const END_OF_FILE = 4;
const QUIT = 28;

export interface TerminalPair {
  readonly slave: OpenFile;
  /** What the client typed. */
  input(bytes: Uint8Array): void;
  resize(width: number, height: number): void;
  /** The client is gone. */
  hangUp(): void;
}

/** Makes a pair; `output` gets what the command prints. */
export function openTerminal(process: Process, output: (chunk: Chunk) => void): TerminalPair {
  return new PseudoTerminal(process, output);
}

class PseudoTerminal implements TerminalPair, OpenFile, Terminal {
  readonly kind = 'terminal';
  readonly name = '/dev/pts/0';
  readonly readable = new Condition('terminal input');
  readonly resized = new Condition('a new terminal size');
  columns = 80;
  rows = 24;
  mode: 'line' | 'raw' = 'line';
  readonly #process: Process;
  readonly #output: (chunk: Chunk) => void;
  #input: Uint8Array[] = [];
  #ended = false;
  #foreground = 0;

  constructor(process: Process, output: (chunk: Chunk) => void) {
    this.#process = process;
    this.#output = output;
  }

  get slave(): OpenFile {
    return this;
  }

  get terminal(): Terminal {
    return this;
  }

  input(bytes: Uint8Array): void {
    if (this.mode === 'line') {
      const key = bytes[0];
      if (bytes.length === 1 && (key === INTERRUPT || key === QUIT)) {
        this.#output(utf8(key === INTERRUPT ? '^C' : '^\\'));
        if (this.#foreground > 0)
          this.#process.kernel.signal(-this.#foreground, key === INTERRUPT ? 'SIGINT' : 'SIGQUIT');
        return;
      }
      if (bytes.length === 1 && key === END_OF_FILE) {
        this.#input.push(utf8(''));
        this.readable.notify();
        return;
      }
    }
    this.#input.push(bytes);
    this.readable.notify();
  }

  resize(width: number, height: number): void {
    this.columns = width;
    this.rows = height;
    this.resized.notify();
  }

  hangUp(): void {
    this.#ended = true;
    this.readable.notify();
  }

  setMode(mode: 'line' | 'raw'): void {
    this.mode = mode;
  }

  setForeground(group: number): void {
    this.#foreground = group;
  }

  prompt(text: string): void {
    this.#output(utf8(text));
  }

  *edit(): Task<string | undefined> {
    return undefined;
  }

  *read(max?: number): Task<Result<Uint8Array | undefined, Errno>> {
    while (this.#input.length === 0 && !this.#ended) yield* this.readable.wait();
    const first = this.#input.shift();
    if (first === undefined || first.length === 0) return ok(undefined);
    if (max !== undefined && first.length > max) {
      this.#input.unshift(first.subarray(max));
      return ok(first.subarray(0, max));
    }
    return ok(first);
  }

  *readChunk(): Task<Result<Chunk | undefined, Errno>> {
    return yield* this.read();
  }

  *write(chunk: Chunk | string): Task<Result<void, Errno>> {
    this.post(chunk);
    return ok(undefined);
  }

  post(chunk: Chunk | string): boolean {
    this.#output(typeof chunk === 'string' ? utf8(chunk) : bytesOf(chunk));
    return true;
  }

  retain(): void {}

  close(): void {}
}
