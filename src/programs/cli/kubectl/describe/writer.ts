/**
 * The layout of `describe`: text/tabwriter with no minimum width and two blanks between cells
 * (k8s.io/kubectl/pkg/describe/describe.go tabbedString, v0.34). A column is a run of lines that have
 * a cell there, so a line without tabs begins new columns.
 */
import { entryOf } from '../../../../ground/api/meta.ts';
import { sortedText } from '../../../../ground/base/text.ts';
import {
  formatRfc1123,
  humanDuration,
  parseRfc3339,
  type WallTime,
} from '../../../../ground/base/time.ts';
import { LAST_APPLIED } from '../last-applied.ts';

type Texts = Readonly<Record<string, string>> | undefined;

const PADDING = 2;
/** Longer annotations go on lines of their own, and are cut. */
const ANNOTATION_MAX = 140;

/** Collects the text; cells end with tabs, levels indent by two blanks. */
export class DescribeWriter {
  readonly now: WallTime;
  #done = '';
  #open = '';

  constructor(now: WallTime) {
    this.now = now;
  }

  write(level: number, text: string): void {
    this.#open += '  '.repeat(level) + text;
  }

  /** One line of a label and its value. */
  field(level: number, label: string, value: string | number | boolean): void {
    this.write(level, `${label}:\t${value}\n`);
  }

  /** Ends all columns. */
  flush(): void {
    this.#done += alignTabs(this.#open);
    this.#open = '';
  }

  text(): string {
    this.flush();
    return this.#done;
  }

  /** The text with its tabs, as upstream prints what it describes without a tabwriter. */
  rawText(): string {
    return this.#open;
  }

  /** `Labels:` with one pair a line. */
  labels(title: string, labels: Texts, indent = ''): void {
    const pairs = sortedText(Object.keys(labels ?? {})).map(
      (key) => `${key}=${entryOf(labels, key)}`,
    );
    this.lines(`${indent}${title}`, pairs);
  }

  /** A label whose value has several lines, `<none>` when there are none. */
  lines(title: string, values: readonly string[]): void {
    this.write(0, `${title}:\t${values.length === 0 ? '<none>' : values.join('\n\t')}\n`);
  }

  /** Amounts of resources by name below their title; nothing when there are none. */
  amounts(level: number, title: string, amounts: Texts): void {
    const names = sortedText(Object.keys(amounts ?? {}));
    if (names.length === 0) return;
    this.write(level, `${title}:\n`);
    for (const name of names) this.field(level + 1, name, entryOf(amounts, name) ?? '');
  }

  annotations(annotations: Texts, indent = ''): void {
    const keys = sortedText(Object.keys(annotations ?? {})).filter((key) => key !== LAST_APPLIED);
    const values = keys.map((key) => {
      const value = (entryOf(annotations, key) ?? '').replace(/\n$/, '');
      if (value.length + key.length + 2 <= ANNOTATION_MAX && !value.includes('\n'))
        return `${key}: ${value}`;
      const lines = value.split('\n').map((line) => `\n\t  ${shortened(line)}`);
      return `${key}:${lines.join('')}`;
    });
    this.lines(`${indent}Annotations`, values);
  }

  /** `Mon, 02 Mar 2026 09:00:00 +0000` */
  date(timestamp: string | undefined): string {
    const wall = timestamp === undefined ? undefined : parseRfc3339(timestamp);
    return wall === undefined ? 'Mon, 01 Jan 0001 00:00:00 +0000' : formatRfc1123(wall);
  }

  age(timestamp: string | undefined): string {
    const wall = timestamp === undefined ? undefined : parseRfc3339(timestamp);
    return wall === undefined ? '<unknown>' : humanDuration(this.now - wall);
  }
}

function shortened(text: string): string {
  return text.length > ANNOTATION_MAX - 2 ? `${text.slice(0, ANNOTATION_MAX - 2)}...` : text;
}

/** Pads every tab-terminated cell to the width of its column. */
export function alignTabs(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const out: string[] = lines.map(() => '');
  const align = (from: number, to: number, column: number): void => {
    for (let line = from; line < to; line += 1) {
      const cells = lines[line] as readonly string[];
      if (column >= cells.length - 1) {
        out[line] += cells[column] ?? '';
        continue;
      }
      let end = line;
      let width = 0;
      while (end < to && column < (lines[end] as readonly string[]).length - 1) {
        width = Math.max(
          width,
          [...((lines[end] as readonly string[])[column] as string)].length + PADDING,
        );
        end += 1;
      }
      for (let at = line; at < end; at += 1) {
        const cell = (lines[at] as readonly string[])[column] as string;
        out[at] += cell + ' '.repeat(width - [...cell].length);
      }
      align(line, end, column + 1);
      line = end - 1;
    }
  };
  align(0, lines.length, 0);
  return out.join('\n');
}

export function orNone(text: string): string {
  return text === '' ? '<none>' : text;
}

/** `True` or `False`. */
export function boolText(value: boolean | undefined): string {
  return value === true ? 'True' : 'False';
}
