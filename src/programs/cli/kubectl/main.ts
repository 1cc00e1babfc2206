/**
 * The command line of kubectl (k8s.io/kubectl/pkg/cmd/cmd.go, v0.34, over cobra): finds the verb,
 * reads its flags, runs it, and prints what went wrong.
 */
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { type Failure, formatFailure, type Outcome, textFailure } from './failure.ts';
import { type FlagSpec, flagSpecs, parseFlags } from './flags.ts';
import { helpText, overview } from './help.ts';
import { GLOBAL_FLAGS } from './options.ts';
import { type Profile, Session, type Verb } from './session.ts';
import { VERBS } from './verbs.ts';

/** Flags that are read for their form only: whoever gives one is told. */
const IDLE_FLAGS: readonly string[] = (
  'as-uid certificate-authority client-certificate client-key disable-compression log-flush-frequency ' +
  'match-server-version password profile profile-output tls-server-name username vmodule ' +
  'warnings-as-errors kuberc prune-allowlist openapi-patch'
).split(' ');

const HELP: readonly FlagSpec[] = flagSpecs('h help=false');

/** Runs one command line to its exit code. */
export function* runKubectl(process: Process, profile: Profile): Task<number> {
  yield* process.work(process.costs.kubectlMicros);
  const outcome = yield* dispatch(process, profile, process.argv.slice(1));
  if (outcome.ok) return outcome.value;
  return yield* tell(process, outcome.error);
}

function* tell(process: Process, failure: Failure): Task<number> {
  const { text, code } = formatFailure(failure);
  if (text !== '') yield* process.printError(text);
  return code;
}

function* dispatch(
  process: Process,
  profile: Profile,
  words: readonly string[],
): Task<Outcome<number>> {
  let path = 'kubectl';
  let verbs: readonly Verb[] = VERBS;
  let verb: Verb | undefined;
  let rest = words;
  for (;;) {
    const at = firstArgument(rest);
    const name = rest[at];
    const next =
      at < 0
        ? undefined
        : verbs.find((each) => each.name === name || each.aliases?.includes(name ?? '') === true);
    if (next === undefined) break;
    verb = next;
    path += ` ${next.name}`;
    rest = [...rest.slice(0, at), ...rest.slice(at + 1)];
    if (next.verbs === undefined) break;
    verbs = next.verbs;
  }
  if (verb === undefined) return yield* withoutVerb(process, rest);
  return yield* runVerb(process, profile, verb, path, rest);
}

/** The index of the first word that is neither a flag nor the value of a global one; −1 for none. */
function firstArgument(words: readonly string[]): number {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '--') return -1;
    if (!word.startsWith('-') || word === '-') return at;
    if (takesNext(word)) at += 1;
  }
  return -1;
}

function takesNext(word: string): boolean {
  if (word.includes('=')) return false;
  const spec = word.startsWith('--')
    ? GLOBAL_FLAGS.find((each) => each.name === word.slice(2))
    : word.length === 2
      ? GLOBAL_FLAGS.find((each) => each.short === word[1])
      : undefined;
  // A flag that is not known yet counts as one with a value (cobra's stripFlags).
  const whole = word.startsWith('--') || word.length === 2;
  return spec === undefined ? whole : spec.bare === undefined;
}

function* withoutVerb(process: Process, words: readonly string[]): Task<Outcome<number>> {
  // The command is looked for before its flags are read: `aply -f x.yaml` is a wrong word, not a wrong flag.
  const name = words[firstArgument(words)];
  if (name === undefined || name === 'help') {
    const parsed = parseFlags([...GLOBAL_FLAGS, ...HELP], words);
    if (!parsed.ok) return badLine(parsed.error, 'kubectl');
    if (name === 'help') return yield* helpFor(process, parsed.value.args.slice(1));
    yield* process.print(overview(VERBS));
    return ok(0);
  }
  // What no command is might be a plugin's (pkg/cmd HandlePluginCommand).
  const [first = ''] = words;
  if (first.startsWith('-')) {
    yield* process.printError(`Error: flags cannot be placed before plugin name: ${first}\n`);
    return ok(1);
  }
  const near = suggestions(name);
  const hint =
    near.length === 0
      ? ''
      : `\n\nDid you mean this?\n${near.map((each) => `\t${each}\n`).join('')}`;
  return { ok: false, error: textFailure(`unknown command "${name}" for "kubectl"${hint}`) };
}

function* helpFor(process: Process, words: readonly string[]): Task<Outcome<number>> {
  let verbs: readonly Verb[] = VERBS;
  let verb: Verb | undefined;
  let path = 'kubectl';
  for (const word of words) {
    const next = verbs.find((each) => each.name === word || each.aliases?.includes(word) === true);
    if (next === undefined) break;
    verb = next;
    verbs = next.verbs ?? [];
    path += ` ${next.name}`;
  }
  yield* process.print(verb === undefined ? overview(VERBS) : helpText(verb, path));
  return ok(0);
}

function* runVerb(
  process: Process,
  profile: Profile,
  verb: Verb,
  path: string,
  words: readonly string[],
): Task<Outcome<number>> {
  // A verb's own flag takes a short letter from a global one (`logs -n`, `patch -p`, `config -s`).
  const own = new Set(verb.flags.map((spec) => spec.name));
  const specs = [...GLOBAL_FLAGS.filter((spec) => !own.has(spec.name)), ...HELP, ...verb.flags];
  const parsed = parseFlags(specs, words);
  if (!parsed.ok) return badLine(parsed.error, path);
  const { flags, args, dash } = parsed.value;
  if (flags.bool('help')) {
    yield* process.print(helpText(verb, path));
    return ok(0);
  }
  if (flags.has('record')) {
    yield* process.printError(
      'Flag --record has been deprecated, --record will be removed in the future\n',
    );
  }
  // `config set-credentials` and `set-cluster` have some of these for their own use.
  const isIdle = (name: string): boolean =>
    flags.has(name) && !path.startsWith('kubectl config set');
  for (const name of IDLE_FLAGS.filter(isIdle)) {
    yield* process.printError(`Warning: --${name} has no effect in this simulator\n`);
  }
  const absent = (verb.required ?? []).filter((name) => !flags.has(name));
  if (absent.length > 0) {
    const names = absent.map((name) => `"${name}"`).join(', ');
    return { ok: false, error: textFailure(`required flag(s) ${names} not set`) };
  }
  const session = new Session(process, profile, { path, flags, args, dash });
  if (verb.run === undefined) {
    if (args[0] !== undefined) return session.usageError(`unknown command "${args[0]}"`);
    yield* process.print(helpText(verb, path));
    return ok(0);
  }
  const outcome = yield* verb.run(session);
  session.close();
  return outcome;
}

function badLine(problem: string, path: string): Outcome<never> {
  return { ok: false, error: textFailure(`${problem}\nSee '${path} --help' for usage.`) };
}

/** Verbs at an edit distance of at most 2, or that begin alike (cobra.SuggestionsFor). */
function suggestions(typed: string): readonly string[] {
  const lower = typed.toLowerCase();
  return VERBS.filter((verb) => distance(lower, verb.name) <= 2 || verb.name.startsWith(lower)).map(
    (verb) => verb.name,
  );
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
