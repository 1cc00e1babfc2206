/** The `ip` program: objects, options, and the namespace that they apply to. (iproute2 6.1, ip/ip.c) */
import { textOf } from '../../../ground/base/bytes.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import { readAll } from '../support.ts';
import { ipAddress } from './address.ts';
import { ipLink } from './link.ts';
import { ipNeighbour, ipRule } from './neighbour.ts';
import { findNetns, ipNetns } from './netns.ts';
import { ipRoute } from './route.ts';
import { type IpCommand, matchWord, refuse } from './support.ts';

type IpObject = (command: IpCommand, args: readonly string[]) => Task<number>;

/** In the order in which iproute2 tries abbreviations. */
const OBJECTS: readonly (readonly [string, IpObject])[] = [
  ['address', ipAddress],
  ['route', ipRoute],
  ['rule', ipRule],
  ['neighbor', ipNeighbour],
  ['neighbour', ipNeighbour],
  ['link', ipLink],
  ['netns', ipNetns],
];

const VERSION = 'ip utility, iproute2-6.1.0, libbpf 1.1.2';

const USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | neighbour | netns | route | rule }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] |
                    -4 | -o[neline] | -b[atch] [filename] | -br[ief] |
                    -n[etns] name }
`;

export const ip: Program = ipAs('6.1.0', false);
/** The applet of busybox 1.36, which tells less. */
export const busyboxIp: Program = ipAs('1.36.1', true);

function ipAs(version: string, busybox: boolean): Program {
  return {
    name: 'ip',
    version,
    *main(process): Task<number> {
      yield* process.work(process.costs.smallToolMicros);
      return yield* run(process, process.argv.slice(1), busybox);
    },
  };
}

function* run(process: Process, args: readonly string[], busybox: boolean): Task<number> {
  const flags = { busybox, brief: false, oneLine: false, statistics: false, details: false };
  let batch: string | undefined;
  let force = false;
  let network = process.kernel.namespaces.network;
  let at = 0;
  for (; at < args.length; at += 1) {
    const word = args[at] as string;
    if (!word.startsWith('-')) break;
    const option = word.replace(/^--?/, '');
    if (option === '') continue;
    if ('oneline'.startsWith(option)) flags.oneLine = true;
    else if ('batch'.startsWith(option)) {
      at += 1;
      batch = args[at] ?? '';
    } else if ('force'.startsWith(option)) force = true;
    else if ('brief'.startsWith(option) && option.length > 1) flags.brief = true;
    else if ('statistics'.startsWith(option) || 'stats'.startsWith(option)) flags.statistics = true;
    else if ('details'.startsWith(option)) flags.details = true;
    else if (option === '4' || option === '0' || option === 'c' || option.startsWith('color'))
      continue;
    else if (option === '6') return 0;
    else if (option === 'V' || option === 'Version') {
      yield* process.print(`${VERSION}\n`);
      return 0;
    } else if ('netns'.startsWith(option)) {
      at += 1;
      const found = findNetns(process, args[at] ?? '');
      if (found === undefined) {
        yield* process.printError(
          `Cannot open network namespace "${args[at] ?? ''}": No such file or directory\n`,
        );
        return 1;
      }
      network = found;
    } else if ('help'.startsWith(option)) {
      yield* process.printError(USAGE);
      return 255;
    } else {
      yield* process.printError(`Option "${word}" is unknown, try "ip -help".\n`);
      return 255;
    }
  }
  const command = { process, network, ...flags };
  if (batch !== undefined) return yield* runBatch(command, batch, force);
  return yield* runObject(command, args.slice(at));
}

/** Commands of a file, one a line, up to the first that fails (lib/utils.c do_batch). */
function* runBatch(command: IpCommand, name: string, force: boolean): Task<number> {
  const { process } = command;
  const text =
    name === '-' ? ok(textOf(yield* readAll(process.stdin))) : process.files.readText(name);
  if (!text.ok) {
    const why = strerror(text.error);
    return yield* refuse(command, `Cannot open file "${name}" for reading: ${why}`);
  }
  let status = 0;
  for (const [index, line] of text.value.split('\n').entries()) {
    const words = line
      .replace(/#.*/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (words.length === 0 || (yield* runObject(command, words)) === 0) continue;
    yield* process.printError(`Command failed ${name}:${index + 1}\n`);
    status = 1;
    if (!force) break;
  }
  return status;
}

function* runObject(command: IpCommand, args: readonly string[]): Task<number> {
  const { process } = command;
  const [object, ...rest] = args;
  if (object === undefined || object === 'help') {
    yield* process.printError(USAGE);
    return 255;
  }
  const name = matchWord(
    object,
    OBJECTS.map(([each]) => each),
  );
  const found = OBJECTS.find(([each]) => each === name);
  if (found === undefined) {
    yield* process.printError(`Object "${object}" is unknown, try "ip help".\n`);
    return 1;
  }
  return yield* found[1](command, rest);
}
