/** awk's files and pipes: what print writes to, what getline reads from, main input. */
import { borrowedFile } from '../../../machines/machine/files/open-file.ts';
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { OpenFile } from '../../../machines/machine/files-types.ts';
import type { Child, Process } from '../../../machines/machine/process.ts';
import type { Output } from '../support.ts';
import { RecordReader } from './records.ts';

interface Sink {
  readonly file: OpenFile;
  readonly child: Child | undefined;
}

interface Source {
  readonly reader: RecordReader;
  readonly file: OpenFile;
  readonly child: Child | undefined;
}

export class Streams {
  readonly #process: Process;
  readonly #out: Output;
  readonly #sinks = new Map<string, Sink>();
  readonly #sources = new Map<string, Source>();

  constructor(process: Process, out: Output) {
    this.#process = process;
    this.#out = out;
  }

  /** Writes to a file or a command; the words of the error otherwise. */
  *write(operator: '>' | '>>' | '|', name: string, text: string): Task<string | undefined> {
    if (name === '/dev/stdout' || name === '-') {
      yield* this.#out.write(text);
      return undefined;
    }
    if (name === '/dev/stderr') {
      yield* this.#process.printError(text);
      return undefined;
    }
    let sink = this.#sinks.get(name);
    if (sink === undefined) {
      yield* this.#out.flush();
      const made = operator === '|' ? this.#command(name) : this.#file(name, operator);
      if (typeof made === 'string') return made;
      sink = made;
      this.#sinks.set(name, sink);
    }
    yield* sink.file.write(text);
    return undefined;
  }

  #file(name: string, operator: '>' | '>>'): Sink | string {
    const file = this.#process.files.open(name, operator === '>' ? 'w' : 'a');
    return file.ok
      ? { file: file.value, child: undefined }
      : `cannot redirect to \`${name}': ${strerror(file.error)}`;
  }

  #spawn(command: string, descriptors: ReadonlyMap<number, OpenFile>): Child | undefined {
    const child = this.#process.spawn({ argv: ['sh', '-c', command], descriptors });
    return child.ok ? child.value : undefined;
  }

  #command(name: string): Sink | string {
    const [read, write] = this.#process.pipe();
    const child = this.#spawn(name, new Map([...this.#process.descriptors, [0, read]]));
    read.close();
    if (child === undefined) {
      write.close();
      return `cannot open pipe \`${name}' for output`;
    }
    return { file: write, child };
  }

  /** The record reader of a file or command; undefined when it cannot be opened. */
  *source(form: 'file' | 'command', name: string): Task<RecordReader | undefined> {
    const known = this.#sources.get(name);
    if (known !== undefined) return known.reader;
    yield* this.#out.flush();
    if (form === 'file') {
      const file =
        name === '-' || name === '/dev/stdin'
          ? { ok: true as const, value: borrowedFile(this.#process.stdin) }
          : this.#process.files.open(name, 'r');
      if (!file.ok) return undefined;
      const reader = new RecordReader(file.value);
      this.#sources.set(name, { reader, file: file.value, child: undefined });
      return reader;
    }
    const [read, write] = this.#process.pipe();
    const child = this.#spawn(name, new Map([...this.#process.descriptors, [1, write]]));
    write.close();
    const reader = new RecordReader(read);
    this.#sources.set(name, { reader, file: read, child });
    return reader;
  }

  *system(command: string): Task<number> {
    yield* this.#out.flush();
    const child = this.#spawn(command, new Map(this.#process.descriptors));
    return child === undefined ? 127 : (yield* child.wait()).code;
  }

  /** Closes one stream; −1 when it is not open. */
  *close(name: string): Task<number> {
    const sink = this.#sinks.get(name);
    const source = this.#sources.get(name);
    if (sink === undefined && source === undefined) return -1;
    this.#sinks.delete(name);
    this.#sources.delete(name);
    sink?.file.close();
    source?.file.close();
    const child = sink?.child ?? source?.child;
    if (child === undefined) return 0;
    yield* this.#out.flush();
    return (yield* child.wait()).code;
  }

  *closeAll(): Task<void> {
    yield* this.#out.flush();
    for (const name of [...this.#sources.keys(), ...this.#sinks.keys()]) yield* this.close(name);
  }
}
