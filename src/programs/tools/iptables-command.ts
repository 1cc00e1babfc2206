/**
 * One `iptables` command over the tables of a network namespace: what it prints and its exit code.
 * Models iptables 1.8.11 (nf_tables): iptables/xshared.c do_parse, xtables.c and nft.c, with their
 * texts and codes (1 the kernel's or the table's no, 2 bad usage, 3 no such table, 4 resource).
 */
import { listText, specText, verboseText } from '../../machines/network/netfilter/list.ts';
import type { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { parseRule } from '../../machines/network/netfilter/parse.ts';
import { TARGETS } from '../../machines/network/netfilter/parse-target.ts';
import { NOT_HERE } from '../../machines/network/netfilter/parse-options.ts';
import { ruleText } from '../../machines/network/netfilter/print.ts';
import type { Counters, Rule } from '../../machines/network/netfilter/rule.ts';
import type { Change, Refusal } from '../../machines/network/netfilter/transaction.ts';
import type { TableName } from '../../machines/network/netfilter/types.ts';
import {
  type Command,
  misuse,
  type Outcome,
  parseFailure,
  readCommand,
  type RestoreBatch,
  success,
  VERSION_TEXT,
} from './iptables-words.ts';

const CHAIN_NAME_MAX = 29;
const STANDARD = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);

/** Runs one command; argv without the program's name. A line of iptables-restore gives its batch. */
export function runIptables(
  netfilter: NamespaceNetfilter,
  argv: readonly string[],
  program = 'iptables',
  batch?: RestoreBatch,
): Outcome {
  if (argv.includes('-V') || argv.includes('--version'))
    return success(`${program} ${VERSION_TEXT}\n`);
  if (argv.includes('-h') || argv.includes('--help')) return success(usage(program));
  const parsed = readCommand(argv, program, batch);
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
const NO_RULE = 'Bad rule (does a matching rule exist in that chain?).';

function list(netfilter: NamespaceNetfilter, command: Command, program: string): Outcome {
  const { chain, flags } = command;
  const all = netfilter.list(command.table);
  const chosen = chain === undefined ? all : all.filter((candidate) => candidate.name === chain);
  if (chain !== undefined && chosen.length === 0) return refused(program, NO_CHAIN);
  const given = command.extra[0];
  if (given !== undefined && !/^[1-9]\d*$/.test(given))
    return misuse(program, `Invalid rule number \`${given}'`);
  const number = Number(given ?? 0);
  const verbose = flags.has('v');
  const out =
    command.verb === '-S'
      ? specText(chosen, number, verbose)
      : listText(chosen, number, {
          numeric: flags.has('n'),
          verbose,
          exact: flags.has('x'),
          lineNumbers: flags.has('0'),
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
  const kernel = parsed.ok ? undefined : parsed.error.kernel;
  if (kernel !== undefined) return kernelSaysNo(command, program, kernel);
  if (!parsed.ok) return parseFailure(program, parsed.error);
  const { rule, rules, counters } = parsed.value;
  const conflict = misuseOf(command, rule);
  if (conflict !== undefined) return misuse(program, conflict);
  // What a batch jumps to may be made by its own lines: that is seen when it goes out.
  const missing =
    command.batch === undefined ? missingTarget(netfilter, command.table, rule) : undefined;
  if (missing !== undefined) return misuse(program, `Chain '${missing}' does not exist`);
  if (rules.length > 1 && verb === '-R')
    return misuse(program, 'Replacement rule does not specify a unique address');
  if (rule.matches.some(({ kind }) => kind === 'owner') && /^(IN|PRE|FOR)/.test(chain))
    return kernelSaysNo(command, program, 'Invalid argument');
  const done = apply(netfilter, command, program, rules, counters);
  return command.flags.has('v') && done.code === 0
    ? success(rules.map(verboseText).join(''))
    : done;
}

function apply(
  netfilter: NamespaceNetfilter,
  command: Command,
  program: string,
  rules: readonly Rule[],
  counters: Counters | undefined,
): Outcome {
  const { verb } = command;
  const chain = command.chain ?? '';
  if (verb === '-C') {
    const refusals = rules.map((rule) => check(netfilter, command, program, rule));
    return refusals.find(({ code }) => code !== 0) ?? success();
  }
  const counted = counters === undefined ? {} : { counters };
  const index = Number(command.extra[0] ?? 1) - 1;
  const changes = rules.map((rule): Change => {
    if (verb === '-D') return { op: 'deleteRule', chain, rule };
    if (verb === '-A') return { op: 'append', chain, rule, ...counted };
    return { op: verb === '-I' ? 'insert' : 'replace', chain, index, rule, ...counted };
  });
  return commit(netfilter, command, program, ...changes);
}

/** What the kernel refuses; what only looks for a rule finds none like it. */
function kernelSaysNo(command: Command, program: string, why: string): Outcome {
  if (command.verb === '-D' || command.verb === '-C') return refused(program, NO_RULE);
  const action = ACTIONS[command.verb] ?? 'RULE_APPEND';
  return kernelRefused(program, action, why, `rule in chain ${command.chain}`);
}

const NO_FILTERING =
  '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n';

/** Interfaces that a hook does not have, and drops where addresses are translated. */
function misuseOf(command: Command, rule: Rule): string | undefined {
  const { chain } = command;
  if (command.table === 'nat' && rule.target.kind === 'DROP') return NO_FILTERING;
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
  if (chain === undefined) return refused(program, NO_RULE);
  const text = ruleText(rule);
  if (chain.rules().some((listed) => ruleText(listed.rule) === text)) return success();
  return refused(program, NO_RULE);
}

/** A name that no chain may have. */
export function badName(name: string): string | undefined {
  if (/^[-!]/.test(name)) return `chain name not allowed to start with \`${name[0]}'`;
  if (name === '' || STANDARD.has(name) || TARGETS.has(name) || NOT_HERE.has(name))
    return 'chain name may not clash with target name';
  if (/\s/.test(name)) return `Invalid chain name \`${name}'`;
  return name.length < CHAIN_NAME_MAX
    ? undefined
    : `chain name \`${name}' too long (must be under ${CHAIN_NAME_MAX} chars)`;
}

function editChain(netfilter: NamespaceNetfilter, command: Command, program: string): Outcome {
  const { verb, chain, extra, table } = command;
  const told = (what: string, names: readonly string[], done: Outcome): Outcome =>
    command.flags.has('v') && done.code === 0
      ? success(names.map((name) => `${what} chain \`${name}'\n`).join(''))
      : done;
  const all = (): readonly string[] => netfilter.list(command.table).map((listed) => listed.name);
  switch (verb) {
    case '-N': {
      const bad = badName(chain ?? '');
      if (bad !== undefined) return misuse(program, bad);
      return commit(netfilter, command, program, { op: 'newChain', chain: chain ?? '' });
    }
    case '-E': {
      const [to = ''] = extra;
      return commit(netfilter, command, program, { op: 'rename', chain: chain ?? '', to });
    }
    case '-P': {
      const [policy] = extra;
      if (policy === undefined) return misuse(program, '-P requires a chain and a policy');
      if (policy === 'DROP' && table === 'nat') return misuse(program, NO_FILTERING);
      if (policy !== 'ACCEPT' && policy !== 'DROP')
        return refused(program, "Bad policy name. Run `dmesg' for more information.");
      return commit(netfilter, command, program, { op: 'policy', chain: chain ?? '', policy });
    }
    case '-Z': {
      if (extra[0] !== undefined && !/^[1-9]\d*$/.test(extra[0]))
        return misuse(program, `Invalid rule number \`${extra[0]}'`);
      const index = extra[0] === undefined ? {} : { index: Number(extra[0]) - 1 };
      const known = netfilter.list(table).find(({ name }) => name === chain);
      // A rule that is not there is zeroed in silence.
      if (known !== undefined && known.rules().length <= (index.index ?? -1)) return success();
      return commit(
        netfilter,
        command,
        program,
        chain === undefined ? { op: 'zero' } : { op: 'zero', chain, ...index },
      );
    }
    case '-F': {
      const names = chain === undefined ? all() : [chain];
      const flushes = names.map((name) => ({ op: 'flush', chain: name }) as const);
      return told('Flushing', names, commit(netfilter, command, program, ...flushes));
    }
    default: {
      const names =
        chain === undefined
          ? netfilter
              .list(command.table)
              .filter((listed) => listed.policy === undefined)
              .map((listed) => listed.name)
          : [chain];
      const deletions = names.map((name) => ({ op: 'deleteChain', chain: name }) as const);
      return told('Deleting', names, commit(netfilter, command, program, ...deletions));
    }
  }
}

function commit(
  netfilter: NamespaceNetfilter,
  command: Command,
  program: string,
  ...changes: readonly Change[]
): Outcome {
  if (command.batch !== undefined) {
    for (const change of changes) command.batch.add(change);
    return success();
  }
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
      return refused(program, NO_RULE);
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
    case 'no-chain':
      if (verb === '-P') return refused(program, 'Bad built-in chain name.');
      return refused(program, verb === '-D' && refusal.op === 'deleteRule' ? NO_RULE : NO_CHAIN);
    default:
      return refused(program, NO_CHAIN);
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
