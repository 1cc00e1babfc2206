/**
 * The line editor: what bash's readline does to one line, as a pure function from state and key to
 * state and effects. It lives outside simulated time: the page and the tests feed it keys, draw what
 * it shows, and send a finished line as one input. It knows nothing of the shell's language.
 */

/** What the editor holds. Positions count characters (code points), not UTF-16 units. */
export interface LineState {
  readonly text: readonly string[];
  readonly cursor: number;
  /** Earlier lines, oldest first. */
  readonly history: readonly string[];
  /** Index into history while walking through it; its length: the line being written. */
  readonly place: number;
  /** The line being written, kept while walking through history. */
  readonly draft: string;
  /** What Ctrl-K, Ctrl-U and Ctrl-W cut, for Ctrl-Y. */
  readonly killed: string;
  /** Set while Ctrl-R searches. */
  readonly search: SearchState | undefined;
  /** True after a Tab that changed nothing: the next lists the candidates. */
  readonly tabbed: boolean;
  /** True while cuts in a row gather. */
  readonly killing: boolean;
}

export interface SearchState {
  readonly query: string;
  /** Index of the match, or the length of history. */
  readonly match: number;
  readonly failed: boolean;
  /** What stood on the line when the search began. */
  readonly before: string;
}

export type LineEffect =
  /** The line is done. */
  | { readonly type: 'submit'; readonly line: string }
  /** Ctrl-C, Ctrl-Z, Ctrl-\: a control key for the terminal. */
  | { readonly type: 'signal'; readonly key: string }
  /** Ctrl-D on an empty line. */
  | { readonly type: 'end' }
  /** Tab: ask for candidates and call `complete` with them. */
  | { readonly type: 'complete'; readonly line: string; readonly cursor: number; readonly list: boolean }
  /** Candidates to show under the line. */
  | { readonly type: 'list'; readonly candidates: readonly string[] }
  | { readonly type: 'clear' }
  | { readonly type: 'bell' };

export interface LineStep {
  readonly state: LineState;
  readonly effects: readonly LineEffect[];
}

const HISTORY_MAX = 1000;
const LINE_MAX = 100_000;

export function newLine(history: readonly string[] = []): LineState {
  return { text: [], cursor: 0, history, place: history.length, draft: '', killed: '', search: undefined, tabbed: false, killing: false };
}

export function lineText(state: LineState): string {
  return state.text.join('');
}

/** A key: a character, or a name such as `Enter`, `ArrowLeft`, `Ctrl-A`, `Alt-B`. Text may be pasted. */
export function pressKey(state: LineState, key: string): LineStep {
  if (state.search !== undefined) return searchKey(state, state.search, key);
  const quiet: LineState = { ...state, tabbed: false, killing: false };
  const step = editKey(quiet, state, key) ?? moveKey(quiet, key) ?? historyKey(quiet, key) ?? finishKey(quiet, state, key);
  if (step !== undefined) return step;
  return isText(key) ? only(insert(quiet, key)) : only(quiet, { type: 'bell' });
}

/** Characters to insert: no key name, no control. */
function isText(key: string): boolean {
  if ([...key].length === 1) return key >= ' ' && key !== '\x7f';
  return !/^(Ctrl|Alt|Shift|Meta)-|^(Enter|Tab|Escape|Backspace|Delete|Home|End|Insert|Page(Up|Down)|Arrow(Left|Right|Up|Down)|F\d+)$/.test(key);
}

function only(state: LineState, ...effects: readonly LineEffect[]): LineStep {
  return { state, effects };
}

function insert(state: LineState, text: string): LineState {
  const added = [...text].filter((char) => char >= ' ' || char === '\t');
  if (state.text.length + added.length > LINE_MAX) return state;
  return { ...state, text: [...state.text.slice(0, state.cursor), ...added, ...state.text.slice(state.cursor)], cursor: state.cursor + added.length };
}

function remove(state: LineState, from: number, to: number): LineState {
  return { ...state, text: [...state.text.slice(0, from), ...state.text.slice(to)], cursor: from };
}

/** Cuts a span; cuts in a row gather in the order in which they stood. */
function cut(state: LineState, before: LineState, from: number, to: number): LineState {
  const piece = state.text.slice(from, to).join('');
  if (piece === '') return { ...state, killing: before.killing };
  const backward = to === state.cursor;
  const killed = before.killing ? (backward ? piece + before.killed : before.killed + piece) : piece;
  return { ...remove(state, from, to), killed, killing: true };
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}_]/u.test(char);
}

function wordLeft(state: LineState): number {
  let at = state.cursor;
  while (at > 0 && !isWord(state.text[at - 1])) at -= 1;
  while (at > 0 && isWord(state.text[at - 1])) at -= 1;
  return at;
}

function wordRight(state: LineState): number {
  let at = state.cursor;
  while (at < state.text.length && !isWord(state.text[at])) at += 1;
  while (at < state.text.length && isWord(state.text[at])) at += 1;
  return at;
}

/** The beginning of the blank-separated word before the cursor (Ctrl-W). */
function blankLeft(state: LineState): number {
  let at = state.cursor;
  while (at > 0 && state.text[at - 1] === ' ') at -= 1;
  while (at > 0 && state.text[at - 1] !== ' ') at -= 1;
  return at;
}

function editKey(state: LineState, before: LineState, key: string): LineStep | undefined {
  const { cursor, text } = state;
  switch (key) {
    case 'Backspace':
    case 'Ctrl-H':
      return cursor === 0 ? only(state, { type: 'bell' }) : only(remove(state, cursor - 1, cursor));
    case 'Delete':
      return cursor === text.length ? only(state, { type: 'bell' }) : only(remove(state, cursor, cursor + 1));
    case 'Ctrl-K':
      return only(cut(state, before, cursor, text.length));
    case 'Ctrl-U':
      return only(cut(state, before, 0, cursor));
    case 'Ctrl-W':
      return only(cut(state, before, blankLeft(state), cursor));
    case 'Alt-Backspace':
      return only(cut(state, before, wordLeft(state), cursor));
    case 'Alt-D':
      return only({ ...cut(state, before, cursor, wordRight(state)), cursor });
    case 'Ctrl-Y':
      return only(insert(state, state.killed));
    case 'Ctrl-T': {
      const at = cursor === text.length ? cursor - 1 : cursor;
      if (at < 1) return only(state, { type: 'bell' });
      const swapped = [...text];
      swapped[at - 1] = text[at] as string;
      swapped[at] = text[at - 1] as string;
      return only({ ...state, text: swapped, cursor: at + 1 });
    }
    default:
      return undefined;
  }
}

function moveKey(state: LineState, key: string): LineStep | undefined {
  const to = (cursor: number): LineStep => only({ ...state, cursor });
  switch (key) {
    case 'ArrowLeft':
    case 'Ctrl-B':
      return to(Math.max(0, state.cursor - 1));
    case 'ArrowRight':
    case 'Ctrl-F':
      return to(Math.min(state.text.length, state.cursor + 1));
    case 'Home':
    case 'Ctrl-A':
      return to(0);
    case 'End':
    case 'Ctrl-E':
      return to(state.text.length);
    case 'Alt-B':
    case 'Ctrl-ArrowLeft':
    case 'Alt-ArrowLeft':
      return to(wordLeft(state));
    case 'Alt-F':
    case 'Ctrl-ArrowRight':
    case 'Alt-ArrowRight':
      return to(wordRight(state));
    default:
      return undefined;
  }
}

function showPlace(state: LineState, place: number): LineState {
  const draft = state.place === state.history.length ? lineText(state) : state.draft;
  const text = [...(place === state.history.length ? draft : (state.history[place] ?? ''))];
  return { ...state, place, draft, text, cursor: text.length };
}

function historyKey(state: LineState, key: string): LineStep | undefined {
  switch (key) {
    case 'ArrowUp':
    case 'Ctrl-P':
      return state.place === 0 ? only(state, { type: 'bell' }) : only(showPlace(state, state.place - 1));
    case 'ArrowDown':
    case 'Ctrl-N':
      return state.place === state.history.length ? only(state, { type: 'bell' }) : only(showPlace(state, state.place + 1));
    case 'Alt-<':
      return only(showPlace(state, 0));
    case 'Alt->':
      return only(showPlace(state, state.history.length));
    case 'Ctrl-R':
      return only({ ...state, search: { query: '', match: state.history.length, failed: false, before: lineText(state) } });
    default:
      return undefined;
  }
}

function finishKey(state: LineState, before: LineState, key: string): LineStep | undefined {
  switch (key) {
    case 'Enter':
    case 'Ctrl-J':
    case 'Ctrl-M':
      return submit(state);
    case 'Tab':
    case 'Ctrl-I':
      return only({ ...state, tabbed: true }, { type: 'complete', line: lineText(state), cursor: state.text.slice(0, state.cursor).join('').length, list: before.tabbed });
    case 'Ctrl-C':
      return only({ ...newLine(state.history), killed: state.killed }, { type: 'signal', key: '\x03' });
    case 'Ctrl-Z':
      return only(state, { type: 'signal', key: '\x1a' });
    case 'Ctrl-\\':
      return only(state, { type: 'signal', key: '\x1c' });
    case 'Ctrl-D':
      if (state.text.length === 0) return only(state, { type: 'end' });
      return state.cursor === state.text.length ? only(state, { type: 'bell' }) : only(remove(state, state.cursor, state.cursor + 1));
    case 'Ctrl-L':
      return only(state, { type: 'clear' });
    case 'Escape':
      return only(state);
    default:
      return undefined;
  }
}

function submit(state: LineState): LineStep {
  const line = lineText(state);
  const remembers = line.trim() !== '' && !line.startsWith(' ') && state.history.at(-1) !== line;
  const history = remembers ? [...state.history, line].slice(-HISTORY_MAX) : state.history;
  return only({ ...newLine(history), killed: state.killed }, { type: 'submit', line });
}

/** The newest entry before `from` that holds the query. */
function findBack(state: LineState, query: string, from: number): number {
  for (let index = from - 1; index >= 0; index -= 1) if ((state.history[index] as string).includes(query)) return index;
  return -1;
}

function searchFor(state: LineState, search: SearchState, query: string, from: number): LineStep {
  const found = query === '' ? -1 : findBack(state, query, from);
  if (found < 0) {
    const failed = query !== '';
    return only({ ...state, search: { ...search, query, failed } }, ...(failed ? [{ type: 'bell' } as const] : []));
  }
  const text = [...(state.history[found] as string)];
  const at = [...(state.history[found] as string).slice(0, (state.history[found] as string).lastIndexOf(query))].length;
  return only({ ...state, text, cursor: at, place: found, search: { ...search, query, match: found, failed: false } });
}

function searchKey(state: LineState, search: SearchState, key: string): LineStep {
  const done: LineState = { ...state, search: undefined };
  switch (key) {
    case 'Ctrl-R':
      return searchFor(state, search, search.query, search.match);
    case 'Backspace':
      return searchFor(state, search, [...search.query].slice(0, -1).join(''), state.history.length);
    case 'Ctrl-G':
    case 'Ctrl-C': {
      const text = [...search.before];
      const back: LineState = { ...done, text, cursor: text.length, place: state.history.length };
      return key === 'Ctrl-G' ? only(back, { type: 'bell' }) : pressKey(back, 'Ctrl-C');
    }
    case 'Escape':
      return only(done);
    default:
      if (isText(key)) return searchFor(state, search, search.query + key, search.failed ? search.match : Math.min(state.history.length, search.match + 1));
      return pressKey(done, key);
  }
}

/** Takes the answer to a `complete` effect; offsets are in UTF-16 units of the line that was asked about. */
export function complete(
  state: LineState,
  answer: { readonly start: number; readonly end: number; readonly candidates: readonly string[]; readonly common: string },
  list: boolean,
): LineStep {
  if (answer.candidates.length === 0) return only(state, { type: 'bell' });
  const line = lineText(state);
  const put = answer.candidates.length === 1 ? (answer.candidates[0] as string) : answer.common;
  const old = line.slice(answer.start, answer.end);
  if (put.length > old.length || (answer.candidates.length === 1 && put !== old)) {
    const text = [...(line.slice(0, answer.start) + put + line.slice(answer.end))];
    return only({ ...state, text, cursor: [...(line.slice(0, answer.start) + put)].length, tabbed: false });
  }
  if (answer.candidates.length === 1) return only(state);
  return list ? only(state, { type: 'list', candidates: answer.candidates }) : only(state, { type: 'bell' });
}

/** What stands on the screen: text behind the prompt, or the search line in its place. */
export function shownLine(state: LineState, prompt: string): { readonly prompt: string; readonly text: string; readonly before: string } {
  const text = lineText(state);
  const before = state.text.slice(0, state.cursor).join('');
  if (state.search === undefined) return { prompt, text, before };
  return { prompt: `(${state.search.failed ? 'failed ' : ''}reverse-i-search)\`${state.search.query}': `, text, before };
}

/** Rows and columns that a text takes on a screen, wide letters counted twice; escapes take none. */
export function layout(text: string, columns: number): { readonly row: number; readonly column: number } {
  let row = 0;
  let column = 0;
  const plain = text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '');
  for (const char of plain) {
    if (char === '\n') {
      row += 1;
      column = 0;
      continue;
    }
    const width = columnsOf(char);
    if (column + width > columns) {
      row += 1;
      column = 0;
    }
    column += width;
  }
  if (column === columns) return { row: row + 1, column: 0 };
  return { row, column };
}

/** Columns of one character: 2 for wide East Asian letters and emoji, 0 for combining marks. */
export function columnsOf(char: string): number {
  const point = char.codePointAt(0) ?? 0;
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return 0;
  if ((point >= 0x300 && point < 0x370) || point === 0x200d || (point >= 0xfe00 && point <= 0xfe0f)) return 0;
  const wide =
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd);
  return wide ? 2 : 1;
}
