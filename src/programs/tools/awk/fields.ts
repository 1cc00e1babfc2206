/** awk's record and its fields: split when first asked for, joined again when one was set. */
import type { Regexp } from '../../../ground/lang/regexp/posix.ts';
import type { Machine } from './machine.ts';
import { inputValue, type Value } from './values.ts';

const FIELDS_MAX = 100_000;

export class Fields {
  readonly #machine: Machine;
  #record = '';
  #fields: Value[] | undefined;
  #stale = false;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  setRecord(text: string): void {
    this.#record = text;
    this.#fields = undefined;
    this.#stale = false;
  }

  recordText(): string {
    if (this.#stale) {
      this.#record = (this.#fields ?? [])
        .map((field) => this.#machine.text(field))
        .join(this.#machine.textVariable('OFS'));
      this.#stale = false;
    }
    return this.#record;
  }

  split(): Value[] {
    if (this.#fields !== undefined) return this.#fields;
    const machine = this.#machine;
    const fields = splitText(machine, this.#record, machine.textVariable('FS')).map(inputValue);
    this.#fields = fields;
    machine.noteFieldCount(fields.length);
    return fields;
  }

  get(index: number): Value {
    return index === 0 ? inputValue(this.recordText()) : this.split()[index - 1];
  }

  set(index: number, value: Value): void {
    const machine = this.#machine;
    if (index < 0) machine.fail(`attempt to access field ${index}`);
    else if (index === 0) this.setRecord(machine.text(value));
    else if (index > FIELDS_MAX)
      machine.fail(
        `attempt to access field ${index}: more than ${FIELDS_MAX} fields are not kept here`,
      );
    else {
      const fields = this.split();
      this.setCount(Math.max(index, fields.length));
      fields[index - 1] = value;
    }
  }

  /** As `NF = count` does. */
  setCount(count: number): void {
    const fields = this.split();
    if (count < 0 || count > FIELDS_MAX) {
      this.#machine.fail(`NF set to negative value`);
      return;
    }
    while (fields.length < count) fields.push('');
    fields.length = count;
    this.#machine.noteFieldCount(count);
    this.#stale = true;
  }
}

/** Splits as FS does: blanks, one character, or an expression. */
export function splitText(
  machine: Machine,
  text: string,
  separator: string,
  regexp?: Regexp,
): string[] {
  if (separator === ' ' && regexp === undefined) {
    const trimmed = text.replace(/^[ \t\n]+|[ \t\n]+$/g, '');
    return trimmed === '' ? [] : trimmed.split(/[ \t\n]+/);
  }
  if (text === '') return [];
  if (separator === '' && regexp === undefined) return [...text];
  const newline = machine.textVariable('RS') === '';
  const plain = separator.length === 1 && separator !== '\\';
  if (regexp === undefined && plain && !newline) return text.split(separator);
  const used =
    regexp ?? machine.regexp(newline ? `(${plain ? `[${separator}]` : separator})|\n` : separator);
  return used === undefined ? [text] : splitBy(used, text);
}

function splitBy(regexp: Regexp, text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at <= text.length) {
    const match = regexp.match(text, at);
    if (match === undefined) break;
    if (match.end === match.start) {
      at = match.end + 1;
      continue;
    }
    parts.push(text.slice(from, match.start));
    from = match.end;
    at = match.end;
  }
  parts.push(text.slice(from));
  return parts;
}
