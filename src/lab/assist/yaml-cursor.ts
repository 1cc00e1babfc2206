/**
 * Where a cursor stands in a YAML text, by indentation alone, so that it works in broken documents
 * too: the path of keys above it, whether a key or a value is being typed, and the kind of the
 * document.
 */
export interface YamlCursor {
  /** Keys from the root of the document to the enclosing map; list items leave no step. */
  readonly path: readonly string[];
  /** The key before the cursor when a value is being typed. */
  readonly key: string | undefined;
  /** What has been typed of the word at the cursor, and where it begins. */
  readonly word: string;
  readonly wordStart: number;
  readonly apiVersion: string;
  readonly kind: string;
  /** Keys that the enclosing map has already. */
  readonly siblings: ReadonlySet<string>;
}

interface Line {
  /** Column of the key, dashes counted as indentation. */
  readonly indent: number;
  readonly key: string;
  readonly dash: boolean;
}

const KEY_LINE = /^(\s*)((?:- +)*)([\w./$-]+):(?:\s|$)/;

function lineOf(text: string): Line | undefined {
  const match = KEY_LINE.exec(text);
  if (match === null) return undefined;
  const dashes = match[2] as string;
  return {
    indent: (match[1] as string).length + dashes.length,
    key: match[3] as string,
    dash: dashes !== '',
  };
}

/** Text of the document that holds the offset, and where it begins. */
function documentAt(
  text: string,
  offset: number,
): { readonly lines: readonly string[]; readonly row: number } {
  const lines = text.slice(0, offset).split('\n');
  let start = 0;
  lines.forEach((line, index) => {
    if (line.startsWith('---')) start = index + 1;
  });
  const all = text.split('\n');
  let end = all.findIndex(
    (line, index) => index >= start && index >= lines.length && line.startsWith('---'),
  );
  if (end < 0) end = all.length;
  return { lines: all.slice(start, end), row: lines.length - 1 - start };
}

export function yamlCursor(text: string, offset: number): YamlCursor {
  const { lines, row } = documentAt(text, offset);
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const typed = text.slice(lineStart, offset);
  const value = /^\s*(?:- +)*([\w./$-]+):\s+(.*)$/.exec(typed);
  const word = value === null ? (/[\w./$-]*$/.exec(typed)?.[0] ?? '') : (value[2] as string);
  const indent = value === null ? typed.length - word.length : (lineOf(typed)?.indent ?? 0);
  const path: string[] = [];
  const siblings = new Set<string>();
  let level = indent;
  for (let index = row - 1; index >= 0; index -= 1) {
    const line = lineOf(lines[index] ?? '');
    if (line === undefined) continue;
    if (line.indent === indent && path.length === 0) {
      siblings.add(line.key);
      if (line.dash) level = Math.min(level, line.indent);
    }
    // A list item's own indentation may equal its parent key's: `containers:` and `- name:`.
    if (line.indent < level) {
      path.unshift(line.key);
      level = line.indent;
    }
    if (level === 0) break;
  }
  const top = (key: string): string => {
    const found = lines.find((line) => line.startsWith(`${key}:`));
    return found === undefined
      ? ''
      : found
          .slice(key.length + 1)
          .trim()
          .replace(/^["']|["']$/g, '');
  };
  return {
    path,
    key: value === null ? undefined : (value[1] as string),
    word,
    wordStart: offset - word.length,
    apiVersion: top('apiVersion'),
    kind: top('kind'),
    siblings,
  };
}
