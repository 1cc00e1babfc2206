/** The `ip` program: objects, options, and the namespace that they apply to. (iproute2 6.1, ip/ip.c) */
import type { Task } from '../../../ground/base/task.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import { ipAddress } from './address.ts';
import { ipLink } from './link.ts';
import { ipNeighbour, ipRule } from './neighbour.ts';
import { findNetns, ipNetns } from './netns.ts';
import { ipRoute } from './route.ts';
import { type IpCommand, matchWord } from './support.ts';

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
                    -4 | -o[neline] | -br[ief] | -n[etns] name }
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
  let network = process.kernel.namespaces.network;
  let at = 0;
  for (; at < args.length; at += 1) {
    const word = args[at] as string;
    if (!word.startsWith('-')) break;
    const option = word.replace(/^--?/, '');
    if (option === '') continue;
    if ('oneline'.startsWith(option)) flags.oneLine = true;
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
  const [object, ...rest] = args.slice(at);
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
  return yield* found[1]({ process, network, ...flags }, rest);
}
