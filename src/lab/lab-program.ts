/**
 * The workstation's program `lab`: what stands outside the cluster, in the terminal. Faults, the
 * trace, waiting for quiet. Clearly a lab command, never mixed into kubectl's output; whatever changes
 * the lab is a typed line and so an input.
 */
import { supportTable } from '../ground/api/support.ts';
import { BACKGROUND, type Micros, MILLISECOND, SECOND } from '../ground/base/event-loop.ts';
import { err, ok, type Result } from '../ground/base/result.ts';
import type { Task } from '../ground/base/task.ts';
import type { Process, Program } from '../machines/machine/process.ts';
import type { Fault } from './faults.ts';
import type { Lab } from './lab.ts';
import { SUPPORT_NOTES } from './support-notes.ts';
import { traceLines } from './trace-text.ts';

const USAGE = `usage: lab fault power-off|freeze NODE
       lab fault cut A B [--one-way]
       lab fault loss A B PERCENT
       lab fault delay A B TIME [JITTER]
       lab fault slow-disk NODE FACTOR
       lab fault clock-skew NODE TIME
       lab fault get
       lab fault delete NAME... | --all
       lab why KIND/NAME [-n NAMESPACE]
       lab trace [--since TIME] [TEXT | KIND/NAME [-n NAMESPACE] | #RECORD]
       lab run until quiet
       lab tick TIME
       lab time
       lab support
`;

/** How often a wait for quiet looks. */
const LOOK_EVERY = 100 * MILLISECOND;

/** What the entry point hands in beside the lab: it knows `why`. */
export interface LabCommands {
  readonly why: (lab: Lab, key: string) => string;
}

export function labProgram(lab: () => Lab, commands: LabCommands): Program {
  return {
    name: 'lab',
    version: '1',
    *main(process): Task<number> {
      const [verb = '', ...words] = process.argv.slice(1);
      switch (verb) {
        case 'fault':
          return yield* fault(process, lab(), words);
        case 'why':
          return yield* why(process, lab(), commands, words);
        case 'trace':
          return yield* trace(process, lab(), words);
        case 'run':
          if (words.join(' ') !== 'until quiet') return yield* misuse(process);
          return yield* untilQuiet(process, lab());
        case 'tick': {
          const span = parseSpan(words[0] ?? '');
          if (span === undefined) return yield* misuse(process);
          yield* process.sleep(span);
          return 0;
        }
        case 'support':
          return yield* support(process);
        case 'time':
          yield* process.print(`${(lab().loop.now / SECOND).toFixed(6)}\n`);
          return 0;
        case 'help':
        case '-h':
        case '--help':
          yield* process.print(USAGE);
          return 0;
        default:
          return yield* misuse(process);
      }
    },
  };
}

function* misuse(process: Process, message = ''): Task<number> {
  yield* process.printError(message === '' ? USAGE : `lab: ${message}\n`);
  return 2;
}

/** `5s`, `300ms`, `2m`, `1.5` (seconds) as microseconds. */
function parseSpan(text: string): Micros | undefined {
  const match = /^(-?\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text);
  if (match === null) return undefined;
  const unit =
    { us: 1, ms: 1_000, s: SECOND, m: 60 * SECOND, h: 3600 * SECOND }[match[2] ?? 's'] ?? SECOND;
  return Math.floor(Number(match[1]) * unit);
}

function* fault(process: Process, lab: Lab, words: readonly string[]): Task<number> {
  const [verb = '', ...rest] = words;
  if (verb === 'get') {
    const faults = lab.faults.list();
    if (faults.length === 0) yield* process.print('No faults.\n');
    for (const one of faults) yield* process.print(`${one.name}\t${one.text}\n`);
    return 0;
  }
  if (verb === 'delete') {
    for (const name of rest.includes('--all') ? [''] : rest) {
      const removed = lab.faults.remove(name);
      if (!removed.ok) return yield* misuse(process, removed.error);
      for (const one of removed.value) yield* process.print(`fault "${one}" deleted\n`);
    }
    return rest.length === 0 ? yield* misuse(process) : 0;
  }
  const made = makeFault(lab, verb, rest);
  if (!made.ok) return yield* misuse(process, made.error);
  yield* process.print(`fault/${made.value.name} created: ${made.value.text}\n`);
  return 0;
}

function makeFault(lab: Lab, verb: string, words: readonly string[]): Result<Fault, string> {
  const [a = '', b = '', c = '', d = ''] = words;
  const faults = lab.faults;
  switch (verb) {
    case 'power-off':
      return faults.powerOff(a);
    case 'freeze':
      return faults.freeze(a);
    case 'cut':
      return faults.cut(a, b, c === '--one-way');
    case 'loss': {
      const loss = Number(c.replace(/%$/, ''));
      if (!(loss >= 0 && loss <= 100)) return err(`loss wants a percentage, not "${c}"`);
      return faults.degrade(a, b, { loss }, `loss ${a} ${b} ${loss}%`);
    }
    case 'delay': {
      const delay = parseSpan(c);
      const jitter = d === '' ? 0 : parseSpan(d);
      if (delay === undefined || jitter === undefined || delay < 0)
        return err(`delay wants a time such as 50ms, not "${c} ${d}"`);
      return faults.degrade(
        a,
        b,
        { delay, jitter },
        `delay ${a} ${b} ${c}${d === '' ? '' : ` ${d}`}`,
      );
    }
    case 'slow-disk': {
      const factor = Number(b);
      if (!(factor >= 1)) return err(`slow-disk wants a factor of 1 or more, not "${b}"`);
      return faults.slowDisk(a, factor);
    }
    case 'clock-skew': {
      const skew = parseSpan(b);
      return skew === undefined
        ? err(`clock-skew wants a time such as 90s, not "${b}"`)
        : faults.skewClock(a, skew);
    }
    default:
      // Nothing named is no mistake in a name: the list is the answer.
      return err(verb === '' ? '' : `unknown fault "${verb}"; lab help lists what there is`);
  }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['pod', 'Pod'],
  ['pods', 'Pod'],
  ['po', 'Pod'],
  ['deployment', 'Deployment'],
  ['deploy', 'Deployment'],
  ['deployments', 'Deployment'],
  ['service', 'Service'],
  ['svc', 'Service'],
  ['services', 'Service'],
  ['node', 'Node'],
  ['nodes', 'Node'],
  ['no', 'Node'],
  ['replicaset', 'ReplicaSet'],
  ['rs', 'ReplicaSet'],
]);

function keyFrom(words: readonly string[]): Result<string, string> {
  const at = words.findIndex((word) => word === '-n' || word === '--namespace');
  const namespace = at < 0 ? 'default' : (words[at + 1] ?? 'default');
  const [target = ''] = words;
  const [type = '', name = ''] = target.split('/');
  const kind = KINDS.get(type.toLowerCase());
  if (kind === undefined || name === '') return err(`why wants KIND/NAME, not "${target}"`);
  return ok(kind === 'Node' ? `Node/${name}` : `${kind}/${namespace}/${name}`);
}

function* why(
  process: Process,
  lab: Lab,
  commands: LabCommands,
  words: readonly string[],
): Task<number> {
  const key = keyFrom(words);
  if (!key.ok) return yield* misuse(process, key.error);
  const text = commands.why(lab, key.value);
  yield* process.print(text === '' ? `${key.value}: not found\n` : text);
  return text === '' ? 1 : 0;
}

function* trace(process: Process, lab: Lab, words: readonly string[]): Task<number> {
  const at = words.indexOf('--since');
  const since = at < 0 ? 0 : (parseSpan(words[at + 1] ?? '') ?? 0);
  const [text = '', ...rest] = words.filter((_, index) => at < 0 || index < at || index > at + 1);
  const key = text.split('/').length === 2 ? keyFrom([text, ...rest]) : undefined;
  const lines = traceLines(lab.recorder, key?.ok === true ? key.value : text, since);
  if (lines === undefined) return yield* misuse(process, `no record ${text}`);
  for (const line of lines) yield* process.print(`${line}\n`);
  return 0;
}

/** The support table: what is not simulated, and how it answers. */
function* support(process: Process): Task<number> {
  for (const row of supportTable())
    yield* process.print(`${row.resource}\t${row.path}\t${row.how}\t${row.why}\n`);
  for (const note of SUPPORT_NOTES)
    yield* process.print(`${note.area}\t-\t${note.how}\t${note.what}\n`);
  return 0;
}

/** Waits in the background until nothing else is due soon. */
function* untilQuiet(process: Process, lab: Lab): Task<number> {
  do {
    process.trace.loop.cause = BACKGROUND;
    yield* process.sleep(LOOK_EVERY);
  } while (!lab.loop.isQuiet());
  return 0;
}
