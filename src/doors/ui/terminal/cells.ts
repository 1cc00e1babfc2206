/** How many terminal cells a text takes: 2 for wide characters, 0 for combining ones. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NONE = /^(?:[\u0300-\u036f]|[\u200b-\u200f]|[\ufe00-\ufe0f])$/u;

export function cellsOf(text: string): number {
  let cells = 0;
  for (const char of text) cells += NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return cells;
}
