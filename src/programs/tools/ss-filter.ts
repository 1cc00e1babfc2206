/** What `ss` is asked to show: states, and an expression of addresses and ports. (iproute2 6.1, misc/ssfilter.y) */
import { contains, parseCidr } from '../../ground/base/cidr.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { SocketRow } from '../../machines/network/socket-table.ts';

type Test = (row: SocketRow) => boolean;

export interface SocketFilter {
  readonly states: ReadonlySet<string> | undefined;
  readonly fits: Test;
}

const CONNECTED = [
  'ESTAB',
  'SYN-SENT',
  'SYN-RECV',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'CLOSE-WAIT',
  'LAST-ACK',
];
const ALL = [...CONNECTED, 'LISTEN', 'UNCONN'];
const STATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['established', ['ESTAB']],
  ['syn-sent', ['SYN-SENT']],
  ['syn-recv', ['SYN-RECV']],
  ['fin-wait-1', ['FIN-WAIT-1']],
  ['fin-wait-2', ['FIN-WAIT-2']],
  ['time-wait', ['TIME-WAIT']],
  ['close-wait', ['CLOSE-WAIT']],
  ['last-ack', ['LAST-ACK']],
  ['closed', ['UNCONN']],
  ['listening', ['LISTEN']],
  ['listen', ['LISTEN']],
  ['connected', CONNECTED],
  ['synchronized', CONNECTED.filter((state) => state !== 'SYN-SENT')],
  ['bucket', ['SYN-RECV', 'TIME-WAIT']],
  ['big', ALL.filter((state) => state !== 'SYN-RECV' && state !== 'TIME-WAIT')],
  ['all', ALL],
]);
const COMPARISONS: ReadonlyMap<string, (a: number, b: number) => boolean> = new Map([
  ...['=', '==', 'eq'].map((word) => [word, (a: number, b: number) => a === b] as const),
  ...['!=', 'ne', 'neq'].map((word) => [word, (a: number, b: number) => a !== b] as const),
  ...['>=', 'ge', 'geq'].map((word) => [word, (a: number, b: number) => a >= b] as const),
  ...['<=', 'le', 'leq'].map((word) => [word, (a: number, b: number) => a <= b] as const),
  ...['>', 'gt'].map((word) => [word, (a: number, b: number) => a > b] as const),
  ...['<', 'lt'].map((word) => [word, (a: number, b: number) => a < b] as const),
]);

/** Reads the words behind the options; the error is ss's own. `portOf` knows services by name. */
export function parseSocketFilter(
  words: readonly string[],
  portOf: (text: string) => number | undefined,
): Result<SocketFilter, string> {
  return new FilterReader(words, portOf).read();
}

class FilterReader {
  readonly #queue: string[];
  readonly #portOf: (text: string) => number | undefined;
  #states: Set<string> | undefined;
  #error: string | undefined;

  constructor(words: readonly string[], portOf: (text: string) => number | undefined) {
    this.#portOf = portOf;
    this.#queue = words
      .flatMap((word) => word.replace(/([()])/g, ' $1 ').split(/\s+/))
      .filter((word) => word !== '');
  }

  read(): Result<SocketFilter, string> {
    while (this.#queue[0] === 'state' || this.#queue[0] === 'exclude') this.#state();
    const fits = this.#queue.length === 0 ? () => true : this.#any();
    const rest = this.#queue[0];
    if (rest !== undefined) this.#fail(`ss: bison bellows (while parsing filter): "syntax error!"`);
    return this.#error === undefined ? ok({ states: this.#states, fits }) : err(this.#error);
  }

  #fail(text: string): void {
    this.#error ??= text;
  }

  #state(): void {
    const excludes = this.#queue.shift() === 'exclude';
    const word = this.#queue.shift();
    if (word === undefined) return this.#fail('Command line is not complete. Try option "help"');
    const named = STATES.get(word.toLowerCase());
    if (named === undefined) return this.#fail(`ss: wrong state name: ${word}`);
    this.#states ??= new Set(excludes ? ALL : []);
    for (const each of named)
      if (excludes) this.#states.delete(each);
      else this.#states.add(each);
  }

  #any(): Test {
    const parts = [this.#all()];
    while (['or', '|', '||'].includes(this.#queue[0] ?? '')) {
      this.#queue.shift();
      parts.push(this.#all());
    }
    return (row) => parts.some((part) => part(row));
  }

  #all(): Test {
    const parts = [this.#one()];
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || next === ')' || ['or', '|', '||'].includes(next)) break;
      if (this.#error !== undefined) break;
      if (['and', '&', '&&'].includes(next)) this.#queue.shift();
      parts.push(this.#one());
    }
    return (row) => parts.every((part) => part(row));
  }

  #one(): Test {
    const word = this.#queue.shift() ?? '';
    if (word === 'not' || word === '!') {
      const inner = this.#one();
      return (row) => !inner(row);
    }
    if (word === '(') {
      const inner = this.#any();
      if (this.#queue.shift() !== ')')
        this.#fail(`ss: bison bellows (while parsing filter): "syntax error!"`);
      return inner;
    }
    return this.#test(word);
  }

  #test(word: string): Test {
    const prefix = (text: string): string =>
      `Error: an inet prefix is expected rather than "${text}".\nCannot parse dst/src address.`;
    if (word !== 'sport' && word !== 'dport' && word !== 'src' && word !== 'dst') {
      this.#fail(prefix(word));
      return () => false;
    }
    const compare = COMPARISONS.get(this.#queue[0] ?? '');
    if (compare !== undefined) this.#queue.shift();
    const value = this.#queue.shift() ?? '';
    const local = word === 'sport' || word === 'src';
    const byPort = word.endsWith('port');
    const colon = value.lastIndexOf(':');
    const host = colon < 0 ? (byPort ? '' : value) : value.slice(0, colon);
    const service = colon < 0 ? (byPort ? value : '') : value.slice(colon + 1);
    const port = service === '' ? undefined : this.#portOf(service);
    const range = host === '' ? undefined : parseCidr(host);
    if ((byPort || service !== '') && port === undefined)
      this.#fail(`Error: argument "${value}" is wrong: cannot parse port`);
    if (host !== '' && range === undefined) this.#fail(prefix(host));
    return (row) => {
      const end = local ? row.local : row.remote;
      const there = range === undefined || contains(range, end.ip);
      if (port === undefined) return compare === COMPARISONS.get('!=') ? !there : there;
      return there && (compare ?? ((a, b) => a === b))(end.port, port);
    };
  }
}
