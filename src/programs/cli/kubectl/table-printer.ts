/** The server's Tables as text (k8s.io/cli-runtime/pkg/printers/tableprinter.go, v0.34). */
import { entryOf } from '../../../ground/api/meta.ts';
import { sortedText } from '../../../ground/base/text.ts';
import type { Loose } from './api.ts';
import { type Mapping, typeName } from './mapper.ts';
import { cellText, TableWriter } from './table.ts';

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object?: Loose;
}

export interface Table {
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly format: string;
    readonly priority: number;
  }[];
  readonly rows: readonly TableRow[];
}

export interface TableOptions {
  readonly wide: boolean;
  readonly headers: boolean;
  readonly namespaces: boolean;
  readonly showKind: boolean;
  readonly showLabels: boolean;
  readonly labelColumns: readonly string[];
  /** A first column with the type of the watch event. */
  readonly events: boolean;
}

export function isTable(object: Loose): boolean {
  return object.kind === 'Table';
}

/** Prints table after table; those of one resource share header and widths. */
export class TablePrinter {
  readonly #options: TableOptions;
  readonly #writer = new TableWriter();
  #last: Mapping | undefined;
  #columns: readonly number[] = [];
  #written = false;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** The table's lines; '' when it has no rows. `event` is the type of a watch event. */
  format(mapping: Mapping, table: Table, event = ''): string {
    if (table.rows.length === 0) return '';
    const rows: (readonly string[])[] = [];
    let separator = '';
    if (this.#last !== mapping) {
      this.#writer.reset();
      const { columnDefinitions } = table;
      this.#columns = [...columnDefinitions.keys()].filter(
        (index) => this.#options.wide || columnDefinitions[index]?.priority === 0,
      );
      if (this.#options.headers) {
        if (this.#written) separator = '\n';
        rows.push(this.#header(mapping, table));
      }
      this.#last = mapping;
    }
    for (const row of table.rows) rows.push(this.#row(mapping, row, event));
    this.#written = true;
    return separator + this.#writer.format(rows);
  }

  #header(mapping: Mapping, table: Table): readonly string[] {
    const { events, labelColumns, namespaces, showLabels } = this.#options;
    const names = this.#columns.map((index) =>
      (table.columnDefinitions[index]?.name ?? '').toUpperCase(),
    );
    return [
      ...(events ? ['EVENT'] : []),
      ...(namespaces && mapping.namespaced ? ['NAMESPACE'] : []),
      ...names,
      ...labelColumns.map((label) => label.slice(label.lastIndexOf('/') + 1).toUpperCase()),
      ...(showLabels ? ['LABELS'] : []),
    ];
  }

  #row(mapping: Mapping, row: TableRow, event: string): readonly string[] {
    const { events, labelColumns, namespaces, showKind, showLabels } = this.#options;
    const cells: string[] = [];
    const metadata = row.object?.metadata;
    if (events) cells.push(event);
    if (namespaces && mapping.namespaced) cells.push(metadata?.namespace ?? '');
    for (const index of this.#columns) {
      const text = cellText(row.cells[index]);
      cells.push(showKind && index === 0 ? `${typeName(mapping)}/${text}` : text);
    }
    for (const label of labelColumns) cells.push(entryOf(metadata?.labels, label) ?? '');
    if (showLabels) cells.push(labelText(metadata?.labels));
    return cells;
  }
}

/** `app=web,tier=front`, or `<none>`. */
export function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  const keys = sortedText(Object.keys(labels ?? {}));
  if (keys.length === 0) return '<none>';
  return keys.map((key) => `${key}=${entryOf(labels, key)}`).join(',');
}
