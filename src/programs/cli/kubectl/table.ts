/**
 * Columns as text/tabwriter aligns them with kubectl's settings (k8s.io/cli-runtime/pkg/printers
 * GetNewTabWriter, v0.34): at least 6 wide, 3 blanks between, the last column not padded. Widths are
 * remembered from block to block, so a watch keeps the columns of its first print.
 */

export class TableWriter {
  readonly #minimum: number;
  readonly #padding: number;
  #widths: number[] = [];

  constructor(minimum = 6, padding = 3) {
    this.#minimum = minimum;
    this.#padding = padding;
  }

  /** The rows as lines; each row's last cell is printed as it is. */
  format(rows: readonly (readonly string[])[]): string {
    for (const row of rows) {
      for (let column = 0; column < row.length - 1; column += 1) {
        const width = Math.max(this.#minimum, widthOf(row[column] as string) + this.#padding);
        if (width > (this.#widths[column] ?? 0)) this.#widths[column] = width;
      }
    }
    const parts: string[] = [];
    for (const row of rows) {
      const last = row.length - 1;
      for (let column = 0; column < last; column += 1) {
        const cell = row[column] as string;
        parts.push(cell, ' '.repeat((this.#widths[column] as number) - widthOf(cell)));
      }
      parts.push(row[last] ?? '', '\n');
    }
    return parts.join('');
  }

  /** A new table begins. */
  reset(): void {
    this.#widths = [];
  }
}

/** Runes, as tabwriter counts. */
function widthOf(text: string): number {
  let width = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0xdc00 || unit > 0xdfff) width += 1;
  }
  return width;
}

/** A cell up to its first line break. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '<none>';
  const text = String(value);
  const end = text.search(/[\f\n\r]/);
  return end < 0 ? text : `${text.slice(0, end)}...`;
}
