/** ping of iputils 20221126, and busybox's. Replies as they come, statistics at the end or at Ctrl-C. */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip, parseIp } from '../../ground/base/ip.ts';
import type { Result } from '../../ground/base/result.ts';
import { anyOf, Condition, type Task } from '../../ground/base/task.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { PingReply } from '../../machines/network/socket.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { resolveAddress, resolveErrorText, resolveHost } from '../../machines/machine/resolver.ts';
import { defineTool, parseOptions, type ParsedOptions } from './support.ts';

/** How long a lost reply is waited for after the last request (MAXWAIT). */
const LINGER = 10 * SECOND;
const TTL_MAX = 255;

interface Style {
  readonly busybox: boolean;
  head(name: string, ip: Ip, size: number): string;
  reply(from: string, sequence: number, reply: PingReply, size: number): string;
  /** An ICMP error; empty when it is not told. */
  error(from: string, sequence: number, reason: string): string;
  summary(run: PingRun): string;
}

/** Counters of one run. */
class PingRun {
  readonly name: string;
  sent = 0;
  received = 0;
  errors = 0;
  /** Requests on their way, and the most that there were when one was answered. */
  open = 0;
  pipe = 0;
  took: Micros = 0;
  readonly times: Micros[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

const UNREACHABLE: Readonly<Record<NonNullable<PingReply['unreachable']>, string>> = {
  net: 'Destination Net Unreachable',
  host: 'Destination Host Unreachable',
  port: 'Destination Port Unreachable',
  prohibited: 'Packet filtered',
  ttl: 'Time to live exceeded',
};

/** Three places below ten milliseconds less for each power of ten above one. */
function shortTime(micros: Micros): string {
  const whole = Math.floor(micros / 1000);
  const rest = micros % 1000;
  if (micros >= 100_000) return String(whole);
  if (micros >= 10_000) return `${whole}.${Math.floor(rest / 100)}`;
  if (micros >= 1000) return `${whole}.${String(Math.floor(rest / 10)).padStart(2, '0')}`;
  return `${whole}.${String(rest).padStart(3, '0')}`;
}

function thousandths(micros: Micros): string {
  return `${Math.floor(micros / 1000)}.${String(Math.floor(micros) % 1000).padStart(3, '0')}`;
}

function lossOf(run: PingRun): string {
  if (run.sent === 0) return '0';
  const lost = ((run.sent - run.received) * 100) / run.sent;
  const text = String(Math.floor(lost * 10_000) / 10_000);
  return text;
}

const IPUTILS: Style = {
  busybox: false,
  head: (name, ip, size) => `PING ${name} (${formatIp(ip)}) ${size}(${size + 28}) bytes of data.\n`,
  reply: (from, sequence, reply, size) =>
    `${size + 8} bytes from ${from}: icmp_seq=${sequence} ttl=${reply.ttl} time=${shortTime(reply.time)} ms\n`,
  error: (from, sequence, reason) => `From ${from} icmp_seq=${sequence} ${reason}\n`,
  summary(run) {
    const errors = run.errors === 0 ? '' : `+${run.errors} errors, `;
    const lines = [
      '',
      `--- ${run.name} ping statistics ---`,
      `${run.sent} packets transmitted, ${run.received} received, ${errors}${lossOf(run)}% packet loss, time ${Math.floor(run.took / 1000)}ms`,
    ];
    const pipe = run.pipe > 1 ? `pipe ${run.pipe}` : '';
    if (run.times.length > 0) {
      const { least, average, most, deviation } = spread(run.times);
      lines.push(
        `rtt min/avg/max/mdev = ${thousandths(least)}/${thousandths(average)}/${thousandths(most)}/${thousandths(deviation)} ms${pipe === '' ? '' : `, ${pipe}`}`,
      );
    } else lines.push(pipe);
    return `${lines.join('\n')}\n`;
  },
};

const BUSYBOX: Style = {
  busybox: true,
  head: (name, ip, size) => `PING ${name} (${formatIp(ip)}): ${size} data bytes\n`,
  reply: (from, sequence, reply, size) =>
    `${size + 8} bytes from ${from}: seq=${sequence - 1} ttl=${reply.ttl} time=${thousandths(reply.time)} ms\n`,
  error: () => '',
  summary(run) {
    const loss = run.sent === 0 ? 0 : Math.floor(((run.sent - run.received) * 100) / run.sent);
    const lines = [
      '',
      `--- ${run.name} ping statistics ---`,
      `${run.sent} packets transmitted, ${run.received} packets received, ${loss}% packet loss`,
    ];
    if (run.times.length > 0) {
      const { least, average, most } = spread(run.times);
      lines.push(
        `round-trip min/avg/max = ${thousandths(least)}/${thousandths(average)}/${thousandths(most)} ms`,
      );
    }
    return `${lines.join('\n')}\n`;
  },
};

function spread(times: readonly Micros[]): {
  least: number;
  average: number;
  most: number;
  deviation: number;
} {
  let least = times[0] ?? 0;
  let most = 0;
  let sum = 0;
  let squares = 0;
  for (const time of times) {
    least = Math.min(least, time);
    most = Math.max(most, time);
    sum += time;
    squares += time * time;
  }
  const average = Math.floor(sum / times.length);
  const deviation = Math.floor(
    Math.sqrt(Math.max(0, Math.floor(squares / times.length) - average * average)),
  );
  return { least, average, most, deviation };
}

export const ping: Program = defineTool('ping', (process, args) => main(process, args, IPUTILS));
export const busyboxPing: Program = defineTool('ping', (process, args) =>
  main(process, args, BUSYBOX),
);

interface Settings {
  readonly count: number;
  readonly interval: Micros;
  readonly deadline: Micros | undefined;
  readonly linger: Micros;
  readonly size: number;
  readonly ttl: number | undefined;
  readonly quiet: boolean;
}

function* main(process: Process, args: readonly string[], style: Style): Task<number> {
  const options = parseOptions(args, { short: 'c:W:w:i:t:s:nqv4I:' });
  if (!options.ok) {
    yield* process.printError(`ping: ${options.error}\n`);
    return style.busybox ? 1 : 2;
  }
  const settings = readSettings(options.value);
  if (typeof settings === 'string') {
    yield* process.printError(`ping: ${settings}\n`);
    return 2;
  }
  const name = options.value.operands.at(-1);
  if (name === undefined) {
    yield* process.printError(
      style.busybox
        ? 'BusyBox v1.36.1 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n'
        : 'ping: usage error: Destination address required\n',
    );
    return 1;
  }
  const found = yield* resolveHost(process, name);
  const ip = found.ok ? found.value[0] : undefined;
  if (ip === undefined) {
    const why = found.ok ? 'Name or service not known' : resolveErrorText(found.error);
    yield* process.printError(
      style.busybox ? `ping: bad address '${name}'\n` : `ping: ${name}: ${why}\n`,
    );
    return style.busybox ? 1 : 2;
  }
  const numeric = style.busybox || options.value.has('n') || parseIp(name) !== undefined;
  return yield* new Pinger(process, style, settings, name, ip, numeric).run();
}

function readSettings(options: ParsedOptions): Settings | string {
  const number = (key: string, fallback: number): number => Number(options.get(key) ?? fallback);
  const count = number('c', Number.POSITIVE_INFINITY);
  const interval = Math.floor(number('i', 1) * SECOND);
  const ttl = options.get('t');
  if (Number.isNaN(count) || count < 1) return `invalid argument: '${options.get('c')}'`;
  if (Number.isNaN(interval) || interval < 2000)
    return `option argument contains garbage: ${options.get('i')}`;
  if (ttl !== undefined && !(Number(ttl) >= 1 && Number(ttl) <= TTL_MAX))
    return `invalid argument: '${ttl}': out of range: 0 <= value <= 255`;
  const deadline = options.get('w');
  const linger = options.get('W');
  return {
    count,
    interval,
    deadline: deadline === undefined ? undefined : Number(deadline) * SECOND,
    linger: linger === undefined ? LINGER : Math.floor(Number(linger) * SECOND),
    size: number('s', 56),
    ttl: ttl === undefined ? undefined : Number(ttl),
    quiet: options.has('q'),
  };
}

class Pinger {
  readonly #process: Process;
  readonly #style: Style;
  readonly #settings: Settings;
  readonly #ip: Ip;
  readonly #numeric: boolean;
  readonly #run: PingRun;
  readonly #arrived = new Condition('a reply');
  #fatal: Errno | undefined;

  constructor(
    process: Process,
    style: Style,
    settings: Settings,
    name: string,
    ip: Ip,
    numeric: boolean,
  ) {
    this.#process = process;
    this.#style = style;
    this.#settings = settings;
    this.#ip = ip;
    this.#numeric = numeric;
    this.#run = new PingRun(name);
  }

  *run(): Task<number> {
    const process = this.#process;
    const { count, interval, deadline } = this.#settings;
    const run = this.#run;
    yield* process.print(this.#style.head(run.name, this.#ip, this.#settings.size));
    const began = process.clock.monotonic();
    let stopped = false;
    let next = began;
    let last = began;
    while (!stopped && this.#fatal === undefined && !this.#isDone()) {
      const now = process.clock.monotonic();
      if (deadline !== undefined && now - began >= deadline) break;
      if (run.sent < count && now >= next) {
        run.sent += 1;
        run.open += 1;
        process.start(`echo ${run.sent}`, this.#echo(run.sent));
        last = now;
        next = now + interval;
        continue;
      }
      const until = run.sent < count ? next : next - interval + this.#settings.linger;
      if (run.sent >= count && now >= until) break;
      const wake = deadline === undefined ? until : Math.min(until, began + deadline);
      const first = yield* anyOf([process.terminated, this.#arrived], Math.max(0, wake - now));
      stopped = first.index === 0;
    }
    if (this.#fatal !== undefined) {
      yield* process.printError(
        this.#style.busybox
          ? `ping: sendto: ${strerror(this.#fatal)}\n`
          : `ping: connect: ${strerror(this.#fatal)}\n`,
      );
      return this.#style.busybox ? 1 : 2;
    }
    // The time of the last request, not of the last answer.
    run.took = last - began;
    yield* process.print(this.#style.summary(run));
    return run.received > 0 ? 0 : 1;
  }

  /** Everything that was to be sent has been answered. */
  #isDone(): boolean {
    return this.#run.sent >= this.#settings.count && this.#run.open === 0;
  }

  *#echo(sequence: number): Task<void> {
    const { ttl, linger, quiet, size } = this.#settings;
    const run = this.#run;
    const answered: Result<PingReply, Errno> = yield* this.#process.net.ping(this.#ip, {
      sequence,
      deadline: Math.max(linger, LINGER),
      ...(ttl === undefined ? {} : { ttl }),
    });
    if (!answered.ok) {
      // A reply that never comes keeps its place among those on their way.
      if (answered.error !== 'ETIMEDOUT') this.#fatal = answered.error;
      this.#arrived.notify();
      return;
    }
    const reply = answered.value;
    // How many were on their way is seen when one comes back.
    run.pipe = Math.max(run.pipe, run.sent - sequence + 1);
    const from = yield* this.#nameOf(reply.source);
    if (reply.unreachable === undefined) {
      run.received += 1;
      run.times.push(reply.time);
      if (!quiet) yield* this.#process.print(this.#style.reply(from, sequence, reply, size));
    } else {
      run.errors += 1;
      if (!quiet)
        yield* this.#process.print(
          this.#style.error(from, sequence, UNREACHABLE[reply.unreachable]),
        );
    }
    run.open -= 1;
    this.#arrived.notify();
  }

  *#nameOf(ip: Ip): Task<string> {
    const text = formatIp(ip);
    if (this.#numeric) return text;
    const name = yield* resolveAddress(this.#process, ip);
    return name === undefined ? text : `${name} (${text})`;
  }
}
