/**
 * The units of a host: what systemd knows of its unit files, and the jobs on them. Files are looked
 * up in /etc/systemd/system, /run/systemd/system and /lib/systemd/system, with drop-ins; a file that
 * changed after it was loaded counts only after `daemonReload`, as in the real system. Units are
 * services and targets; other kinds are `not-found`.
 */
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { Deferred, type Task } from '../../ground/base/task.ts';
import { compareText, sortedText } from '../../ground/base/text.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Journal } from './journal.ts';
import type { ExitStatus, Signal } from './process.ts';
import type { RunningProcess } from './running-process.ts';
import { type ActiveState, Service, type ServiceResult } from './service.ts';
import type { System } from './system.ts';
import { lastValue, names, parseUnit, type UnitValues, unknownKeys } from './unit-file.ts';

const FOLDERS = ['/etc/systemd/system', '/run/systemd/system', '/lib/systemd/system'];
const DEFAULT_TARGET = 'multi-user.target';

/** Everything that `systemctl status` and `show` print of a unit. */
export interface UnitStatus {
  readonly name: string;
  readonly description: string;
  readonly loadState: 'loaded' | 'not-found' | 'masked' | 'bad-setting';
  /** Where its file stands. */
  readonly path: string;
  readonly dropIns: readonly string[];
  readonly enabled: 'enabled' | 'disabled' | 'static' | 'masked' | '';
  readonly active: ActiveState;
  readonly sub: string;
  readonly result: ServiceResult;
  readonly since: WallTime | undefined;
  /** 0 when it does not run. */
  readonly mainPid: number;
  readonly comm: string;
  readonly lastMain: { readonly pid: number; readonly status: ExitStatus } | undefined;
  readonly memory: number;
  readonly tasks: number;
  readonly cpu: number;
  readonly cgroup: string;
  readonly restarts: number;
  readonly documentation: readonly string[];
  /** Processes in its cgroup, for the tree of `status`. */
  readonly processes: readonly { readonly pid: number; readonly command: string }[];
  /** The file changed on disk since it was loaded. */
  readonly needsReload: boolean;
  readonly values: UnitValues;
}

/** Why a job on a unit failed; systemctl prints its own words around these. */
export type UnitError =
  | 'not-found'
  | 'failed'
  | 'masked'
  | 'bad-setting'
  | 'not-permitted'
  | 'no-install';

interface Loaded {
  readonly path: string;
  readonly texts: readonly string[];
  readonly dropIns: readonly string[];
  readonly values: UnitValues;
  readonly service: Service | undefined;
  /** Of a target: when it was reached. */
  reached: WallTime | undefined;
}

export class UnitTable {
  readonly #system: System;
  readonly #units = new Map<string, Loaded>();
  readonly #jobs = new Map<string, Deferred<boolean>>();

  constructor(system: System) {
    this.#system = system;
  }

  /** The host's journal, for journalctl and the log tail of `status`. */
  get journal(): Journal {
    return this.#system.journal;
  }

  get #init(): RunningProcess {
    return this.#system.pids.init as RunningProcess;
  }

  /** Units that are loaded, and those that have files, in byte order. */
  list(): readonly UnitStatus[] {
    const all = new Set(this.#units.keys());
    for (const folder of FOLDERS) {
      const files = this.#init.files.list(folder);
      if (files.ok) for (const name of files.value) if (isUnit(name)) all.add(name);
    }
    return sortedText(all).map((name) => this.status(name));
  }

  /** `name` without a suffix is a service. */
  status(name: string): UnitStatus {
    const unit = fullName(name);
    const loaded = this.#load(unit);
    if (loaded === undefined || loaded === 'masked') return this.#absent(unit, loaded);
    const service = loaded.service;
    const group = service === undefined ? undefined : this.#system.cgroups.find(service.cgroup);
    const processes = (group?.all() ?? []).sort((a, b) => a.hostPid - b.hostPid);
    this.#system.cpu.settle();
    const active = service?.active ?? (loaded.reached === undefined ? 'inactive' : 'active');
    const now = this.#read(unit);
    const mainPid = service?.main?.pid ?? 0;
    return {
      name: unit,
      description: lastValue(loaded.values, 'Unit.Description') ?? unit,
      loadState:
        service !== undefined && !loaded.values.has('Service.ExecStart') ? 'bad-setting' : 'loaded',
      path: loaded.path,
      dropIns: loaded.dropIns,
      enabled: this.#enabledState(unit, loaded.values),
      active,
      sub: service?.sub ?? (active === 'active' ? 'active' : 'dead'),
      result: service?.result ?? 'success',
      since: service === undefined ? loaded.reached : service.since,
      mainPid,
      comm: this.#system.pids.processes.get(mainPid)?.comm ?? '',
      lastMain: service?.lastMain,
      memory: group?.memory ?? 0,
      tasks: processes.length,
      cpu: Math.floor(group?.cpu ?? 0),
      cgroup: service?.cgroup ?? '',
      restarts: service?.restarts ?? 0,
      documentation: names(loaded.values, 'Unit.Documentation'),
      processes: processes.map((process) => ({
        pid: process.hostPid,
        command: process.argv.join(' '),
      })),
      needsReload:
        now !== undefined && now !== 'masked' && now.texts.join('\0') !== loaded.texts.join('\0'),
      values: loaded.values,
    };
  }

  #absent(name: string, kind: 'masked' | undefined): UnitStatus {
    return {
      name,
      description: name,
      loadState: kind ?? 'not-found',
      path: '',
      dropIns: [],
      enabled: kind === 'masked' ? 'masked' : '',
      active: 'inactive',
      sub: 'dead',
      result: 'success',
      since: undefined,
      mainPid: 0,
      comm: '',
      lastMain: undefined,
      memory: 0,
      tasks: 0,
      cpu: 0,
      cgroup: '',
      restarts: 0,
      documentation: [],
      processes: [],
      needsReload: false,
      values: new Map(),
    };
  }

  /** The text of its files, as `systemctl cat` shows them. */
  cat(
    name: string,
  ): Result<readonly { readonly path: string; readonly text: string }[], UnitError> {
    const read = this.#read(fullName(name));
    if (read === undefined) return err('not-found');
    if (read === 'masked') return err('masked');
    return ok(
      [read.path, ...read.dropIns].map((path, at) => ({ path, text: read.texts[at] as string })),
    );
  }

  // ---- jobs

  /** Starts a unit with what it wants and requires; waits until it has started. */
  *start(name: string): Task<Result<void, UnitError>> {
    const unit = fullName(name);
    const loaded = this.#load(unit);
    if (loaded === undefined) return err('not-found');
    if (loaded === 'masked') return err('masked');
    if (loaded.service !== undefined && !loaded.values.has('Service.ExecStart'))
      return err('bad-setting');
    const all = this.#transaction(unit);
    const jobs = all.map((each) => this.#startJob(each, all));
    const job = jobs[all.indexOf(unit)];
    const started = job === undefined ? false : yield* job.wait();
    return started ? DONE : err('failed');
  }

  *stop(name: string): Task<Result<void, UnitError>> {
    const unit = fullName(name);
    const loaded = this.#load(unit);
    if (loaded === undefined) return err('not-found');
    if (loaded === 'masked') return err('masked');
    for (const [other, theirs] of [...this.#units]) {
      const requires = names(theirs.values, 'Unit.Requires').includes(unit);
      if (requires && theirs.service?.active === 'active') yield* this.stop(other);
    }
    if (loaded.service !== undefined) yield* loaded.service.stop();
    else loaded.reached = undefined;
    return DONE;
  }

  *restart(name: string): Task<Result<void, UnitError>> {
    const stopped = yield* this.stop(name);
    if (!stopped.ok) return stopped;
    return yield* this.start(name);
  }

  /** Sends a signal to the processes of a unit (systemctl kill). */
  kill(name: string, signal: Signal): Result<void, UnitError> {
    const loaded = this.#load(fullName(name));
    if (loaded === undefined || loaded === 'masked') return err('not-found');
    const group = this.#system.cgroups.find(loaded.service?.cgroup ?? '/nowhere');
    for (const process of group?.all() ?? [])
      this.#system.processes.deliver(process, signal, undefined);
    return DONE;
  }

  resetFailed(name: string): Result<void, UnitError> {
    const loaded = this.#load(fullName(name));
    if (loaded === undefined || loaded === 'masked') return err('not-found');
    loaded.service?.reset();
    return DONE;
  }

  /** Makes the links of its [Install] section; gives them as `link → target` for systemctl's output. */
  enable(
    name: string,
  ): Result<readonly { readonly link: string; readonly target: string }[], UnitError> {
    const unit = fullName(name);
    const loaded = this.#load(unit);
    if (loaded === undefined) return err('not-found');
    if (loaded === 'masked') return err('masked');
    const links = this.#installLinks(unit, loaded.values);
    if (links.length === 0) return err('no-install');
    const made: { link: string; target: string }[] = [];
    for (const link of links) {
      if (this.#init.files.lstat(link).ok) continue;
      this.#init.files.mkdir(link.slice(0, link.lastIndexOf('/')), { parents: true });
      this.#init.files.symlink(loaded.path, link);
      made.push({ link, target: loaded.path });
    }
    return ok(made);
  }

  disable(name: string): Result<readonly string[], UnitError> {
    const unit = fullName(name);
    const loaded = this.#load(unit);
    if (loaded === undefined) return err('not-found');
    if (loaded === 'masked') return err('masked');
    const links = this.#installLinks(unit, loaded.values).filter(
      (link) => this.#init.files.lstat(link).ok,
    );
    for (const link of links) this.#init.files.unlink(link);
    return ok(links);
  }

  /** Links the unit to /dev/null, or takes that away. */
  mask(name: string, masked: boolean): Result<void, UnitError> {
    const path = `${FOLDERS[0]}/${fullName(name)}`;
    if (!masked) {
      if (this.#init.files.readlink(path).ok) this.#init.files.unlink(path);
      return DONE;
    }
    return this.#init.files.symlink('/dev/null', path).ok ? DONE : err('failed');
  }

  /** Reads all files again; gives the keys that have no effect in this model, by unit. */
  daemonReload(): readonly { readonly unit: string; readonly key: string }[] {
    const ignored: { unit: string; key: string }[] = [];
    for (const [name, loaded] of [...this.#units]) {
      const fresh = this.#read(name);
      if (fresh === undefined || fresh === 'masked') {
        if (loaded.service === undefined || loaded.service.active === 'inactive')
          this.#units.delete(name);
        continue;
      }
      if (loaded.service !== undefined) loaded.service.values = fresh.values;
      this.#units.set(name, { ...fresh, service: loaded.service, reached: loaded.reached });
      for (const key of unknownKeys(fresh.values)) ignored.push({ unit: name, key });
    }
    return ignored.sort((a, b) => compareText(a.unit, b.unit));
  }

  /** Boot: reaches the default target. */
  *boot(): Task<void> {
    yield* this.start(DEFAULT_TARGET);
  }

  /** Shutdown: stops all services that run, each as `stop` does, all at once. */
  *stopAll(): Task<void> {
    const init = this.#init;
    const stops = [...this.#units.values()].flatMap(({ service }) =>
      service === undefined || service.active === 'inactive' || service.active === 'failed'
        ? []
        : [init.start(`stop ${service.name}`, service.stop())],
    );
    for (const stop of stops) yield* stop.finished.wait();
  }

  #startJob(unit: string, all: readonly string[]): Deferred<boolean> {
    const running = this.#jobs.get(unit);
    if (running !== undefined) return running;
    const job = new Deferred<boolean>();
    job.description = `job start ${unit}`;
    this.#jobs.set(unit, job);
    this.#init.start(`start ${unit}`, this.#runStart(unit, all, job));
    return job;
  }

  *#runStart(unit: string, all: readonly string[], job: Deferred<boolean>): Task<void> {
    const loaded = this.#load(unit);
    let started = false;
    if (loaded !== undefined && loaded !== 'masked') {
      for (const before of this.#predecessors(unit, loaded.values, all)) {
        const first = this.#jobs.get(before);
        if (first !== undefined && first !== job) yield* first.wait();
      }
      const required = names(loaded.values, 'Unit.Requires').every((name) => this.#isUp(name));
      if (!required) {
        this.#say(
          unit,
          4,
          `Dependency failed for ${lastValue(loaded.values, 'Unit.Description') ?? unit}.`,
        );
      } else if (loaded.service !== undefined) started = yield* loaded.service.start();
      else {
        if (loaded.reached === undefined) {
          loaded.reached = this.#system.clock.wall();
          const title = lastValue(loaded.values, 'Unit.Description');
          this.#say(
            unit,
            6,
            `Reached target ${title === undefined ? unit : `${unit} - ${title}`}.`,
          );
        }
        started = true;
      }
    }
    this.#jobs.delete(unit);
    job.resolve(started);
  }

  #isUp(unit: string): boolean {
    const loaded = this.#units.get(unit);
    if (loaded === undefined) return false;
    if (loaded.service === undefined) return true;
    return (
      loaded.service.active === 'active' ||
      (loaded.service.isOneshot && loaded.service.result === 'success')
    );
  }

  /** The unit and all that it pulls in, each once. */
  #transaction(unit: string): readonly string[] {
    const all: string[] = [];
    const visit = (name: string): void => {
      if (all.includes(name)) return;
      const loaded = this.#load(name);
      if (loaded === undefined || loaded === 'masked') return;
      all.push(name);
      for (const next of this.#pulls(name, loaded.values)) {
        const other = this.#load(next);
        const up = other !== undefined && other !== 'masked' && other.service?.active === 'active';
        if (!up) visit(next);
      }
    };
    visit(unit);
    return all;
  }

  #pulls(unit: string, values: UnitValues): readonly string[] {
    const pulled = [...names(values, 'Unit.Requires'), ...names(values, 'Unit.Wants')];
    for (const folder of FOLDERS) {
      for (const kind of ['wants', 'requires']) {
        const links = this.#init.files.list(`${folder}/${unit}.${kind}`);
        if (links.ok) pulled.push(...links.value);
      }
    }
    return pulled;
  }

  /** Units of the same transaction that come first: After here, Before there, and what a target wants. */
  #predecessors(unit: string, values: UnitValues, all: readonly string[]): readonly string[] {
    const after = new Set(names(values, 'Unit.After'));
    if (unit.endsWith('.target')) for (const wanted of this.#pulls(unit, values)) after.add(wanted);
    return all.filter((other) => {
      if (other === unit) return false;
      if (after.has(other)) return true;
      const loaded = this.#units.get(other);
      return loaded !== undefined && names(loaded.values, 'Unit.Before').includes(unit);
    });
  }

  // ---- files

  #load(unit: string): Loaded | 'masked' | undefined {
    const known = this.#units.get(unit);
    if (known !== undefined) return known;
    const read = this.#read(unit);
    if (read === undefined || read === 'masked') return read;
    const service = unit.endsWith('.service')
      ? new Service(this.#system, unit, read.values)
      : undefined;
    const loaded: Loaded = { ...read, service, reached: undefined };
    this.#units.set(unit, loaded);
    return loaded;
  }

  #read(
    unit: string,
  ): Pick<Loaded, 'path' | 'texts' | 'dropIns' | 'values'> | 'masked' | undefined {
    if (!isUnit(unit)) return undefined;
    const { files } = this.#init;
    for (const folder of FOLDERS) {
      const path = `${folder}/${unit}`;
      const link = files.readlink(path);
      if (link.ok && link.value === '/dev/null') return 'masked';
      const text = files.readText(path);
      if (!text.ok) continue;
      const dropIns: string[] = [];
      for (const each of FOLDERS) {
        const found = files.list(`${each}/${unit}.d`);
        if (!found.ok) continue;
        for (const name of found.value)
          if (name.endsWith('.conf')) dropIns.push(`${each}/${unit}.d/${name}`);
      }
      dropIns.sort((a, b) => compareText(a.slice(a.lastIndexOf('/')), b.slice(b.lastIndexOf('/'))));
      const extra = dropIns
        .map((name) => files.readText(name))
        .map((read) => (read.ok ? read.value : ''));
      const texts = [text.value, ...extra];
      return { path, texts, dropIns, values: parseUnit(texts) };
    }
    if (unit.endsWith('.target')) return { path: '', texts: [''], dropIns: [], values: new Map() };
    return undefined;
  }

  #installLinks(unit: string, values: UnitValues): readonly string[] {
    const folder = FOLDERS[0];
    return [
      ...names(values, 'Install.WantedBy').map((target) => `${folder}/${target}.wants/${unit}`),
      ...names(values, 'Install.RequiredBy').map(
        (target) => `${folder}/${target}.requires/${unit}`,
      ),
      ...names(values, 'Install.Alias').map((alias) => `${folder}/${alias}`),
    ];
  }

  #enabledState(unit: string, values: UnitValues): UnitStatus['enabled'] {
    const links = this.#installLinks(unit, values);
    if (links.length === 0) return 'static';
    return links.some((link) => this.#init.files.lstat(link).ok) ? 'enabled' : 'disabled';
  }

  #say(unit: string, priority: number, message: string): void {
    this.#system.journal.add({ unit, identifier: 'systemd', pid: 1, priority, message });
  }
}

function isUnit(name: string): boolean {
  return name.endsWith('.service') || name.endsWith('.target');
}

/** `kubelet` is `kubelet.service`. */
export function fullName(name: string): string {
  return /\.(service|target|socket|timer|mount|slice|scope|path)$/.test(name)
    ? name
    : `${name}.service`;
}
