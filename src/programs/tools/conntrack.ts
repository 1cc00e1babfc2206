/**
 * The program conntrack (conntrack-tools 1.4.7): lists, counts, deletes and flushes the connections
 * of the caller's network namespace. Events (-E), expectations and updates are not modelled and are
 * refused as an unknown command.
 */
import { parseIp } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import { rulesOf } from '../../machines/network/netfilter/access.ts';
import { conntrackLine } from '../../machines/network/netfilter/conntrack-text.ts';
import { protocolNumber } from '../../machines/network/netfilter/print.ts';
import type { ConntrackEntry } from '../../machines/network/netfilter/types.ts';
import type { Process, Program } from '../../machines/machine/process.ts';

const NAME = 'conntrack v1.4.7 (conntrack-tools)';
const VERBS: Record<string, string> = {
  '-L': 'list',
  '--dump': 'list',
  '-D': 'delete',
  '--delete': 'delete',
  '-F': 'flush',
  '--flush': 'flush',
  '-C': 'count',
  '--count': 'count',
};

type Test = (entry: ConntrackEntry) => boolean;

interface Request {
  readonly verb: string;
  readonly tests: readonly Test[];
}

export const conntrack: Program = {
  name: 'conntrack',
  version: '1.4.7',
  *main(process) {
    yield* process.work(2000);
    const argv = process.argv.slice(1);
    if (argv.includes('-V') || argv.includes('--version')) {
      yield* process.print(`${NAME}\n`);
      return 0;
    }
    const request = read(argv);
    if (typeof request === 'string') {
      yield* process.printError(
        `${NAME}: ${request}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
      );
      return 2;
    }
    if (process.uid !== 0) {
      yield* process.printError(
        `${NAME}: Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this\n`,
      );
      return 1;
    }
    return yield* serve(process, request);
  },
};

function* serve(process: Process, request: Request): Task<number> {
  const netfilter = rulesOf(process.kernel.namespaces.network.netfilter);
  const fits: Test = (entry) => request.tests.every((test) => test(entry));
  switch (request.verb) {
    case 'count':
      yield* process.print(`${netfilter.conntrack().length}\n`);
      return 0;
    case 'flush':
      netfilter.flushConntrack();
      yield* process.printError(`${NAME}: connection tracking table has been emptied.\n`);
      return 0;
    case 'list': {
      const entries = netfilter.conntrack().filter(fits);
      yield* process.print(entries.map(conntrackLine).join(''));
      yield* process.printError(`${NAME}: ${entries.length} flow entries have been shown.\n`);
      return 0;
    }
    default: {
      const removed = netfilter.removeConnections(fits);
      yield* process.print(removed.map(conntrackLine).join(''));
      yield* process.printError(`${NAME}: ${removed.length} flow entries have been deleted.\n`);
      return removed.length === 0 ? 1 : 0;
    }
  }
}

/** Reads the options; a text says what is wrong with them. */
function read(argv: readonly string[]): Request | string {
  let verb: string | undefined;
  const tests: Test[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    if (VERBS[word] !== undefined) {
      verb = VERBS[word];
      if (argv[index + 1] === 'conntrack') index += 1;
      continue;
    }
    index += 1;
    const value = argv[index];
    if (value === undefined) return `option \`${word}' requires an argument`;
    const test = testOf(word, value);
    if (typeof test === 'string') return test;
    tests.push(test);
  }
  return verb === undefined ? 'You need to supply parameters!' : { verb, tests };
}

function testOf(word: string, value: string): Test | string {
  const address = (pick: (entry: ConntrackEntry) => number): Test | string => {
    const ip = parseIp(value);
    return ip === undefined ? `Invalid address: ${value}` : (entry) => pick(entry) === ip;
  };
  const port = (pick: (entry: ConntrackEntry) => number): Test | string =>
    /^\d+$/.test(value) ? (entry) => pick(entry) === Number(value) : `Invalid port: ${value}`;
  switch (word) {
    case '-p':
    case '--proto': {
      const number = protocolNumber(value);
      return number === undefined
        ? `unknown protocol \`${value}'`
        : (entry) => entry.protocol === number;
    }
    case '-s':
    case '--src':
    case '--orig-src':
      return address((entry) => entry.original.src);
    case '-d':
    case '--dst':
    case '--orig-dst':
      return address((entry) => entry.original.dst);
    case '-r':
    case '--reply-src':
    case '--dst-nat':
      return address((entry) => entry.reply.src);
    case '-q':
    case '--reply-dst':
    case '--src-nat':
      return address((entry) => entry.reply.dst);
    case '--sport':
    case '--orig-port-src':
      return port((entry) => entry.original.sport);
    case '--dport':
    case '--orig-port-dst':
      return port((entry) => entry.original.dport);
    case '--state':
      return (entry) => entry.state === value.toUpperCase();
    case '-m':
    case '--mark':
      return (entry) => entry.mark === Number(value);
    default:
      return `unknown option \`${word}'`;
  }
}
