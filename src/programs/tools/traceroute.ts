/** traceroute 2.1: three probes a hop, each hop the router that let them expire. */
import { SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { PingReply } from '../../machines/network/socket.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { resolveAddress, resolveErrorText, resolveHost } from '../../machines/machine/resolver.ts';
import { defineTool, parseOptions } from './support.ts';

export const traceroute = tracer(
  (name, why, count) =>
    `${name}: ${why}\nCannot handle "host" cmdline arg \`${name}' on position 1 (argc ${count})\n`,
  60,
);

/** The program, with what it says of an unknown host and the size of its probes. */
export function tracer(
  unknown: (name: string, why: string, count: number) => string,
  size: number,
): Program {
  return defineTool('traceroute', (process, args) => trace(process, args, unknown, size));
}

function* trace(
  process: Process,
  args: readonly string[],
  unknown: (name: string, why: string, count: number) => string,
  size: number,
): Task<number> {
  const options = parseOptions(args, { short: 'nITUm:q:w:4' });
  if (!options.ok) {
    yield* process.printError(`${options.error}\n`);
    return 2;
  }
  const name = options.value.operands[0];
  if (name === undefined) {
    yield* process.printError(
      'Usage:\n  traceroute [ -4nIT ] [ -m max_ttl ] [ -q nqueries ] [ -w wait ] host\n',
    );
    return 2;
  }
  const found = yield* resolveHost(process, name);
  const target = found.ok ? found.value[0] : undefined;
  if (target === undefined) {
    const why = found.ok ? 'No address' : resolveErrorText(found.error);
    yield* process.printError(unknown(name, why, args.length));
    return size === 60 ? 2 : 1;
  }
  const hops = Number(options.value.get('m') ?? 30);
  yield* process.print(
    `traceroute to ${name} (${formatIp(target)}), ${hops} hops max, ${size} byte packets\n`,
  );
  const probe = {
    target,
    probes: Number(options.value.get('q') ?? 3),
    wait: Math.floor(Number(options.value.get('w') ?? 5) * SECOND),
    numeric: options.value.has('n'),
    apart: size !== 60,
  };
  for (let ttl = 1; ttl <= hops; ttl += 1) {
    const reached = yield* hop(process, ttl, probe);
    if (reached !== 'on') return reached === 'there' ? 0 : 1;
  }
  return 0;
}

interface Probe {
  readonly target: Ip;
  readonly probes: number;
  readonly wait: number;
  readonly numeric: boolean;
  readonly apart: boolean;
}

const MARKS: Readonly<Record<NonNullable<PingReply['unreachable']>, string>> = {
  net: ' !N',
  host: ' !H',
  port: '',
  prohibited: ' !X',
  ttl: '',
};

/** One line; `there` when the target, or an end of the way, has answered. */
function* hop(process: Process, ttl: number, probe: Probe): Task<'on' | 'there' | 'failed'> {
  // The applet sets all apart by two blanks, the other one its first column only.
  const gap = probe.apart ? '  ' : ' ';
  let line = `${String(ttl).padStart(2)}${probe.apart ? '' : ' '}`;
  let shown: Ip | undefined;
  let over = false;
  for (let index = 0; index < probe.probes; index += 1) {
    const answered = yield* process.net.ping(probe.target, {
      ttl,
      sequence: ttl * probe.probes + index,
      deadline: probe.wait,
    });
    if (!answered.ok) {
      if (answered.error !== 'ETIMEDOUT') {
        yield* process.printError(`connect: ${strerror(answered.error)}\n`);
        return 'failed';
      }
      line += probe.apart ? '  *' : ' *';
      continue;
    }
    const { source, time, unreachable } = answered.value;
    if (source !== shown) {
      const text = formatIp(source);
      const name = probe.numeric ? undefined : ((yield* resolveAddress(process, source)) ?? text);
      line += probe.numeric ? `${gap}${text}` : `${gap}${name} (${text})`;
      shown = source;
    }
    line += `  ${Math.floor(time / 1000)}.${String(time % 1000).padStart(3, '0')} ms${unreachable === undefined ? '' : MARKS[unreachable]}`;
    if (unreachable !== 'ttl') over = true;
  }
  yield* process.print(`${line}\n`);
  return over ? 'there' : 'on';
}
