/** Where a body goes: standard output or a file, made when the first byte comes. */
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { OpenFile } from '../../../machines/machine/files-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import type { CurlFault } from './options.ts';

export class BodySink {
  readonly #process: Process;
  /** Undefined: standard output. */
  readonly path: string | undefined;
  readonly #makeFolders: boolean;
  readonly #anyway: boolean;
  #file: OpenFile | undefined;
  #looked = false;

  constructor(
    process: Process,
    path: string | undefined,
    options: { readonly makeFolders: boolean; readonly binary: boolean },
  ) {
    this.#process = process;
    this.path = path;
    this.#makeFolders = options.makeFolders;
    this.#anyway = options.binary;
  }

  /** True when what comes can be seen: no progress meter then. */
  get isTerminal(): boolean {
    return this.path === undefined && this.#process.stdout.terminal !== undefined;
  }

  *write(bytes: Uint8Array): Task<CurlFault | undefined> {
    if (this.path === undefined) return yield* this.#show(bytes);
    if (this.#file === undefined) {
      if (this.#makeFolders) {
        const folder = this.path.slice(0, this.path.lastIndexOf('/'));
        if (folder !== '') this.#process.files.mkdir(folder, { parents: true });
      }
      const opened = this.#process.files.open(this.path, 'w');
      if (!opened.ok) {
        yield* this.#process.printError(
          `Warning: Failed to open the file ${this.path}: ${strerror(opened.error)}\n`,
        );
        return writeFault(bytes.length);
      }
      this.#file = opened.value;
    }
    const written = yield* this.#file.write(bytes);
    return written.ok ? undefined : writeFault(bytes.length);
  }

  *#show(bytes: Uint8Array): Task<CurlFault | undefined> {
    if (!this.#looked && !this.#anyway && this.isTerminal && bytes.subarray(0, 2000).includes(0)) {
      yield* this.#process.printError(
        'Warning: Binary output can mess up your terminal. Use "--output -" to tell curl to output it to your terminal anyway, or consider "--output <FILE>" to save to a file.\n',
      );
      return writeFault(bytes.length);
    }
    this.#looked = true;
    const written = yield* this.#process.stdout.write(bytes);
    return written.ok ? undefined : writeFault(bytes.length);
  }

  /** An empty answer makes an empty file. */
  *finish(): Task<void> {
    if (this.path !== undefined && this.#file === undefined) yield* this.write(new Uint8Array(0));
    this.#file?.close();
    this.#file = undefined;
  }
}

function writeFault(bytes: number): CurlFault {
  return { code: 23, message: `(23) client returned ERROR on write, ${bytes} passed, 0 returned` };
}
