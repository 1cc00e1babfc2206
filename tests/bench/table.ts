/** The table that the bench prints: id, what, figure, goal, met. */
import type { BenchRow } from './row.ts';

/** Three digits that matter. */
function ratioText(ratio: number): string {
  if (ratio === 0 || ratio >= 100) return ratio.toFixed(0);
  return ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2);
}

export function printRows(rows: readonly BenchRow[]): void {
  const cells = rows.map((row) => [
    row.id,
    row.what,
    ratioText(row.ratio),
    row.goal,
    row.goal === '' ? '' : row.met ? 'yes' : 'no',
  ]);
  const all = [['ID', 'WHAT', 'FIGURE', 'GOAL', 'MET'], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...all.map((line) => (line[column] as string).length)),
  );
  for (const line of all) {
    const text = line.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ');
    process.stdout.write(`${text.trimEnd()}\n`);
  }
}
