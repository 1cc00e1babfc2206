/**
 * The line editor: what bash's readline does to one line, as a pure function from state and key to
 * state and effects. It lives outside simulated time: the page and the tests feed it keys, draw what
 * it shows, and send a finished line as one input. It knows nothing of the shell's language.
 */

/** What the editor holds. `cursor` counts UTF-16 units and never stands inside a character. */
export interface LineState {
  readonly text: string;
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
  /** True after a Tab: the next one lists the candidates. */
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
  /** The line is done; a pasted one may hold several. */
  | { readonly do: 'submit'; readonly text: string }
  /** A control key for the terminal: Ctrl-C, Ctrl-Z, Ctrl-\\, Ctrl-D on an empty line. */
  | { readonly do: 'keys'; readonly text: string }
  /** Tab: ask for candidates, put them in with `insertText`; the second Tab in a row lists them. */
  | { readonly do: 'complete'; readonly list: boolean }
  | { readonly do: 'clear-screen' }
  | { readonly do: 'bell' };

export interface LineStep {
  readonly state: LineState;
  readonly effects: readonly LineEffect[];
}

const HISTORY_MAX = 1000;
const LINE_MAX = 100_000;

export function startLine(history: readonly string[] = []): LineState {
  return {
    text: '',
    cursor: 0,
    history,
    place: history.length,
    draft: '',
    killed: '',
    search: undefined,
    tabbed: false,
    killing: false,
  };
}

/** Puts a text in place of what stands between `from` and the cursor. */
export function insertText(state: LineState, text: string, from: number = state.cursor): LineState {
  const start = Math.max(0, Math.min(from, state.cursor));
  return {
    ...state,
    text: state.text.slice(0, start) + text + state.text.slice(state.cursor),
    cursor: start + text.length,
    tabbed: false,
  };
}

/** Keys as a terminal sends them: letters, control characters, escape sequences, bracketed pastes. */
export function editLine(state: LineState, data: string): LineStep {
  let current = state;
  const effects: LineEffect[] = [];
  for (const key of keysOf(data)) {
    const step = pressKey(current, key);
    current = step.state;
    effects.push(...step.effects);
  }
  return { state: current, effects };
}

const SEQUENCES: ReadonlyMap<string, string> = new Map([
  ['[A', 'ArrowUp'],
  ['[B', 'ArrowDown'],
  ['[C', 'ArrowRight'],
  ['[D', 'ArrowLeft'],
  ['OA', 'ArrowUp'],
  ['OB', 'ArrowDown'],
  ['OC', 'ArrowRight'],
  ['OD', 'ArrowLeft'],
  ['[H', 'Home'],
  ['[F', 'End'],
  ['OH', 'Home'],
  ['OF', 'End'],
  ['[1~', 'Home'],
  ['[4~', 'End'],
  ['[7~', 'Home'],
  ['[8~', 'End'],
  ['[3~', 'Delete'],
  ['[1;5C', 'Ctrl-ArrowRight'],
  ['[1;5D', 'Ctrl-ArrowLeft'],
  ['[1;3C', 'Alt-ArrowRight'],
  ['[1;3D', 'Alt-ArrowLeft'],
]);

/** The keys that a piece of terminal input stands for. */
function keysOf(data: string): string[] {
  const keys: string[] = [];
  let at = 0;
  while (at < data.length) {
    const rest = data.slice(at);
    const paste = /^\x1b\[200~([\s\S]*?)(?:\x1b\[201~|$)/.exec(rest);
    const sequence = /^\x1b(\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(rest);
    const plain = /^[^\x00-\x1f\x7f]+/.exec(rest);
    if (paste !== null) {
      keys.push(`Paste:${(paste[1] as string).replace(/\r\n?/g, '\n')}`);
      at += paste[0].length;
    } else if (sequence !== null) {
      keys.push(SEQUENCES.get(sequence[1] as string) ?? 'Unknown');
      at += sequence[0].length;
    } else if (plain !== null) {
      keys.push(plain[0].length === 1 ? plain[0] : `Paste:${plain[0]}`);
      at += plain[0].length;
    } else {
      const alt = rest[0] === '\x1b' && rest.length > 1;
      const char = alt ? (rest[1] as string) : (rest[0] as string);
      keys.push(controlKey(char, alt));
      at += alt ? 2 : 1;
    }
  }
  return keys;
}

function controlKey(char: string, alt: boolean): string {
  if (alt) return char === '\x7f' ? 'Alt-Backspace' : `Alt-${char.toUpperCase()}`;
  if (char === '\x7f') return 'Backspace';
  if (char === '\r' || char === '\n') return 'Enter';
  if (char === '\t') return 'Tab';
  if (char === '\x1b') return 'Escape';
  return `Ctrl-${String.fromCharCode(char.charCodeAt(0) + 64)}`;
}

/** Where the character before a place begins. */
function stepLeft(text: string, at: number): number {
  if (at <= 0) return 0;
  const low = text.charCodeAt(at - 1);
  const pair = low >= 0xdc00 && low < 0xe000 && at > 1;
  return at - (pair ? 2 : 1);
}

function stepRight(text: string, at: number): number {
  if (at >= text.length) return text.length;
  return at + String.fromCodePoint(text.codePointAt(at) as number).length;
}

/** A key: a character, or a name such as `Enter`, `ArrowLeft`, `Ctrl-A`, `Alt-B`; `Paste:` before a text. */
export function pressKey(state: LineState, key: string): LineStep {
  if (state.search !== undefined) return searchKey(state, state.search, key);
  if (key.startsWith('Paste:'))
    return only(insert({ ...state, tabbed: false, killing: false }, key.slice(6)));
  const quiet: LineState = { ...state, tabbed: false, killing: false };
  const step =
    editKey(quiet, state, key) ??
    moveKey(quiet, key) ??
    historyKey(quiet, key) ??
    finishKey(quiet, state, key);
  if (step !== undefined) return step;
  return isText(key) ? only(insert(quiet, key)) : only(quiet, { do: 'bell' });
}

/** A character to insert: no key name, no control. */
function isText(key: string): boolean {
  return [...key].length === 1 && key >= ' ' && key !== '\x7f';
}

function only(state: LineState, ...effects: readonly LineEffect[]): LineStep {
  return { state, effects };
}

function insert(state: LineState, text: string): LineState {
  const added = text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '');
  if (state.text.length + added.length > LINE_MAX) return state;
  return insertText(state, added);
}

function remove(state: LineState, from: number, to: number): LineState {
  return { ...state, text: state.text.slice(0, from) + state.text.slice(to), cursor: from };
}

/** Cuts a span; cuts in a row gather in the order in which they stood. */
function cut(state: LineState, before: LineState, from: number, to: number): LineState {
  const piece = state.text.slice(from, to);
  if (piece === '') return { ...state, killing: before.killing };
  const backward = to === state.cursor;
  const killed = before.killing
    ? backward
      ? piece + before.killed
      : before.killed + piece
    : piece;
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
      return cursor === 0
        ? only(state, { do: 'bell' })
        : only(remove(state, stepLeft(text, cursor), cursor));
    case 'Delete':
      return cursor === text.length
        ? only(state, { do: 'bell' })
        : only(remove(state, cursor, stepRight(text, cursor)));
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
      const middle = cursor === text.length ? stepLeft(text, cursor) : cursor;
      const left = stepLeft(text, middle);
      const right = stepRight(text, middle);
      if (middle === 0) return only(state, { do: 'bell' });
      return only({
        ...state,
        text:
          text.slice(0, left) +
          text.slice(middle, right) +
          text.slice(left, middle) +
          text.slice(right),
        cursor: right,
      });
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
      return to(stepLeft(state.text, state.cursor));
    case 'ArrowRight':
    case 'Ctrl-F':
      return to(stepRight(state.text, state.cursor));
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
  const draft = state.place === state.history.length ? state.text : state.draft;
  const text = place === state.history.length ? draft : (state.history[place] ?? '');
  return { ...state, place, draft, text, cursor: text.length };
}

function historyKey(state: LineState, key: string): LineStep | undefined {
  switch (key) {
    case 'ArrowUp':
    case 'Ctrl-P':
      return state.place === 0
        ? only(state, { do: 'bell' })
        : only(showPlace(state, state.place - 1));
    case 'ArrowDown':
    case 'Ctrl-N':
      return state.place === state.history.length
        ? only(state, { do: 'bell' })
        : only(showPlace(state, state.place + 1));
    case 'Alt-<':
      return only(showPlace(state, 0));
    case 'Alt->':
      return only(showPlace(state, state.history.length));
    case 'Ctrl-R':
      return only({
        ...state,
        search: { query: '', match: state.history.length, failed: false, before: state.text },
      });
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
      return only({ ...state, tabbed: true }, { do: 'complete', list: before.tabbed });
    case 'Ctrl-C':
      return only(
        { ...startLine(state.history), killed: state.killed },
        { do: 'keys', text: '\x03' },
      );
    case 'Ctrl-Z':
      return only(state, { do: 'keys', text: '\x1a' });
    case 'Ctrl-\\':
      return only(state, { do: 'keys', text: '\x1c' });
    case 'Ctrl-D':
      if (state.text.length === 0) return only(state, { do: 'keys', text: '\x04' });
      return state.cursor === state.text.length
        ? only(state, { do: 'bell' })
        : only(remove(state, state.cursor, stepRight(state.text, state.cursor)));
    case 'Ctrl-L':
      return only(state, { do: 'clear-screen' });
    case 'Escape':
      return only(state);
    default:
      return undefined;
  }
}

function submit(state: LineState): LineStep {
  const line = state.text;
  const remembers = line.trim() !== '' && !line.startsWith(' ') && state.history.at(-1) !== line;
  const history = remembers ? [...state.history, line].slice(-HISTORY_MAX) : state.history;
  return only({ ...startLine(history), killed: state.killed }, { do: 'submit', text: line });
}

/** The newest entry before `from` that holds the query. */
function findBack(state: LineState, query: string, from: number): number {
  for (let index = from - 1; index >= 0; index -= 1)
    if ((state.history[index] as string).includes(query)) return index;
  return -1;
}

function searchFor(state: LineState, search: SearchState, query: string, from: number): LineStep {
  const found = query === '' ? -1 : findBack(state, query, from);
  if (found < 0) {
    const failed = query !== '';
    return only(
      { ...state, search: { ...search, query, failed } },
      ...(failed ? [{ do: 'bell' } as const] : []),
    );
  }
  const text = state.history[found] as string;
  return only({
    ...state,
    text,
    cursor: text.lastIndexOf(query),
    place: found,
    search: { ...search, query, match: found, failed: false },
  });
}

function searchKey(state: LineState, search: SearchState, key: string): LineStep {
  const done: LineState = { ...state, search: undefined };
  switch (key) {
    case 'Ctrl-R':
      return searchFor(state, search, search.query, search.match);
    case 'Backspace':
      return searchFor(
        state,
        search,
        [...search.query].slice(0, -1).join(''),
        state.history.length,
      );
    case 'Ctrl-G':
    case 'Ctrl-C': {
      const text = search.before;
      const back: LineState = { ...done, text, cursor: text.length, place: state.history.length };
      return key === 'Ctrl-G' ? only(back, { do: 'bell' }) : pressKey(back, 'Ctrl-C');
    }
    case 'Escape':
      return only(done);
    default:
      if (isText(key) || key.startsWith('Paste:'))
        return searchFor(
          state,
          search,
          search.query + key.replace(/^Paste:/, ''),
          search.failed ? search.match : Math.min(state.history.length, search.match + 1),
        );
      return pressKey(done, key);
  }
}

/** Rows and columns that a text takes on a screen, wide letters counted twice; escapes take none. */
export function layout(
  text: string,
  columns: number,
): { readonly row: number; readonly column: number } {
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
function columnsOf(char: string): number {
  const point = char.codePointAt(0) ?? 0;
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return 0;
  if ((point >= 0x300 && point < 0x370) || point === 0x200d || (point >= 0xfe00 && point <= 0xfe0f))
    return 0;
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
