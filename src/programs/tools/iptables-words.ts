/**
 * The words of an `iptables` command line: flags joined and cut short, the one verb with its operands,
 * which flags a verb does not take (iptables 1.8.11, iptables/xshared.c do_parse and generic_opt_check).
 */
import type { Err, Result } from '../../ground/base/result.ts';
import { err, ok } from '../../ground/base/result.ts';
import { parseRule } from '../../machines/network/netfilter/parse.ts';
import { completed } from '../../machines/network/netfilter/parse-options.ts';
import type { ParseError } from '../../machines/network/netfilter/parse-words.ts';
import { TABLES } from '../../machines/network/netfilter/tables.ts';
import type { Change } from '../../machines/network/netfilter/transaction.ts';
import type { TableName } from '../../machines/network/netfilter/types.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export const VERSION_TEXT = 'v1.8.11 (nf_tables)';
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

/** Done; perhaps with something to say. */
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

/** Where help is. */
export function helpLine(program: string): string {
  return `Try \`${program} -h' or '${program} --help' for more information.\n`;
}

/** Where iptables-restore gathers the changes of a table until its COMMIT. */
export interface RestoreBatch {
  readonly table: TableName;
  add(change: Change): void;
}

/** A command that has been read. */
export interface Command {
  readonly verb: string;
  readonly table: TableName;
  readonly chain: string | undefined;
  readonly extra: readonly string[];
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly batch?: RestoreBatch | undefined;
}

const LONG_FLAGS: Record<string, string> = {
  '--table': '-t',
  '--numeric': '-n',
  '--verbose': '-v',
  '--exact': '-x',
  '--line-numbers': '--line-numbers',
  '--wait': '-w',
  '--wait-interval': '-W',
  '--ipv4': '-4',
  '--ipv6': '-6',
};
const LONG_NAMES = [...Object.keys(VERBS), ...Object.keys(LONG_FLAGS)].map((word) => word.slice(2));

/** Words as getopt sees them: joined flags apart, long options whole. */
function spread(argv: readonly string[]): string[] {
  return argv.flatMap((word) => {
    if (word.startsWith('--')) {
      const whole = completed(word, LONG_NAMES);
      return [LONG_FLAGS[whole] ?? whole];
    }
    const flags = /^-([nvx]+)(([A-Z]).*)?$/.exec(word);
    if (flags !== null) {
      const rest = flags[2] === undefined ? [] : spread([`-${flags[2]}`]);
      return [...[...(flags[1] ?? '')].map((flag) => `-${flag}`), ...rest];
    }
    const joined = /^-([ADCIRLSFZNXPEtw])(.+)$/.exec(word);
    return joined === null ? [word] : [`-${joined[1]}`, joined[2] ?? ''];
  });
}

/** Reads one command line; the outcome when it is wrong, or asks for nothing that the tables know of. */
export function readCommand(
  given: readonly string[],
  program: string,
  batch: RestoreBatch | undefined,
): Result<Command, Outcome> {
  let verb: string | undefined;
  let table: string = batch?.table ?? 'filter';
  const flags = new Set<string>();
  const operands: string[] = [];
  const words: string[] = [];
  const bad = (text: string): Err<Outcome> => err(misuse(program, text));
  const argv = spread(given);
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    const letter = VERBS[word] ?? (SHORT.has(word) ? word : undefined);
    if (letter !== undefined) {
      if (letter === '-Z' && (verb === '-L' || verb === '-S')) flags.add('zero');
      else if (verb === '-Z' && (letter === '-L' || letter === '-S')) {
        flags.add('zero');
        verb = letter;
      } else if (verb !== undefined) return bad(`Cannot use ${letter} with ${verb}`);
      else verb = letter;
      if ((letter === '-N' || letter === '-E') && /^-./.test(argv[index + 1] ?? '')) {
        if (letter === '-N') return bad("chain name not allowed to start with `-'");
      }
      for (let taken = 0; taken < operandsOf(letter) && isOperand(argv[index + 1]); taken += 1) {
        index += 1;
        operands.push(argv[index] as string);
      }
    } else if (word === '-t') {
      index += 1;
      const name = argv[index];
      if (name === undefined) return bad(`option "${word}" requires an argument`);
      if (batch !== undefined)
        return bad(`The ${word} option cannot be used in iptables-restore.\n`);
      table = name;
    } else if (word === '-n' || word === '-v' || word === '-x') {
      if (argv[index - 1] === '!') return bad(`cannot have ! before ${word}`);
      flags.add(word.slice(1));
    } else if (word === '--line-numbers') flags.add('0');
    else if (word === '-w' || word === '-W') {
      const next = argv[index + 1];
      if (isOperand(next)) {
        index += 1;
        if (!/^\d+$/.test(next ?? '')) return bad('wait seconds not numeric');
      }
    } else if (word === '-4') continue;
    else if (word === '-6') return err({ stdout: '', stderr: helpLine(program), code: 2 });
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
  if (verb === '-E' && extra.length === 0)
    return bad('-E requires old-chain-name and new-chain-name');
  const command = { verb, table: table as TableName, chain, extra, words, flags, batch };
  const refusal = illegal(command, program);
  return refusal === undefined ? ok(command) : err(refusal);
}

/** Flags in the order in which they are checked, and by verb those that it does not take. */
const FLAG_ORDER = 'nsdpjvxio0cf';
const RULE_WORDS = 'sdpjiocf';
const NOT_TAKEN: Record<string, string> = {
  '-A': 'nx0',
  '-I': 'nx0',
  '-R': 'nx0',
  '-D': 'nx0c',
  '-C': 'nx0c',
  '-L': RULE_WORDS,
  '-P': 'nx0sdpjiof',
};
const LETTERS: Record<string, string> = {
  '--source': 's',
  '--src': 's',
  '--destination': 'd',
  '--dst': 'd',
  '--protocol': 'p',
  '--proto': 'p',
  '--jump': 'j',
  '--goto': 'j',
  '-g': 'j',
  '--in-interface': 'i',
  '--out-interface': 'o',
  '--set-counters': 'c',
  '--fragment': 'f',
};

/** A flag that this verb does not take, or words that no verb takes. */
function illegal(command: Command, program: string): Outcome | undefined {
  const { verb, words, flags, extra } = command;
  const ruleVerb = '-A -I -R -D -C'.includes(verb) && !(verb === '-D' && extra.length > 0);
  const fragments = words.includes('-f') || words.includes('--fragment');
  if (!ruleVerb && words.length > 0 && !fragments) {
    const parsed = parseRule(words);
    if (!parsed.ok && parsed.error.kernel === undefined) return parseFailure(program, parsed.error);
  }
  const given = new Set(flags);
  for (const word of words)
    given.add(LETTERS[word] ?? (/^-[sdpjiocf]$/.test(word) ? word.slice(1) : ''));
  const not = ruleVerb || verb === '-L' || verb === '-P' ? NOT_TAKEN[verb] : `nx0${RULE_WORDS}`;
  for (const letter of FLAG_ORDER)
    if (given.has(letter) && (not ?? '').includes(letter))
      return misuse(program, `Illegal option \`-${letter}' with this command`);
  return undefined;
}

/** How many words that are no options a verb takes at most. */
function operandsOf(verb: string): number {
  if (verb === '-A' || verb === '-C' || verb === '-N' || verb === '-F' || verb === '-X') return 1;
  return 2;
}

function isOperand(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith('-') && word !== '!';
}

/** What a rule that cannot be read is answered. */
export function parseFailure(program: string, error: ParseError): Outcome {
  if (error.bare === true)
    return { stdout: '', stderr: `${error.text}\n${helpLine(program)}`, code: error.code };
  return { ...misuse(program, error.text), code: error.code };
}
