/**
 * A lab: the loop, the trace, the hosts, and the one door through which everything from outside comes
 * in. Base + seed + inputs = the lab: `push` gives an input the next microsecond and logs it; a replay
 * pushes the same inputs at the same times. Nothing else may change a lab.
 */
import { assert } from '../ground/base/assert.ts';
import {
  EventLoop,
  type Micros,
  type RunLimit,
  SECOND,
  type StopReason,
} from '../ground/base/event-loop.ts';
import { Recorder } from '../ground/trace/recorder.ts';
import { buildCluster, type Cluster, type ClusterParts } from './cluster-builder.ts';
import { FaultTable } from './faults.ts';
import type { LabBase, LabInput, SavedLab, TimedInput } from './input-types.ts';
import type { LabCommands, labProgram } from './lab-program.ts';
import { lazyProgram } from './lazy-program.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { isBooted } from './readiness.ts';
import { LEARNER, type LabTerminal, openTerminal, runSetup } from './terminals.ts';

/** What the doors hand in: loaded code. */
export type LabParts = ClusterParts;

export interface LabOptions {
  readonly base: LabBase;
  readonly seed: number;
  readonly parts: LabParts;
  /** Files of the scenario that the base names: the learner's home before the base's own files. */
  readonly home?: Readonly<Record<string, string>>;
  /** Explanations for `lab why`. */
  readonly commands?: LabCommands;
}

/** Version of the engine, for links and files. */
export const ENGINE_VERSION = '0.1.0';
/** A cluster that is not up after this long will not come up; the lab opens as it is. */
const BOOT_MAX: Micros = 600 * SECOND;

export class Lab {
  readonly loop = new EventLoop();
  readonly recorder: Recorder;
  readonly base: LabBase;
  readonly seed: number;
  readonly profile: Profile;
  readonly cluster: Cluster;
  readonly faults: FaultTable;
  readonly terminals = new Map<number, LabTerminal>();
  readonly #inputs: TimedInput[] = [];
  #booted: Micros | undefined;

  constructor(options: LabOptions) {
    this.base = options.base;
    this.seed = options.seed;
    this.profile = PROFILES[options.base.profile];
    this.recorder = new Recorder(this.loop);
    this.cluster = buildCluster({
      loop: this.loop,
      recorder: this.recorder,
      profile: this.profile,
      seed: options.seed,
      workers: options.base.nodes,
      epoch: options.base.epoch ?? this.profile.costs.epoch,
      parts: options.parts,
    });
    this.faults = new FaultTable(this.cluster, this.recorder, () => this.loop.now);
    const commands = options.commands ?? { why: () => '' };
    const { shelf } = options.parts;
    const program = lazyProgram(shelf, 'lab', 'lab', '1', 'at-once', () =>
      shelf.take<typeof labProgram>('lab')(() => this, commands),
    );
    const installed = this.cluster.workstation.files.write('/usr/local/bin/lab', program, 0o755);
    assert(installed.ok, 'the workstation takes the program lab');
    this.#writeHome(options.home ?? {});
    this.#writeHome(options.base.files);
  }

  /** Everything pushed so far. */
  get inputs(): readonly TimedInput[] {
    return this.#inputs;
  }

  /** When every node was Ready, CoreDNS available and the lab quiet; undefined before that. */
  get bootedAt(): Micros | undefined {
    return this.#booted;
  }

  /** Runs at full speed until the cluster is up and quiet. Inputs pushed before are taken in order. */
  boot(): void {
    const limit = this.loop.now + BOOT_MAX;
    const seen = { records: 0, up: false };
    while (this.loop.now < limit) {
      if (!this.bootSlice(limit, seen)) break;
    }
    this.#booted = this.loop.now;
  }

  /** One slice of booting, for doors that must breathe; false when the lab is up. */
  bootSlice(limit: Micros, seen: { up: boolean }): boolean {
    if (!seen.up) {
      this.loop.run({ until: Math.min(limit, this.loop.now + SECOND / 2) });
      seen.up = isBooted(this.cluster);
      return true;
    }
    const reason = this.loop.run({ quiet: true, until: limit, events: 50_000 });
    if (reason === 'count' || reason === 'held') return true;
    this.#booted = this.loop.now;
    return false;
  }

  /** Takes an input: one microsecond after the present, before all else there. */
  push(input: LabInput): TimedInput {
    return this.pushAt(this.loop.now + 1, input);
  }

  /** Takes an input at a time of a log that is replayed. */
  pushAt(time: Micros, input: LabInput): TimedInput {
    const timed = { time, input };
    this.#inputs.push(timed);
    this.loop.input(time, () => {
      this.recorder.record({
        component: input.kind === 'send' || input.kind === 'setup' ? 'scenario' : 'learner',
        verb: 'input',
        object: nameOf(input),
        note: noteOf(input),
        foreground: true,
      });
      this.#apply(input);
    });
    return timed;
  }

  /** Runs up to a time, or as the limit says. */
  run(limit: Parameters<EventLoop['run']>[0]): StopReason {
    return this.loop.run(limit);
  }

  /** The lab as a value: what a link or a file holds. */
  save(view: Readonly<Record<string, string>> = {}, marks: SavedLab['marks'] = []): SavedLab {
    return {
      format: 1,
      engine: ENGINE_VERSION,
      base: this.base,
      seed: this.seed,
      inputs: this.#inputs,
      stop: this.loop.now,
      ...(this.loop.withinInstant ? { events: this.loop.executed } : {}),
      story: this.story,
      marks,
      view,
    };
  }

  /** Event hash, 8 hex digits: same build, same base, seed and inputs, same hash. */
  get traceHash(): string {
    return this.loop.hash.toString(16).padStart(8, '0');
  }

  /** Story hash, 8 hex digits: writes by content, and terminal output. */
  get story(): string {
    return this.recorder.story.toString(16).padStart(8, '0');
  }

  /** Share of a host's CPUs and memory in use, in percent, for the map. */
  usageOf(name: string): { readonly cpuPercent: number; readonly memoryPercent: number } {
    const host = this.cluster.hosts.get(name);
    if (host === undefined || !host.powered) return { cpuPercent: 0, memoryPercent: 0 };
    const usage = host.kernel.cgroupUsage('/');
    const memory = usage.ok ? usage.value.memory : 0;
    return {
      cpuPercent: Math.floor(
        (100 * Math.min(host.system.cpu.running, host.kernel.cpus)) / host.kernel.cpus,
      ),
      memoryPercent: Math.floor((100 * memory) / host.kernel.memoryBytes),
    };
  }

  /** A file of the learner's home; null when it is absent or no text. */
  readHome(path: string): { readonly text: string } | null {
    const text = this.cluster.workstation.files.readText(`${LEARNER.home}/${path}`);
    return text.ok ? { text: text.value } : null;
  }

  /** Files of the learner's home, hidden ones left out, by path. */
  listHome(): readonly string[] {
    const files = this.cluster.workstation.files;
    const visit = (folder: string): readonly string[] => {
      const names = files.list(`${LEARNER.home}/${folder}`);
      if (!names.ok) return [];
      return names.value.flatMap((name) => {
        if (name.startsWith('.')) return [];
        const path = folder === '' ? name : `${folder}/${name}`;
        const stat = files.stat(`${LEARNER.home}/${path}`);
        return stat.ok && stat.value.type === 'directory' ? visit(path) : [path];
      });
    };
    return visit('');
  }

  /** Whether the learner's home can take a file of this name: below it, and not below another file. */
  takesFile(path: string): boolean {
    const parts = path.split('/');
    const named = parts.every(
      (part) => !['', '.', '..'].includes(part) && !part.includes('\0') && part.length < 64,
    );
    if (!named || parts.length > 16) return false;
    const files = this.cluster.workstation.files;
    return parts.every((_, index) => {
      const stat = files.stat(`${LEARNER.home}/${parts.slice(0, index + 1).join('/')}`);
      return !stat.ok || (stat.value.type === 'directory') === index < parts.length - 1;
    });
  }

  #apply(input: LabInput): void {
    const workstation = this.cluster.workstation;
    switch (input.kind) {
      case 'open-terminal': {
        const size = { columns: input.columns, rows: input.rows };
        this.terminals.set(
          input.terminal,
          openTerminal(workstation, this.recorder, input.terminal, size),
        );
        return;
      }
      case 'close-terminal':
        this.terminals.get(input.terminal)?.pty.hangUp();
        return;
      case 'resize':
        this.terminals.get(input.terminal)?.pty.resize(input.columns, input.rows);
        return;
      case 'line':
        this.terminals.get(input.terminal)?.pty.line(input.text);
        return;
      case 'keys':
        this.terminals.get(input.terminal)?.pty.keys(input.text);
        return;
      case 'edited':
        this.terminals.get(input.terminal)?.pty.edited(input.text ?? undefined);
        return;
      case 'file':
        this.#writeFile(input.path, input.text);
        return;
      case 'send':
        this.cluster.sender.send(input.from, input.url, input.times);
        return;
      case 'setup':
        runSetup(workstation, this.recorder, input.text);
        return;
    }
  }

  #writeHome(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) this.#writeFile(path, text);
  }

  #writeFile(path: string, text: string | null): void {
    const files = this.cluster.workstation.files;
    const full = `${LEARNER.home}/${path}`;
    if (text === null) {
      files.removeAll(full);
      return;
    }
    const folder = full.slice(0, full.lastIndexOf('/'));
    files.mkdir(folder, { parents: true });
    const written = files.write(full, text, 0o644);
    assert(written.ok, `the learner's home takes ${path}`);
    for (let at = folder; at.length > LEARNER.home.length; at = at.slice(0, at.lastIndexOf('/'))) {
      files.chown(at, LEARNER.uid, LEARNER.gid);
    }
    files.chown(full, LEARNER.uid, LEARNER.gid);
  }
}

/** Opens a saved lab and replays it to its stop time. */
export function replay(
  saved: SavedLab,
  parts: LabParts,
  home: Readonly<Record<string, string>> = {},
): Lab {
  const lab = new Lab({ base: saved.base, seed: saved.seed, parts, home });
  for (const timed of saved.inputs) lab.pushAt(timed.time, timed.input);
  for (;;) {
    const limit = limitTo(saved, lab.loop, Number.POSITIVE_INFINITY);
    if (limit === undefined || lab.run(limit) === 'time') return lab;
  }
}

/**
 * What is to be run until the stop of a saved lab, at most so many events at once; undefined when it has
 * been reached. Where another engine runs other events, the time decides.
 */
export function limitTo(
  saved: Pick<SavedLab, 'stop' | 'events'>,
  loop: EventLoop,
  most: number,
): RunLimit | undefined {
  const left = (saved.events ?? Number.POSITIVE_INFINITY) - loop.executed;
  if (left > 0) return { until: saved.stop, events: Math.min(most, left) };
  // The next event may be the first of the stop's instant: that one is not to run.
  return loop.now >= saved.stop - 1 ? undefined : { until: saved.stop - 1, events: most };
}

function nameOf(input: LabInput): string {
  if ('terminal' in input) return `terminal/${input.terminal}`;
  if (input.kind === 'file') return `file/${input.path}`;
  return input.kind === 'send' ? `send/${input.from}` : 'setup';
}

function noteOf(input: LabInput): string {
  return input.kind === 'line' || input.kind === 'keys' ? input.text : input.kind;
}
