/** Records of a file by RS: a newline, one character, an expression, or empty lines. */
import { concatBytes, textOf } from '../../../ground/base/bytes.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Regexp } from '../../../ground/lang/regexp/posix.ts';
import type { OpenFile } from '../../../machines/machine/files-types.ts';

export interface RecordEnd {
  readonly text: string;
  /** What stood between this record and the next (RT). */
  readonly terminator: string;
}

export class RecordReader {
  readonly file: OpenFile;
  #text = '';
  #at = 0;
  #pending: Uint8Array | undefined;
  #over = false;

  constructor(file: OpenFile) {
    this.file = file;
  }

  /** Called before input is waited for, so that output is not held back. */
  *next(
    separator: string,
    regexp: Regexp | undefined,
    flush: () => Task<void>,
  ): Task<RecordEnd | undefined> {
    if (separator === '') this.#skipNewlines();
    for (;;) {
      const found = this.#find(separator, regexp);
      if (
        found !== undefined &&
        (found.end < this.#text.length || regexp === undefined || this.#over)
      ) {
        const text = this.#text.slice(this.#at, found.start);
        const terminator = this.#text.slice(found.start, found.end);
        this.#at = found.end;
        return { text, terminator };
      }
      if (this.#over) {
        if (this.#at >= this.#text.length) return undefined;
        let text = this.#text.slice(this.#at);
        if (separator === '' && text.endsWith('\n')) text = text.replace(/\n+$/, '');
        this.#at = this.#text.length;
        return { text, terminator: '' };
      }
      if (this.file.kind !== 'file') yield* flush();
      yield* this.#fill();
      if (separator === '') this.#skipNewlines();
    }
  }

  #skipNewlines(): void {
    while (this.#text[this.#at] === '\n') this.#at += 1;
  }

  #find(
    separator: string,
    regexp: Regexp | undefined,
  ): { readonly start: number; readonly end: number } | undefined {
    if (regexp !== undefined) {
      const match = regexp.match(this.#text, this.#at);
      return match === undefined || match.end === match.start ? undefined : match;
    }
    if (separator === '') {
      const start = this.#text.indexOf('\n\n', this.#at);
      if (start < 0) return undefined;
      let end = start + 2;
      while (this.#text[end] === '\n') end += 1;
      return end >= this.#text.length && !this.#over ? undefined : { start, end };
    }
    const start = this.#text.indexOf(separator, this.#at);
    return start < 0 ? undefined : { start, end: start + separator.length };
  }

  *#fill(): Task<void> {
    const chunk = yield* this.file.read();
    if (!chunk.ok || chunk.value === undefined) {
      this.#over = true;
      if (this.#pending !== undefined) this.#text += textOf(this.#pending);
      this.#pending = undefined;
      return;
    }
    let bytes =
      this.#pending === undefined ? chunk.value : concatBytes([this.#pending, chunk.value]);
    // A character cut in two waits for its rest.
    let cut = bytes.length;
    while (cut > 0 && bytes.length - cut < 3 && ((bytes[cut - 1] as number) & 0xc0) === 0x80)
      cut -= 1;
    const lead = cut > 0 ? (bytes[cut - 1] as number) : 0;
    const need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    this.#pending = undefined;
    if (need > 1 && bytes.length - (cut - 1) < need) {
      this.#pending = bytes.subarray(cut - 1);
      bytes = bytes.subarray(0, cut - 1);
    }
    this.#text = this.#text.slice(this.#at) + textOf(bytes);
    this.#at = 0;
  }
}
