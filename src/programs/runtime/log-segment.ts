/** One file of a container's log: lines as they were written, text when somebody reads it. */
import { utf8 } from '../../ground/base/bytes.ts';
import type { Condition } from '../../ground/base/task.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import { CRI_LOG, type CriLogLine, type CriLogValue, formatLogLine } from './wire/log.ts';

/** Time, stream, tag and spaces before the text of a line. */
const LINE_HEAD = 40;
/** What a file may reach between two looks of the kubelet that rotates it. */
const BYTES_MAX = 64 * 1024 * 1024;

export class LogSegment implements CriLogValue {
  readonly changed: Condition;
  readonly document: Document;
  lines: CriLogLine[] = [];
  bytes = 0;
  ended = false;
  next: LogSegment | undefined;
  /** Somebody has truncated, overwritten or removed the file. */
  replaced = false;
  #rendered = '';
  #renderedLines = 0;

  constructor(changed: Condition) {
    this.changed = changed;
    this.document = {
      kind: CRI_LOG,
      value: this,
      render: () => utf8(this.text()),
      replaced: () => {
        this.replaced = true;
      },
    };
  }

  /** Takes a line whose text has about this many bytes. */
  add(line: CriLogLine, size: number): void {
    if (this.bytes > BYTES_MAX) this.#forgetHalf();
    this.lines.push(line);
    this.bytes += size + LINE_HEAD;
  }

  text(): string {
    for (; this.#renderedLines < this.lines.length; this.#renderedLines += 1)
      this.#rendered += formatLogLine(this.lines[this.#renderedLines] as CriLogLine);
    return this.#rendered;
  }

  /** Nobody has rotated the file in time: the tab must not fill. */
  #forgetHalf(): void {
    this.lines = this.lines.slice(Math.floor(this.lines.length / 2));
    this.bytes /= 2;
    this.#rendered = '';
    this.#renderedLines = 0;
  }
}
