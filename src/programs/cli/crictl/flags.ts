/** crictl's flags: global ones first, then a command with its own, in any order with its operands. (urfave/cli) */
import { err, ok, type Result } from '../../../ground/base/result.ts';

export interface CrictlLine {
  readonly command: string;
  readonly operands: readonly string[];
  has(name: string): boolean;
  get(name: string): string | undefined;
  all(name: string): readonly string[];
}

/** Flag → its long name; with `=` behind it when it takes a value. */
const GLOBAL: Readonly<Record<string, string>> = {
  r: 'runtime-endpoint=',
  'runtime-endpoint': 'runtime-endpoint=',
  i: 'image-endpoint=',
  'image-endpoint': 'image-endpoint=',
  t: 'timeout=',
  timeout: 'timeout=',
  c: 'config=',
  config: 'config=',
  D: 'debug',
  debug: 'debug',
  v: 'version',
  version: 'version',
  h: 'help',
  help: 'help',
};

const COMMON: Readonly<Record<string, string>> = {
  a: 'all',
  all: 'all',
  q: 'quiet',
  quiet: 'quiet',
  o: 'output=',
  output: 'output=',
  'no-trunc': 'no-trunc',
  name: 'name=',
  s: 'state=',
  state: 'state=',
  p: 'pod=',
  pod: 'pod=',
  namespace: 'namespace=',
  label: 'label=',
  id: 'id=',
  image: 'image=',
  n: 'last=',
  last: 'last=',
  l: 'latest',
  latest: 'latest',
  v: 'verbose',
  verbose: 'verbose',
  digests: 'digests',
  f: 'force',
  force: 'force',
  t: 'timeout=',
  timeout: 'timeout=',
  prune: 'prune',
  h: 'help',
  help: 'help',
  seconds: 'seconds=',
};

/** Where a letter means something else. */
const OWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  logs: {
    f: 'follow',
    follow: 'follow',
    p: 'previous',
    previous: 'previous',
    t: 'timestamps',
    timestamps: 'timestamps',
    tail: 'tail=',
    since: 'since=',
    'limit-bytes': 'limit-bytes=',
  },
  exec: {
    i: 'interactive',
    interactive: 'interactive',
    t: 'tty',
    tty: 'tty',
    s: 'sync',
    sync: 'sync',
    timeout: 'timeout=',
    r: 'transport=',
    transport: 'transport=',
  },
  pods: { n: 'last=', namespace: 'namespace=' },
  stats: { s: 'seconds=', seconds: 'seconds=' },
};

/** Reads the words after `crictl`; the error is what it prints. */
export function parseCrictl(words: readonly string[]): Result<CrictlLine, string> {
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  let command = '';
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (command === 'exec' && operands.length > 0) {
      operands.push(word);
      continue;
    }
    if (word === '--') continue;
    if (!word.startsWith('-') || word === '-') {
      if (command === '') command = word;
      else operands.push(word);
      continue;
    }
    const [name = '', ...rest] = word.replace(/^--?/, '').split('=');
    const table =
      command === '' ? GLOBAL : { ...COMMON, ...(Object.hasOwn(OWN, command) ? OWN[command] : {}) };
    const names = word.startsWith('--') || Object.hasOwn(table, name) ? [name] : [...name];
    for (const each of names) {
      const found = Object.hasOwn(table, each) ? (table[each] as string) : undefined;
      if (found === undefined) return err(`flag provided but not defined: -${each}`);
      const takes = found.endsWith('=');
      const value = takes ? (rest.length > 0 ? rest.join('=') : words[++at]) : 'true';
      if (value === undefined) return err(`flag needs an argument: ${word}`);
      const key = takes ? found.slice(0, -1) : found;
      const list = values.get(key);
      if (list === undefined) values.set(key, [value]);
      else list.push(value);
    }
  }
  return ok({
    command,
    operands,
    has: (name) => values.has(name),
    get: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
  });
}
