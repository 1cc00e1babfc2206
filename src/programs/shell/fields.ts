/**
 * The fields that a word becomes: text gathered with the memory of what was quoted, so that splitting
 * by IFS and pathname expansion touch only what came unquoted.
 */
import { escapePattern, isPattern } from '../../ground/lang/glob.ts';

export interface Field {
  readonly text: string;
  /** The same with quoted characters escaped, for patterns. */
  readonly pattern: string;
  /** True when an unquoted `*`, `?` or `[` is in it. */
  readonly globs: boolean;
}

export class Fields {
  readonly done: Field[] = [];
  /** False: one field, nothing is split. */
  readonly splits: boolean;
  readonly #ifs: string;
  #text = '';
  #pattern = '';
  #globs = false;
  #present = false;

  constructor(splits: boolean, ifs: string) {
    this.splits = splits;
    this.#ifs = ifs;
  }

  /** Characters of the field so far. */
  get size(): number {
    return this.#text.length;
  }

  get ifs(): string {
    return this.#ifs;
  }

  /** Quoted text: kept as it is, and a field even when empty. */
  quoted(text: string): void {
    this.#present = true;
    this.#text += text;
    this.#pattern += escapePattern(text);
  }

  /** Unquoted text that is not split: pattern characters count. */
  plain(text: string): void {
    if (text === '') return;
    this.#present = true;
    this.#text += text;
    this.#pattern += text;
    this.#globs ||= isPattern(text);
  }

  /** The unquoted result of an expansion. */
  expanded(text: string): void {
    const value = text.includes('\\') ? text.replace(/\\/g, '\\\\') : text;
    if (!this.splits || this.#ifs === '') {
      this.#add(text, value);
      return;
    }
    let index = 0;
    let afterSpace = !this.#present;
    while (index < text.length) {
      const char = text[index] as string;
      if (!this.#ifs.includes(char)) {
        let end = index + 1;
        while (end < text.length && !this.#ifs.includes(text[end] as string)) end += 1;
        const piece = text.slice(index, end);
        this.#add(piece, piece.replace(/\\/g, '\\\\'));
        index = end;
        afterSpace = false;
        continue;
      }
      index += 1;
      if (char === ' ' || char === '\t' || char === '\n') {
        if (this.#present) {
          this.end();
          afterSpace = true;
        }
        continue;
      }
      // A delimiter that is no blank ends a field even when it is empty; blanks around it belong to it.
      if (this.#present) this.end();
      else if (!afterSpace || this.done.length === 0 || !this.#spaceBefore(text, index - 1))
        this.end(true);
      afterSpace = false;
    }
  }

  #spaceBefore(text: string, at: number): boolean {
    let index = at - 1;
    let spaces = 0;
    while (
      index >= 0 &&
      ' \t\n'.includes(text[index] as string) &&
      this.#ifs.includes(text[index] as string)
    ) {
      index -= 1;
      spaces += 1;
    }
    return spaces > 0 && index >= 0 && !this.#ifs.includes(text[index] as string);
  }

  #add(text: string, pattern: string): void {
    if (text === '') return;
    this.#present = true;
    this.#text += text;
    this.#pattern += pattern;
    this.#globs ||= isPattern(pattern);
  }

  /** Ends the field; an absent one is dropped unless forced. */
  end(force = false): void {
    if (this.#present || force) {
      this.done.push({ text: this.#text, pattern: this.#pattern, globs: this.#globs });
    }
    this.#text = '';
    this.#pattern = '';
    this.#globs = false;
    this.#present = false;
  }

  get present(): boolean {
    return this.#present;
  }

  /** The unsplit text so far. */
  get text(): string {
    return this.#text;
  }

  get pattern(): string {
    return this.#pattern;
  }
}
