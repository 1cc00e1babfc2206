/**
 * One `iptables` command over the tables of a network namespace: what it prints and its exit code.
 * Models iptables 1.8.11 (nf_tables): iptables/xshared.c do_parse, xtables.c and nft.c, with their
 * texts and codes (1 the kernel's or the table's no, 2 bad usage, 3 no such table, 4 resource).
 */
import type { Err, Result } from '../../ground/base/result.ts';
import { err, ok } from '../../ground/base/result.ts';
import { listText, specText } from '../../machines/network/netfilter/list.ts';
import type { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { parseRule } from '../../machines/network/netfilter/parse.ts';
import { ruleText } from '../../machines/network/netfilter/print.ts';
import type { Rule } from '../../machines/network/netfilter/rule.ts';
import { TABLES } from '../../machines/network/netfilter/tables.ts';
import type { Change, Refusal } from '../../machines/network/netfilter/transaction.ts';
import type { TableName } from '../../machines/network/netfilter/types.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export const VERSION_TEXT = 'v1.8.11 (nf_tables)';
const CHAIN_NAME_MAX = 29;
const VERBS: Record<string, string> = {
  '--append': '-A',
  '--delete': '-D',
  '--check': '-C',
  '--insert': '-I',
  '--replace': '-R',
  '--list': '-L',
  '--list-rules': '-S',
  '--flush': '-F',
  '--zero': '-Z',
  '--new-chain': '-N',
  '--new': '-N',
  '--delete-chain': '-X',
  '--policy': '-P',
  '--rename-chain': '-E',
};
const SHORT = new Set(Object.values(VERBS));

export function success(stdout = ''): Outcome {
  return { stdout, stderr: '', code: 0 };
}

/** Bad usage: the text with the program's name and version, and where help is. */
export function misuse(program: string, text: string, line?: number): Outcome {
  const where = line === undefined ? '' : `Error occurred at line: ${line}\n`;
  return {
    stdout: '',
    stderr: `${program} ${VERSION_TEXT}: ${text}\n${where}${helpLine(program)}`,
    code: 2,
  };
}

export function helpLine(program: string): string {
  return `Try \`${program} -h' or '${program} --help' for more information.\n`;
}

interface Command {
  readonly verb: string;
  readonly table: TableName;
  readonly chain: string | undefined;
  readonly extra: readonly string[];
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
}

/** Runs one command; argv without the program's name. */
export function runIptables(
  netfilter: NamespaceNetfilter,
  argv: readonly string[],
  program = 'iptables',
): Outcome {
  if (argv.includes('-V') || argv.includes('--version'))
    return success(`${program} ${VERSION_TEXT}\n`);
  if (argv.includes('-h') || argv.includes('--help')) return success(usage(program));
  const parsed = readCommand(argv, program);
  if (!parsed.ok) return parsed.error;
  const command = parsed.value;
  netfilter.tables.open(command.table);
  switch (command.verb) {
    case '-L':
    case '-S':
      return list(netfilter, command, program);
    case '-A':
    case '-I':
    case '-R':
    case '-D':
    case '-C':
      return editRule(netfilter, command, program);
    default:
      return editChain(netfilter, command, program);
  }
}

function readCommand(argv: readonly string[], program: string): Result<Command, Outcome> {
  let verb: string | undefined;
  let table: string = 'filter';
  const flags = new Set<string>();
  const operands: string[] = [];
  const words: string[] = [];
  const bad = (text: string): Err<Outcome> => err(misuse(program, text));
  const spread = argv.flatMap((word) => {
    const found = /^-([nvx]+)([LSFZ]?)$/.exec(word);
    return found === null
      ? [word]
      : [...(found[1] ?? '')].map((flag) => `-${flag}`).concat(found[2] ? [`-${found[2]}`] : []);
  });
  argv = spread;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    const letter = VERBS[word] ?? (SHORT.has(word) ? word : undefined);
    if (letter !== undefined) {
      if (letter === '-Z' && (verb === '-L' || verb === '-S')) flags.add('zero');
      else if (verb !== undefined) return bad(`Cannot use ${letter} with ${verb}`);
      else verb = letter;
      for (let taken = 0; taken < operandsOf(letter) && isOperand(argv[index + 1]); taken += 1) {
        index += 1;
        operands.push(argv[index] as string);
      }
    } else if (word === '-t' || word === '--table') {
      index += 1;
      const name = argv[index];
      if (name === undefined) return bad(`option "${word}" requires an argument`);
      table = name;
    } else if (word === '-n' || word === '--numeric') flags.add('n');
    else if (word === '-v' || word === '--verbose') flags.add('v');
    else if (word === '-x' || word === '--exact') flags.add('x');
    else if (word === '--line-numbers' || word === '--line') flags.add('l');
    else if (word === '-w' || word === '--wait' || word === '-W' || word === '--wait-interval') {
      if (/^\d+$/.test(argv[index + 1] ?? '')) index += 1;
    } else if (word === '-4' || word === '--ipv4') continue;
    else words.push(word);
  }
  if (!TABLES.includes(table as TableName)) {
    const text = `${program} ${VERSION_TEXT}: table '${table}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.\n`;
    return err({ stdout: '', stderr: text, code: 3 });
  }
  if (verb === undefined) {
    const unknown = parseRule(words);
    if (words.length > 0 && !unknown.ok) return err(parseFailure(program, unknown.error));
    return bad('no command specified');
  }
  const [chain, ...extra] = operands;
  if (chain === undefined && !'-L -S -F -Z -X'.includes(verb))
    return bad(`option "${verb}" requires an argument`);
  return ok({ verb, table: table as TableName, chain, extra, words, flags });
}

/** How many words that are no options a verb takes at most. */
function operandsOf(verb: string): number {
  if (verb === '-A' || verb === '-C' || verb === '-N' || verb === '-F' || verb === '-X') return 1;
  return 2;
}

function isOperand(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith('-') && word !== '!';
}

function parseFailure(
  program: string,
  error: { readonly text: string; readonly code: number; readonly bare?: boolean },
): Outcome {
  if (error.bare === true)
    return { stdout: '', stderr: `${error.text}\n${helpLine(program)}`, code: error.code };
  return { ...misuse(program, error.text), code: error.code };
}

/** A refusal by the tables, in the words for this verb. */
function refused(program: string, text: string, code = 1): Outcome {
  return { stdout: '', stderr: `${program}: ${text}\n`, code };
}

function kernelRefused(program: string, what: string, why: string, where: string): Outcome {
  return {
    stdout: '',
    stderr: `${program} ${VERSION_TEXT}:  ${what} failed (${why}): ${where}\n`,
    code: 4,
  };
}

const NO_CHAIN = 'No chain/target/match by that name.';

function list(netfilter: NamespaceNetfilter, command: Command, program: string): Outcome {
  const { chain, flags } = command;
  const all = netfilter.list(command.table);
  const chosen = chain === undefined ? all : all.filter((candidate) => candidate.name === chain);
  if (chain !== undefined && chosen.length === 0) return refused(program, NO_CHAIN);
  const [text] = command.words;
  if (text !== undefined) return parseFailure(program, unknownWord(text));
  const number = Number(command.extra[0] ?? 0);
  const verbose = flags.has('v');
  const out =
    command.verb === '-S'
      ? specText(chosen, number, verbose)
      : listText(chosen, number, {
          numeric: flags.has('n'),
          verbose,
          exact: flags.has('x'),
          lineNumbers: flags.has('l'),
        });
  if (flags.has('zero')) {
    netfilter.apply([
      {
        table: command.table,
        changes: [chain === undefined ? { op: 'zero' } : { op: 'zero', chain }],
      },
    ]);
  }
  return success(out);
}

function unknownWord(word: string): { text: string; code: number; bare: boolean } {
  const option = word.startsWith('-');
  return {
    text: option ? `unknown option "${word}"` : `Bad argument \`${word}'`,
    code: 2,
    bare: !option,
  };
}

function editRule(netfilter: NamespaceNetfilter, command: Command, program: string): Outcome {
  const { verb, extra } = command;
  const chain = command.chain ?? '';
  const number = extra[0];
  if (number !== undefined && (!/^\d+$/.test(number) || Number(number) === 0)) {
    return misuse(program, `Invalid rule number \`${number}'`);
  }
  if (verb === '-R' && number === undefined) return misuse(program, '-R requires a rule number');
  if (verb === '-D' && number !== undefined) {
    return commit(netfilter, command, program, { op: 'delete', chain, index: Number(number) - 1 });
  }
  const parsed = parseRule(command.words);
  if (!parsed.ok) return parseFailure(program, parsed.error);
  const { rule, counters } = parsed.value;
  const conflict = misuseOf(command, rule);
  if (conflict !== undefined) return misuse(program, conflict);
  const missing = missingTarget(netfilter, command.table, rule);
  if (missing !== undefined) return misuse(program, `Chain '${missing}' does not exist`);
  if (verb === '-C') return check(netfilter, command, program, rule);
  const counted = counters === undefined ? {} : { counters };
  const index = Number(number ?? 1) - 1;
  if (verb === '-D') return commit(netfilter, command, program, { op: 'deleteRule', chain, rule });
  if (verb === '-A')
    return commit(netfilter, command, program, { op: 'append', chain, rule, ...counted });
  return commit(netfilter, command, program, {
    op: verb === '-I' ? 'insert' : 'replace',
    chain,
    index,
    rule,
    ...counted,
  });
}

/** Interfaces that a hook does not have. */
function misuseOf(command: Command, rule: Rule): string | undefined {
  const { chain } = command;
  if (rule.outInterface !== undefined && (chain === 'PREROUTING' || chain === 'INPUT'))
    return `Can't use -o with ${chain}\n`;
  if (rule.inInterface !== undefined && (chain === 'POSTROUTING' || chain === 'OUTPUT'))
    return `Can't use -i with ${chain}\n`;
  return undefined;
}

/** The chain that a rule jumps to, when there is none by this name. */
function missingTarget(
  netfilter: NamespaceNetfilter,
  table: TableName,
  rule: Rule,
): string | undefined {
  const { target } = rule;
  if (target.kind !== 'jump' && target.kind !== 'goto') return undefined;
  return netfilter.tables.hasChain(table, target.chain) ? undefined : target.chain;
}

function check(
  netfilter: NamespaceNetfilter,
  command: Command,
  program: string,
  rule: Rule,
): Outcome {
  const chain = netfilter.list(command.table).find((candidate) => candidate.name === command.chain);
  if (chain === undefined) return refused(program, NO_CHAIN);
  const text = ruleText(rule);
  if (chain.rules().some((listed) => ruleText(listed.rule) === text)) return success();
  return refused(program, 'Bad rule (does a matching rule exist in that chain?).');
}

function editChain(netfilter: NamespaceNetfilter, command: Command, program: string): Outcome {
  const { verb, chain, extra } = command;
  const [word] = command.words;
  if (word !== undefined) return parseFailure(program, unknownWord(word));
  const all = (): readonly string[] => netfilter.list(command.table).map((listed) => listed.name);
  switch (verb) {
    case '-N':
      if ((chain ?? '').length >= CHAIN_NAME_MAX) {
        return misuse(
          program,
          `chain name \`${chain}' too long (must be under ${CHAIN_NAME_MAX} chars)`,
        );
      }
      return commit(netfilter, command, program, { op: 'newChain', chain: chain ?? '' });
    case '-E': {
      const [to] = extra;
      if (to === undefined) return misuse(program, '-E requires old-chain-name and new-chain-name');
      return commit(netfilter, command, program, { op: 'rename', chain: chain ?? '', to });
    }
    case '-P': {
      const [policy] = extra;
      if (policy === undefined) return misuse(program, '-P requires a chain and a policy');
      if (policy !== 'ACCEPT' && policy !== 'DROP')
        return refused(program, "Bad policy name. Run `dmesg' for more information.");
      return commit(netfilter, command, program, { op: 'policy', chain: chain ?? '', policy });
    }
    case '-Z': {
      const index = extra[0] === undefined ? {} : { index: Number(extra[0]) - 1 };
      return commit(
        netfilter,
        command,
        program,
        chain === undefined ? { op: 'zero' } : { op: 'zero', chain, ...index },
      );
    }
    case '-F': {
      const names = chain === undefined ? all() : [chain];
      return commit(
        netfilter,
        command,
        program,
        ...names.map((name) => ({ op: 'flush', chain: name }) as const),
      );
    }
    default: {
      const names =
        chain === undefined
          ? netfilter
              .list(command.table)
              .filter((listed) => listed.policy === undefined)
              .map((listed) => listed.name)
          : [chain];
      return commit(
        netfilter,
        command,
        program,
        ...names.map((name) => ({ op: 'deleteChain', chain: name }) as const),
      );
    }
  }
}

function commit(
  netfilter: NamespaceNetfilter,
  command: Command,
  program: string,
  ...changes: readonly Change[]
): Outcome {
  const done = netfilter.apply([{ table: command.table, changes }]);
  return done.ok ? success() : refusalText(program, command.verb, done.error);
}

const ACTIONS: Record<string, string> = {
  '-A': 'RULE_APPEND',
  '-I': 'RULE_INSERT',
  '-R': 'RULE_REPLACE',
  '-X': 'CHAIN_DEL',
  '-E': 'CHAIN_RENAME',
};

function refusalText(program: string, verb: string, refusal: Refusal): Outcome {
  const action = ACTIONS[verb] ?? 'RULE_APPEND';
  const inChain = `rule in chain ${refusal.chain}`;
  switch (refusal.error) {
    case 'chain-exists':
      return verb === '-E'
        ? refused(program, 'File exists.')
        : refused(program, 'Chain already exists.');
    case 'no-rule':
      return refused(program, 'Bad rule (does a matching rule exist in that chain?).');
    case 'index-too-big': {
      const what = verb === '-I' ? 'insertion' : verb === '-R' ? 'replacement' : 'deletion';
      return refused(program, `Index of ${what} too big.`);
    }
    case 'chain-in-use':
    case 'builtin-chain':
      return kernelRefused(program, action, 'Device or resource busy', `chain ${refusal.chain}`);
    case 'chain-not-empty':
      return kernelRefused(program, action, 'Directory not empty', `chain ${refusal.chain}`);
    case 'loop':
      return kernelRefused(program, action, 'Too many links', inChain);
    case 'target-misplaced':
      return kernelRefused(program, action, 'Invalid argument', inChain);
    default:
      return refused(program, verb === '-P' ? 'Bad built-in chain name.' : NO_CHAIN);
  }
}

function usage(program: string): string {
  return `${program} ${VERSION_TEXT}

Usage: ${program} -[ACD] chain rule-specification [options]
       ${program} -I chain [rulenum] rule-specification [options]
       ${program} -R chain rulenum rule-specification [options]
       ${program} -D chain rulenum [options]
       ${program} -[LS] [chain [rulenum]] [options]
       ${program} -[FZ] [chain] [options]
       ${program} -[NX] chain
       ${program} -E old-chain-name new-chain-name
       ${program} -P chain target [options]
       ${program} -h (print this help information)
`;
}
