/**
 * Faults: what somebody outside breaks and mends. A fault is one change in one place (a link, a host's
 * power, a process), and every consequence is the model's own. The lab keeps them, so they can be made
 * and removed while the API server is the thing that is broken. They are made by the workstation's
 * `lab fault …` commands, so they are inputs like any other typed line.
 */
import { err, ok, type Result } from '../ground/base/result.ts';
import type { Recorder } from '../ground/trace/recorder.ts';
import type { Host } from '../machines/machine/host.ts';
import type { Cluster } from './cluster-builder.ts';

export interface Fault {
  readonly name: string;
  /** As `lab fault get` and the status bar say it: `cut node-1 node-2`. */
  readonly text: string;
  /** `node-1`, `node-1 node-2`, `cp-1 kube-scheduler`. */
  readonly target: string;
  readonly since: number;
}

/** A fault that was removed. */
export interface MendedFault extends Fault {
  readonly until: number;
}

interface ActiveFault extends Fault {
  readonly mend: () => void;
}

/** Removed faults that are remembered. */
const MENDED_MAX = 100;

export class FaultTable {
  readonly #cluster: Cluster;
  readonly #recorder: Recorder;
  readonly #now: () => number;
  readonly #active = new Map<string, ActiveFault>();
  readonly #mended: MendedFault[] = [];
  #count = 0;

  constructor(cluster: Cluster, recorder: Recorder, now: () => number) {
    this.#cluster = cluster;
    this.#recorder = recorder;
    this.#now = now;
  }

  list(): readonly Fault[] {
    return [...this.#active.values()];
  }

  /** Those that were removed, the newest last: for looks into the past. */
  mended(): readonly MendedFault[] {
    return this.#mended;
  }

  /** Whether a host has, or at an earlier time had, power. */
  hadPower(name: string, at: number): boolean {
    const host = this.#cluster.hosts.get(name);
    if (host === undefined || at >= this.#now()) return host?.powered === true;
    const off = (fault: Fault): boolean => fault.text === `power-off ${name}` && fault.since <= at;
    return (
      ![...this.#active.values()].some(off) &&
      !this.#mended.some((one) => off(one) && one.until > at)
    );
  }

  /** Cuts the power of a host until it is removed. */
  powerOff(name: string): Result<Fault, string> {
    const host = this.#host(name);
    if (!host.ok) return host;
    if (!host.value.powered) return err(`${name} has no power already`);
    return this.#add(
      `power-off ${name}`,
      name,
      () => host.value.powerOff(),
      () => host.value.boot(),
    );
  }

  /** Stops every process of a host where it stands, as a paused virtual machine. */
  freeze(name: string): Result<Fault, string> {
    const host = this.#host(name);
    if (!host.ok) return host;
    return this.#add(
      `freeze ${name}`,
      name,
      () => host.value.freeze(),
      () => host.value.unfreeze(),
    );
  }

  /** Cuts the way between two hosts, both ways or only from the first to the second. */
  cut(from: string, to: string, oneWay: boolean): Result<Fault, string> {
    const pair = this.#pair(from, to);
    if (!pair.ok) return pair;
    const [a, b] = pair.value;
    const fabric = this.#cluster.fabric;
    const cut = (value: boolean): void => {
      fabric.setFault(a.port, b.port, { cut: value });
      if (!oneWay) fabric.setFault(b.port, a.port, { cut: value });
    };
    return this.#add(
      `cut ${from} ${to}${oneWay ? ' --one-way' : ''}`,
      `${from} ${to}`,
      () => cut(true),
      () => cut(false),
    );
  }

  /** Loses packets (percent) or delays them (microseconds, with jitter) between two hosts, both ways. */
  degrade(
    from: string,
    to: string,
    change: { readonly loss?: number; readonly delay?: number; readonly jitter?: number },
    text: string,
  ): Result<Fault, string> {
    const pair = this.#pair(from, to);
    if (!pair.ok) return pair;
    const [a, b] = pair.value;
    const fabric = this.#cluster.fabric;
    const clear = {
      ...('loss' in change ? { loss: 0 } : {}),
      ...('delay' in change ? { delay: 0, jitter: 0 } : {}),
    };
    const set = (value: object): void => {
      fabric.setFault(a.port, b.port, value);
      fabric.setFault(b.port, a.port, value);
    };
    return this.#add(
      text,
      `${from} ${to}`,
      () => set(change),
      () => set(clear),
    );
  }

  /** Makes a host's disk so many times slower. */
  slowDisk(name: string, factor: number): Result<Fault, string> {
    const host = this.#host(name);
    if (!host.ok) return host;
    return this.#add(
      `slow-disk ${name} ${factor}`,
      name,
      () => {
        host.value.diskFactor = factor;
      },
      () => {
        host.value.diskFactor = 1;
      },
    );
  }

  /** Sets a host's wall clock off, in microseconds. */
  skewClock(name: string, skew: number): Result<Fault, string> {
    const host = this.#host(name);
    if (!host.ok) return host;
    return this.#add(
      `clock-skew ${name} ${skew / 1_000_000}s`,
      name,
      () => host.value.setClock(skew),
      () => host.value.setClock(0),
    );
  }

  /** Mends a fault by name, or all with the empty name. */
  remove(name: string): Result<readonly string[], string> {
    const names = name === '' ? [...this.#active.keys()] : [name];
    for (const one of names) {
      const fault = this.#active.get(one);
      if (fault === undefined) return err(`fault "${one}" not found`);
      this.#active.delete(one);
      const { text, target, since } = fault;
      this.#mended.push({ name: one, text, target, since, until: this.#now() });
      if (this.#mended.length > MENDED_MAX) this.#mended.shift();
      this.#recorder.record({
        component: 'lab',
        verb: 'fault',
        object: fault.target,
        note: `removed ${fault.text}`,
        foreground: true,
      });
      fault.mend();
    }
    return ok(names);
  }

  #add(text: string, target: string, inflict: () => void, mend: () => void): Result<Fault, string> {
    this.#count += 1;
    const fault = { name: `fault-${this.#count}`, text, target, since: this.#now(), mend };
    this.#active.set(fault.name, fault);
    this.#recorder.record({
      component: 'lab',
      verb: 'fault',
      object: target,
      note: text,
      foreground: true,
    });
    inflict();
    return ok(fault);
  }

  #host(name: string): Result<Host, string> {
    const host = this.#cluster.hosts.get(name);
    if (host === undefined || name === 'workstation')
      return err(
        `no host "${name}": ${[...this.#cluster.hosts.keys()].filter((one) => one !== 'workstation').join(', ')}`,
      );
    return ok(host);
  }

  #pair(from: string, to: string): Result<readonly [Host, Host], string> {
    const hosts = this.#cluster.hosts;
    const [a, b] = [hosts.get(from), hosts.get(to)];
    if (a === undefined || b === undefined) {
      return err(`no host "${a === undefined ? from : to}": ${[...hosts.keys()].join(', ')}`);
    }
    return a === b ? err('a link needs two hosts') : ok([a, b]);
  }
}
