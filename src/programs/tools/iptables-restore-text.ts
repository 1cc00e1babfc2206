/**
 * The text of iptables-restore as transactions: `*table`, `:CHAIN policy [packets:bytes]`, rule lines
 * with or without counters, `COMMIT`. Each table is taken as a whole at its COMMIT. Without --noflush
 * a table that is named loses all it had. Models iptables/xtables-restore.c, 1.8.11.
 */
import type { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { parseRule } from '../../machines/network/netfilter/parse.ts';
import { splitWords } from '../../machines/network/netfilter/parse-words.ts';
import type { Counters } from '../../machines/network/netfilter/rule.ts';
import { TABLES } from '../../machines/network/netfilter/tables.ts';
import type { Change } from '../../machines/network/netfilter/transaction.ts';
import type { TableName } from '../../machines/network/netfilter/types.ts';
import { helpLine, misuse, type Outcome, success, VERSION_TEXT } from './iptables-command.ts';

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

class Restore {
  readonly #netfilter: NamespaceNetfilter;
  readonly #options: RestoreOptions;
  #table: TableName | undefined;
  #skipped = false;
  #changes: Change[] = [];
  /** The line of each change, for messages at the commit. */
  #lines: number[] = [];

  constructor(netfilter: NamespaceNetfilter, options: RestoreOptions) {
    this.#netfilter = netfilter;
    this.#options = options;
  }

  run(lines: readonly string[]): Outcome {
    const count = lines[lines.length - 1] === '' ? lines.length - 1 : lines.length;
    for (let index = 0; index < count; index += 1) {
      const failed = this.#line(lines[index] as string, index + 1);
      if (failed !== undefined) return failed;
    }
    if (this.#table === undefined && !this.#skipped) return success();
    return this.#bare(`COMMIT expected at line ${count + 1}`);
  }

  #bare(text: string): Outcome {
    return { stdout: '', stderr: `${this.#options.program}: ${text}\n`, code: 1 };
  }

  #line(line: string, number: number): Outcome | undefined {
    if (line === '' || line.startsWith('#') || line.trim() === '') return undefined;
    if (line.startsWith('*')) return this.#begin(line.slice(1).trim(), number);
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
    if (!TABLES.includes(name as TableName)) {
      const text = `${program} ${VERSION_TEXT}: ${program}: unable to initialize table '${name}'\nError occurred at line: ${number}\n${helpLine(program)}`;
      return { stdout: '', stderr: text, code: 2 };
    }
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
    const found = /^\[(\d+):(\d+)\]$/.exec(counted ?? '');
    const counters: Counters = { packets: Number(found?.[1] ?? 0), bytes: Number(found?.[2] ?? 0) };
    if (policy === '-') {
      this.#add({ op: 'resetChain', chain: name }, number);
      return undefined;
    }
    if (policy !== 'ACCEPT' && policy !== 'DROP')
      return this.#bare(
        `line ${number} failed: Bad policy name. Run \`dmesg' for more information.`,
      );
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
    const found = /^\[(\d+):(\d+)\]\s*(.*)$/.exec(line);
    const words = splitWords(found === null ? line : (found[3] as string));
    const [verb = '', chain = '', ...rest] = words;
    const { program } = this.#options;
    const rule = rest.filter(
      (_, index) =>
        !(verb === '-I' || verb === '-R' || verb === '-D') ||
        index > 0 ||
        !/^\d+$/.test(rest[0] ?? ''),
    );
    const index = rule.length < rest.length ? Number(rest[0]) - 1 : 0;
    if (verb === '-X' || verb === '-N' || verb === '-F') {
      const op = verb === '-X' ? 'deleteChain' : verb === '-N' ? 'newChain' : 'flush';
      this.#add({ op, chain }, number);
      return undefined;
    }
    if (verb === '-D' && rule.length < rest.length) {
      this.#add({ op: 'delete', chain, index }, number);
      return undefined;
    }
    if (verb !== '-A' && verb !== '-I' && verb !== '-D' && verb !== '-R')
      return misuse(
        program,
        verb.startsWith('-') ? `unknown option "${verb}"` : `Bad argument \`${verb}'`,
        number,
      );
    const parsed = parseRule(rule);
    if (!parsed.ok && parsed.error.kernel !== undefined)
      return {
        stdout: '',
        stderr: `${program} ${VERSION_TEXT}: \nline ${number}: RULE_APPEND failed (${parsed.error.kernel}): rule in chain ${chain}\n`,
        code: 4,
      };
    if (!parsed.ok) return misuse(program, parsed.error.text, number);
    const own = parsed.value.counters;
    const counters =
      this.#options.counters && found !== null
        ? { packets: Number(found[1]), bytes: Number(found[2]) }
        : own;
    const counted = counters === undefined ? {} : { counters };
    for (const each of parsed.value.rules) {
      if (verb === '-D') this.#add({ op: 'deleteRule', chain, rule: each }, number);
      else if (verb === '-A') this.#add({ op: 'append', chain, rule: each, ...counted }, number);
      else {
        const op = verb === '-I' ? 'insert' : 'replace';
        this.#add({ op, chain, index, rule: each, ...counted }, number);
      }
    }
    return undefined;
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
      'index-too-big': 'Index of insertion too big.',
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
