/**
 * busybox 1.36 where its network applets print otherwise than the programs they are named after: nc (the
 * 1.10 compatible one), telnet, traceroute, arp. Modelled on networking/nc_bloaty.c, telnet.c,
 * traceroute.c, arp.c. Not modelled: telnet's options of the protocol, nc's -e, -o, -i, -b and -s.
 */
import { SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip, parseIp } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { resolveHost } from '../../machines/machine/resolver.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import { strerror } from '../../machines/network/errno.ts';
import { nc, relay } from './nc.ts';
import { defineTool, parseOptions } from './support.ts';
import { tracer } from './traceroute.ts';

/** An address, or the complaint of every applet. */
function* addressOf(process: Process, applet: string, name: string): Task<Ip | undefined> {
  const found = yield* resolveHost(process, name);
  if (found.ok && found.value[0] !== undefined) return found.value[0];
  yield* process.printError(`${applet}: bad address '${name}'\n`);
  return undefined;
}

const NC_USAGE = `BusyBox v1.36.1 (2024-06-07 01:26:14 UTC) multi-call binary.

Usage: nc [OPTIONS] HOST PORT  - connect
nc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen
`;

/** Connections are this one's; listening and UDP are as in the other nc. */
export const busyboxNc = defineTool('nc', function* run(process, args) {
  const options = parseOptions(args, { short: 'lknuvzw:p:' });
  if (!options.ok) {
    yield* process.printError(`nc: ${options.error}\n${NC_USAGE}`);
    return 1;
  }
  const given = options.value;
  if (given.has('l') || given.has('u')) return yield* nc.main(process);
  const [name, written] = given.operands;
  if (name === undefined || written === undefined) {
    yield* process.printError(NC_USAGE);
    return 1;
  }
  if (!/^\d+$/.test(written) || Number(written) > 65_535) {
    yield* process.printError(`nc: bad port '${written}'\n`);
    return 1;
  }
  const ip = yield* addressOf(process, 'nc', name);
  if (ip === undefined) return 1;
  const where = `${name} (${formatIp(ip)}:${written})`;
  const wait = given.get('w');
  const dialled = yield* process.net.connect(
    ip,
    Number(written),
    wait === undefined ? {} : { deadline: Number(wait) * SECOND },
  );
  const loud =
    args
      .filter((arg) => /^-[a-z]*v/.test(arg))
      .join('')
      .split('v').length - 1;
  if (!dialled.ok) {
    // A refusal is told only to those who ask twice.
    if (loud > 1 || (loud > 0 && dialled.error !== 'ECONNREFUSED')) {
      const why = dialled.error === 'ETIMEDOUT' ? 'Connection timed out' : strerror(dialled.error);
      yield* process.printError(`nc: ${where}: ${why}\n`);
    }
    return 1;
  }
  if (loud > 0) yield* process.printError(`${where} open\n`);
  if (given.has('z')) {
    dialled.value.close();
    return 0;
  }
  return yield* relay(process, dialled.value, given);
});

export const busyboxTelnet = defineTool('telnet', function* run(process, args) {
  const [name, written = '23'] = args;
  if (name === undefined || name.startsWith('-')) {
    yield* process.printError(
      'BusyBox v1.36.1 (2024-06-07 01:26:14 UTC) multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]\n',
    );
    return 1;
  }
  if (!/^\d+$/.test(written) || Number(written) > 65_535) {
    yield* process.printError(`telnet: bad port '${written}'\n`);
    return 1;
  }
  const ip = yield* addressOf(process, 'telnet', name);
  if (ip === undefined) return 1;
  const dialled = yield* process.net.connect(ip, Number(written));
  if (!dialled.ok) {
    yield* process.printError(
      `telnet: can't connect to remote host (${formatIp(ip)}): ${strerror(dialled.error)}\n`,
    );
    return 1;
  }
  const connection = dialled.value;
  yield* process.print(`Connected to ${name}\n`);
  process.start(
    'input',
    function* input(): Task<void> {
      for (;;) {
        const read = yield* process.stdin.read();
        // The end of its input ends it at once.
        if (!read.ok || read.value === undefined) yield* process.exit(0);
        else if (!(yield* connection.send(read.value)).ok) return;
      }
    }.call(undefined),
  );
  for (;;) {
    const received = yield* connection.receive();
    if (!received.ok || received.value === undefined) break;
    yield* process.stdout.write(bytesOf(received.value));
  }
  yield* process.printError('Connection closed by foreign host\n');
  return 1;
});

export const busyboxTraceroute = tracer((name) => `traceroute: bad address '${name}'\n`, 46);

export const busyboxArp = defineTool('arp', function* run(process, args) {
  const wanted = args.find((arg) => parseIp(arg) !== undefined);
  const all = process.kernel.namespaces.network.neighbours();
  const shown = all.filter(({ ip }) => wanted === undefined || formatIp(ip) === wanted);
  if (wanted !== undefined && shown.length === 0) {
    yield* process.print(`No match found in ${all.length} entries\n`);
    return 0;
  }
  const lines = shown.map(
    ({ ip, mac, device }) => `? (${formatIp(ip)}) at ${mac} [ether]  on ${device}\n`,
  );
  yield* process.print(lines.join(''));
  return 0;
});
