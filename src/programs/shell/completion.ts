/**
 * Tab completion as a pure function, outside simulated time: what could stand at the cursor. Commands
 * and files are asked of a read-only view; a command's own words (kubectl's) come from hooks.
 */
import { compareText } from '../../ground/base/text.ts';

/** What completion may look at. Given by lab. */
export interface CompletionView {
  readonly cwd: string;
  readonly home: string;
  /** Names in a folder, with `/` after folders; empty when it cannot be read. */
  list(path: string): readonly string[];
  /** Commands of PATH, builtins, functions and aliases. */
  commands(): readonly string[];
  variables(): readonly string[];
  /** Words for a command's arguments: the last is the one being typed. Undefined: no opinion, files. */
  readonly hooks: ReadonlyMap<
    string,
    (words: readonly string[], view: CompletionView) => readonly string[] | undefined
  >;
}

export interface Completion {
  /** The span of the line that a candidate replaces. */
  readonly start: number;
  readonly end: number;
  /** Full replacements, in byte order, without the blank that ends a finished word. */
  readonly candidates: readonly string[];
  /** What all candidates begin with. */
  readonly common: string;
}

/** Most candidates that are given at once. */
const CANDIDATES_MAX = 500;

export function completeLine(view: CompletionView, line: string, cursor: number): Completion {
  const before = line.slice(0, cursor);
  const words = commandWords(before);
  const word = words.at(-1) ?? { text: '', start: cursor, quote: '' };
  const found = candidatesFor(
    view,
    words.map((each) => each.text),
    word.text,
  );
  const candidates = [...new Set(found)]
    .sort(compareText)
    .slice(0, CANDIDATES_MAX)
    .map((text) => quoted(text, word.quote));
  return { start: word.start, end: cursor, candidates, common: commonPrefix(candidates) };
}

interface TypedWord {
  text: string;
  start: number;
  quote: string;
}

/** The words of the command that the cursor stands in. */
function commandWords(line: string): TypedWord[] {
  let words: TypedWord[] = [];
  let word: TypedWord | undefined;
  let quote = '';
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (word !== undefined) word.text += char;
      continue;
    }
    if (/[\s|&;()<>]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (/[|&;(]/.test(char)) words = [];
      if (char === '<' || char === '>') words.push({ text: char, start: index, quote: '' });
      continue;
    }
    word ??= { text: '', start: index, quote: '' };
    if (char === '"' || char === "'") {
      quote = char;
      if (word.text === '') word.quote = char;
    } else if (char === '\\') {
      index += 1;
      word.text += line[index] ?? '';
    } else word.text += char;
  }
  words.push(word ?? { text: '', start: line.length, quote: '' });
  return words;
}

function candidatesFor(
  view: CompletionView,
  words: readonly string[],
  text: string,
): readonly string[] {
  if (text.startsWith('$') && !text.includes('/')) {
    return view
      .variables()
      .filter((name) => name.startsWith(text.slice(1)))
      .map((name) => `$${name}`);
  }
  const arguments_ = words.filter((word, index) => index > 0 || !/^\w+=/.test(word));
  const previous = words.at(-2);
  if (previous === '>' || previous === '<') return files(view, text);
  if (arguments_.length <= 1) {
    if (text.includes('/')) return files(view, text);
    return view.commands().filter((name) => name.startsWith(text));
  }
  const hook = view.hooks.get((arguments_[0] as string).split('/').at(-1) as string);
  const own = hook?.(arguments_, view);
  if (own !== undefined) {
    return own.filter((each) => each.startsWith(text));
  }
  const found = files(view, text);
  return arguments_[0] === 'cd' ? found.filter((path) => path.endsWith('/')) : found;
}

function files(view: CompletionView, text: string): readonly string[] {
  const slash = text.lastIndexOf('/');
  const folder = text.slice(0, slash + 1);
  const head = text.slice(slash + 1);
  const path =
    folder === '' ? view.cwd : folder.startsWith('~/') ? view.home + folder.slice(1) : folder;
  return view
    .list(path)
    .filter((name) => name.startsWith(head) && (head.startsWith('.') || !name.startsWith('.')))
    .map((name) => folder + name);
}

/** The word as it must be written: in the quotes that it began with, or with backslashes. */
function quoted(text: string, quote: string): string {
  if (quote !== '') return `${quote}${text}${text.endsWith('/') ? '' : quote}`;
  return text.replace(/[\s'"\\|&;()<>*?[\]`!]/g, '\\$&');
}

function commonPrefix(texts: readonly string[]): string {
  let common = texts[0] ?? '';
  for (const text of texts) {
    let length = 0;
    while (length < common.length && common[length] === text[length]) length += 1;
    common = common.slice(0, length);
  }
  return common;
}
