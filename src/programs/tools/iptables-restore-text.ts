/**
 * The text of iptables-restore as transactions: `*table`, `:CHAIN policy [packets:bytes]`, rule lines
 * with or without counters, `COMMIT`. Each table is taken as a whole at its COMMIT. Without --noflush
 * a table that is named loses all it had. Models iptables/xtables-restore.c, 1.8.11.
 */
import type { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { splitWords } from '../../machines/network/netfilter/parse-words.ts';
import type { Counters } from '../../machines/network/netfilter/rule.ts';
import { TABLES } from '../../machines/network/netfilter/tables.ts';
import type { Change } from '../../machines/network/netfilter/transaction.ts';
import type { TableName } from '../../machines/network/netfilter/types.ts';
import { badName, runIptables } from './iptables-command.ts';
import { helpLine, misuse, type Outcome, success, VERSION_TEXT } from './iptables-words.ts';

const BUILT_IN = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);
/** What an index was for. */
const INDEXES: Record<string, string> = { delete: 'deletion', replace: 'replacement' };

export interface RestoreOptions {
  readonly program: string;
  readonly flush: boolean;
  readonly counters: boolean;
  readonly test: boolean;
  readonly table: TableName | undefined;
}

/** Restores a text. Tables committed before a failing line stay. */
export function runRestore(
  netfilter: NamespaceNetfilter,
  text: string,
  options: RestoreOptions,
): Outcome {
  return new Restore(netfilter, options).run(text.split('\n'));
}

/** An outcome of a line: which line it was. */
function atLine(program: string, outcome: Outcome, number: number): Outcome {
  const { stderr } = outcome;
  const help = helpLine(program);
  const head = `${program}: `;
  const kernel = `${program} ${VERSION_TEXT}:  `;
  if (stderr.startsWith(kernel))
    return {
      ...outcome,
      stderr: `${kernel.trimEnd()} \nline ${number}: ${stderr.slice(kernel.length)}`,
    };
  if (stderr.endsWith(help))
    return {
      ...outcome,
      stderr: `${stderr.slice(0, -help.length)}Error occurred at line: ${number}\n${help}`,
    };
  return { ...outcome, stderr: `${head}line ${number} failed: ${stderr.slice(head.length)}` };
}

class Restore {
  readonly #netfilter: NamespaceNetfilter;
  readonly #options: RestoreOptions;
  #table: TableName | undefined;
  #skipped = false;
  #changes: Change[] = [];
  /** The line of each change, for messages at the commit. */
  #lines: number[] = [];
  /** What its lines print. */
  #said = '';

  constructor(netfilter: NamespaceNetfilter, options: RestoreOptions) {
    this.#netfilter = netfilter;
    this.#options = options;
  }

  run(lines: readonly string[]): Outcome {
    const count = lines[lines.length - 1] === '' ? lines.length - 1 : lines.length;
    for (let index = 0; index < count; index += 1) {
      const failed = this.#line(lines[index] as string, index + 1);
      if (failed !== undefined) return { ...failed, stdout: this.#said };
    }
    if (this.#table === undefined && !this.#skipped) return success(this.#said);
    return this.#bare(`COMMIT expected at line ${count + 1}`);
  }

  #bare(text: string): Outcome {
    return { stdout: '', stderr: `${this.#options.program}: ${text}\n`, code: 1 };
  }

  #line(line: string, number: number): Outcome | undefined {
    if (line === '' || line.startsWith('#') || line.trim() === '') return undefined;
    if (line.startsWith('*') && this.#table === undefined && !this.#skipped)
      return this.#begin(line.slice(1).trim(), number);
    if (this.#skipped) {
      if (line.trim() === 'COMMIT') this.#skipped = false;
      return undefined;
    }
    if (this.#table === undefined) return this.#bare(`line ${number} failed`);
    if (line.trim() === 'COMMIT') return this.#commit(number);
    if (line.startsWith(':')) return this.#chain(line.slice(1), number);
    return this.#rule(line, number);
  }

  #begin(name: string, number: number): Outcome | undefined {
    const { program, table, flush } = this.#options;
    if (!TABLES.includes(name as TableName))
      return misuse(program, `${program}: line ${number} table name '${name}' invalid`, number);
    if (table !== undefined && table !== name) {
      this.#skipped = true;
      return undefined;
    }
    this.#table = name as TableName;
    this.#changes = [];
    this.#lines = [];
    this.#netfilter.tables.open(this.#table);
    const listed = this.#netfilter.list(this.#table);
    if (flush) {
      for (const chain of listed) this.#add({ op: 'flush', chain: chain.name }, number);
      for (const chain of listed)
        if (chain.policy === undefined) this.#add({ op: 'deleteChain', chain: chain.name }, number);
    }
    return undefined;
  }

  #add(change: Change, line: number): void {
    this.#changes.push(change);
    this.#lines.push(line);
  }

  #chain(text: string, number: number): Outcome | undefined {
    const [name = '', policy = '', counted] = text.trim().split(/\s+/);
    const { program } = this.#options;
    if (policy === '') return misuse(program, `${program}: line ${number} policy invalid`, number);
    const bad = BUILT_IN.has(name) ? undefined : badName(name);
    if (bad !== undefined) return misuse(program, bad, number);
    const found = /^\[(\d+):(\d+)\]$/.exec(counted ?? '');
    const counters: Counters = { packets: Number(found?.[1] ?? 0), bytes: Number(found?.[2] ?? 0) };
    if (policy === '-' || (!BUILT_IN.has(name) && /^(ACCEPT|DROP)$/.test(policy))) {
      this.#add({ op: 'resetChain', chain: name }, number);
      return undefined;
    }
    if (policy !== 'ACCEPT' && policy !== 'DROP')
      return this.#bare(`line ${number} failed: Bad policy name.`);
    this.#add(
      {
        op: 'policy',
        chain: name,
        policy,
        counters: this.#options.counters ? counters : { packets: 0, bytes: 0 },
      },
      number,
    );
    return undefined;
  }

  #rule(line: string, number: number): Outcome | undefined {
    const { program } = this.#options;
    const counted = /^\[(\d+):(\d+)\]\s*(.*)$/.exec(line);
    if (line.startsWith('[') && counted === null)
      return misuse(program, `Bad line ${number}: need ]`, number);
    const words = splitWords(counted === null ? line : (counted[3] as string));
    const counters =
      this.#options.counters && counted !== null
        ? { packets: Number(counted[1]), bytes: Number(counted[2]) }
        : undefined;
    const batch = {
      table: this.#table as TableName,
      add: (change: Change): void => {
        const kept = change.op === 'append' || change.op === 'insert' || change.op === 'replace';
        this.#add(kept && counters !== undefined ? { ...change, counters } : change, number);
      },
    };
    const outcome = runIptables(this.#netfilter, words, program, batch);
    this.#said += outcome.stdout;
    return outcome.code === 0 ? undefined : atLine(program, outcome, number);
  }

  #commit(number: number): Outcome | undefined {
    const table = this.#table as TableName;
    this.#table = undefined;
    if (this.#options.test) return undefined;
    const done = this.#netfilter.apply([{ table, changes: this.#changes }]);
    if (done.ok) return undefined;
    const line = this.#lines[done.error.change] ?? number;
    const texts: Record<string, string> = {
      'no-chain': 'No chain/target/match by that name.',
      'no-rule': 'Bad rule (does a matching rule exist in that chain?).',
      'chain-exists': 'Chain already exists.',
      'index-too-big': `Index of ${INDEXES[done.error.op] ?? 'insertion'} too big.`,
    };
    // A target that is missing is seen when the table's batch goes out.
    if (done.error.error === 'no-target')
      return misuse(this.#options.program, `Chain '${done.error.name}' does not exist`, number);
    const text = texts[done.error.error];
    if (text !== undefined) return this.#bare(`line ${line} failed: ${text}`);
    const kernel: Record<string, string> = {
      'chain-in-use': `CHAIN_DEL failed (Device or resource busy): chain ${done.error.chain}`,
      'builtin-chain': `CHAIN_DEL failed (Device or resource busy): chain ${done.error.chain}`,
      'chain-not-empty': `CHAIN_DEL failed (Directory not empty): chain ${done.error.chain}`,
      loop: `RULE_APPEND failed (Too many links): rule in chain ${done.error.chain}`,
    };
    const why =
      kernel[done.error.error] ??
      `RULE_APPEND failed (Invalid argument): rule in chain ${done.error.chain}`;
    return {
      stdout: '',
      stderr: `${this.#options.program} ${VERSION_TEXT}: \nline ${line}: ${why}\n`,
      code: 4,
    };
  }
}
