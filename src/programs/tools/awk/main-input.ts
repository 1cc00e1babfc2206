/** awk's main input: the operands one after another, assignments among them, or standard input. */
import { borrowedFile } from '../../../machines/machine/files/open-file.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Machine } from './machine.ts';
import { RecordReader } from './records.ts';
import { inputValue, toNumber, toText } from './values.ts';

export class MainInput {
  readonly #machine: Machine;
  #operand = 0;
  #reader: RecordReader | undefined;
  #readAny = false;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** The next record; undefined at the end of all. */
  *next(): Task<string | undefined> {
    for (;;) {
      this.#reader ??= yield* this.#openNext();
      if (this.#reader === undefined) return undefined;
      const record = yield* this.#machine.readRecord(this.#reader);
      if (record !== undefined) return record;
      this.skipFile();
    }
  }

  skipFile(): void {
    this.#reader?.file.close();
    this.#reader = undefined;
  }

  *#openNext(): Task<RecordReader | undefined> {
    const machine = this.#machine;
    const stdin = borrowedFile(machine.process.stdin);
    const argv = machine.arrayNamed('ARGV');
    for (;;) {
      this.#operand += 1;
      if (this.#operand >= toNumber(machine.variable('ARGC'))) {
        if (this.#readAny) return undefined;
        this.#readAny = true;
        machine.setVariable('FILENAME', '-');
        return new RecordReader(stdin);
      }
      const operand = toText(argv.get(`${this.#operand}`));
      if (operand === '') continue;
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(operand);
      if (assignment !== null) {
        this.#assign(assignment[1] as string, assignment[2] as string);
        continue;
      }
      this.#readAny = true;
      const reader = operand === '-' ? new RecordReader(stdin) : yield* this.#open(operand);
      if (reader === 'none') return undefined;
      if (reader === 'skipped') continue;
      machine.setVariable('FILENAME', operand);
      machine.setVariable('FNR', 0);
      return reader;
    }
  }

  *#open(path: string): Task<RecordReader | 'none' | 'skipped'> {
    const machine = this.#machine;
    const { files } = machine.process;
    const file = files.open(path, 'r');
    const stat = files.stat(path);
    const isDirectory = stat.ok && stat.value.type === 'directory';
    if (file.ok && !isDirectory) return new RecordReader(file.value);
    yield* machine.out.flush();
    machine.code = 2;
    yield* machine.process.printError(
      file.ok
        ? `awk: warning: command line argument \`${path}' is a directory: skipped\n`
        : `awk: fatal: cannot open file \`${path}' for reading: No such file or directory\n`,
    );
    return file.ok ? 'skipped' : 'none';
  }

  #assign(name: string, text: string): void {
    const plain = text.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\\\/g, '\\');
    this.#machine.setVariable(name, inputValue(plain));
  }
}
