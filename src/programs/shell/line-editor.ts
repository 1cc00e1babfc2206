/**
 * Editing one line at a terminal, as readline does in its emacs mode: a pure function from a state and
 * the keys that a terminal sends to the next state and what the terminal's owner must do. It stands
 * outside simulated time, so a line can be typed while the lab is paused.
 *
 * Not modelled: vi mode, key bindings from inputrc, numeric arguments, undo.
 */

export interface LineState {
  readonly text: string;
  /** Index in UTF-16 units. */
  readonly cursor: number;
  readonly history: readonly string[];
  /** Which history line is shown; `history.length` is the line being typed. */
  readonly at: number;
  /** The typed line, kept while history is shown. */
  readonly draft: string;
  /** What the last kill took, for Ctrl-Y. */
  readonly killed: string;
  readonly search: LineSearch | undefined;
}

export interface LineSearch {
  readonly query: string;
  /** History index of the match; -1 when nothing matches. */
  readonly at: number;
}

export type LineEffect =
  | { readonly do: 'submit'; readonly text: string }
  /** Keys that the terminal takes itself: Ctrl-C, Ctrl-D on an empty line, Ctrl-Z, Ctrl-\. */
  | { readonly do: 'keys'; readonly text: string }
  | { readonly do: 'clear-screen' }
  | { readonly do: 'complete' }
  | { readonly do: 'bell' };

export interface LineStep {
  readonly state: LineState;
  readonly effects: readonly LineEffect[];
}

const HISTORY_MAX = 1000;
/** One key: a bracketed paste, an escape sequence, or a character. */
const KEY =
  /\x1b\[200~([\s\S]*?)(?:\x1b\[201~|$)|\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z]|[\s\S])|[\s\S]/gu;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['\x1b[D', '\x02'],
  ['\x1bOD', '\x02'],
  ['\x1b[C', '\x06'],
  ['\x1bOC', '\x06'],
  ['\x1b[A', '\x10'],
  ['\x1bOA', '\x10'],
  ['\x1b[B', '\x0e'],
  ['\x1bOB', '\x0e'],
  ['\x1b[H', '\x01'],
  ['\x1bOH', '\x01'],
  ['\x1b[1~', '\x01'],
  ['\x1b[F', '\x05'],
  ['\x1bOF', '\x05'],
  ['\x1b[4~', '\x05'],
  ['\x1b[1;5D', '\x1bb'],
  ['\x1b[1;3D', '\x1bb'],
  ['\x1b[1;5C', '\x1bf'],
  ['\x1b[1;3C', '\x1bf'],
  ['\x08', '\x7f'],
  ['\x1b\x08', '\x1b\x7f'],
  ['\x0a', '\x0d'],
]);

/** An empty line over a history, oldest first. */
export function startLine(history: readonly string[] = []): LineState {
  return {
    text: '',
    cursor: 0,
    history,
    at: history.length,
    draft: '',
    killed: '',
    search: undefined,
  };
}

/** The state with text put in place of what stands from `from` to the cursor. */
export function insertText(state: LineState, text: string, from = state.cursor): LineState {
  return {
    ...state,
    text: state.text.slice(0, from) + text + state.text.slice(state.cursor),
    cursor: from + text.length,
  };
}

/** Takes what a terminal sent: any number of keys. Line ends inside a bracketed paste stay text. */
export function editLine(state: LineState, input: string): LineStep {
  const effects: LineEffect[] = [];
  for (const match of input.matchAll(KEY)) {
    const pasted = match[1];
    if (pasted !== undefined) {
      state = insertText(endSearch(state), pasted.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
      continue;
    }
    const key = NAMES.get(match[0]) ?? match[0];
    state =
      state.search === undefined
        ? pressKey(state, key, effects)
        : pressInSearch(state, key, effects);
  }
  return { state, effects };
}

function pressKey(state: LineState, key: string, effects: LineEffect[]): LineState {
  const { text, cursor } = state;
  switch (key) {
    case '\r':
      effects.push({ do: 'submit', text });
      return startLine(remember(state.history, text));
    case '\x03':
    case '\x1c':
      effects.push({ do: 'keys', text: key });
      return { ...startLine(state.history), killed: state.killed };
    case '\x1a':
      effects.push({ do: 'keys', text: key });
      return state;
    case '\x04':
      if (text === '') effects.push({ do: 'keys', text: key });
      else return cut(state, cursor, nextIndex(text, cursor), false);
      return state;
    case '\x0c':
      effects.push({ do: 'clear-screen' });
      return state;
    case '\t':
      effects.push({ do: 'complete' });
      return state;
    case '\x12':
      return {
        ...state,
        draft: state.at === state.history.length ? text : state.draft,
        search: { query: '', at: state.history.length },
      };
    case '\x10':
      return showHistory(state, state.at - 1, effects);
    case '\x0e':
      return showHistory(state, state.at + 1, effects);
    default:
      return moveOrChange(state, key, effects);
  }
}

function moveOrChange(state: LineState, key: string, effects: LineEffect[]): LineState {
  const { text, cursor } = state;
  switch (key) {
    case '\x01':
      return { ...state, cursor: 0 };
    case '\x05':
      return { ...state, cursor: text.length };
    case '\x02':
      return { ...state, cursor: previousIndex(text, cursor) };
    case '\x06':
      return { ...state, cursor: nextIndex(text, cursor) };
    case '\x1bb':
      return { ...state, cursor: wordStart(text, cursor) };
    case '\x1bf':
      return { ...state, cursor: wordEnd(text, cursor) };
    case '\x7f':
      if (cursor === 0) effects.push({ do: 'bell' });
      return cut(state, previousIndex(text, cursor), cursor, false);
    case '\x1b[3~':
      return cut(state, cursor, nextIndex(text, cursor), false);
    case '\x0b':
      return cut(state, cursor, text.length, true);
    case '\x15':
      return cut(state, 0, cursor, true);
    case '\x17':
      return cut(state, spaceStart(text, cursor), cursor, true);
    case '\x1bd':
      return cut(state, cursor, wordEnd(text, cursor), true);
    case '\x1b\x7f':
      return cut(state, wordStart(text, cursor), cursor, true);
    case '\x19':
      return insertText(state, state.killed);
    case '\x14':
      return swapCharacters(state);
    case '\x1b.':
      return insertText(state, state.history.at(-1)?.trim().split(/\s+/).at(-1) ?? '');
    default:
      // Control keys and sequences without a meaning here change nothing.
      return /^[\x00-\x1f]/.test(key) ? state : insertText(state, key);
  }
}

function pressInSearch(state: LineState, key: string, effects: LineEffect[]): LineState {
  const search = state.search ?? { query: '', at: state.history.length };
  if (key === '\x12') return find(state, search.query, search.at - 1, effects);
  if (key === '\x7f')
    return find(state, search.query.slice(0, -1), state.history.length - 1, effects);
  if (key === '\x07' || key === '\x03') {
    return { ...state, text: state.draft, cursor: state.draft.length, search: undefined };
  }
  if (!/^[\x00-\x1f]/.test(key)) {
    return find(state, search.query + key, Math.min(search.at, state.history.length - 1), effects);
  }
  return pressKey(endSearch(state), key === '\x1b' ? '\x05' : key, effects);
}

function find(state: LineState, query: string, from: number, effects: LineEffect[]): LineState {
  for (let at = from; at >= 0; at -= 1) {
    const line = state.history[at] ?? '';
    const index = line.lastIndexOf(query);
    if (index >= 0) return { ...state, text: line, cursor: index, at, search: { query, at } };
  }
  effects.push({ do: 'bell' });
  return { ...state, search: { query, at: state.search?.at ?? -1 } };
}

function endSearch(state: LineState): LineState {
  return state.search === undefined ? state : { ...state, search: undefined };
}

function showHistory(state: LineState, at: number, effects: LineEffect[]): LineState {
  if (at < 0 || at > state.history.length) {
    effects.push({ do: 'bell' });
    return state;
  }
  const draft = state.at === state.history.length ? state.text : state.draft;
  const text = at === state.history.length ? draft : (state.history[at] ?? '');
  return { ...state, draft, text, cursor: text.length, at };
}

function remember(history: readonly string[], text: string): readonly string[] {
  if (text.trim() === '' || history.at(-1) === text) return history;
  return [...history.slice(1 - HISTORY_MAX), text];
}

function cut(state: LineState, from: number, to: number, keep: boolean): LineState {
  if (from === to) return state;
  const { text } = state;
  return {
    ...state,
    text: text.slice(0, from) + text.slice(to),
    cursor: from,
    killed: keep ? text.slice(from, to) : state.killed,
  };
}

function swapCharacters(state: LineState): LineState {
  const { text } = state;
  const end = nextIndex(text, state.cursor);
  const middle = previousIndex(text, end);
  const start = previousIndex(text, middle);
  if (start === middle) return state;
  const swapped = text.slice(middle, end) + text.slice(start, middle);
  return { ...state, text: text.slice(0, start) + swapped + text.slice(end), cursor: end };
}

function previousIndex(text: string, index: number): number {
  const back = index >= 2 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(index - 2, index));
  return Math.max(0, index - (back ? 2 : 1));
}

function nextIndex(text: string, index: number): number {
  const pair = /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(index, index + 2));
  return Math.min(text.length, index + (pair ? 2 : 1));
}

const isWord = (char: string | undefined): boolean =>
  char !== undefined && /[\p{L}\p{N}]/u.test(char);

function wordStart(text: string, index: number): number {
  while (index > 0 && !isWord(text[index - 1])) index -= 1;
  while (index > 0 && isWord(text[index - 1])) index -= 1;
  return index;
}

function wordEnd(text: string, index: number): number {
  while (index < text.length && !isWord(text[index])) index += 1;
  while (index < text.length && isWord(text[index])) index += 1;
  return index;
}

function spaceStart(text: string, index: number): number {
  while (index > 0 && text[index - 1] === ' ') index -= 1;
  while (index > 0 && text[index - 1] !== ' ') index -= 1;
  return index;
}
