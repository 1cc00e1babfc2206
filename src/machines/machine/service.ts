/**
 * One service unit at run time: the state machine of systemd.service(5) (v252) with its messages in
 * the journal. Its commands run as children of process 1 in `/system.slice/<unit>`; their output goes
 * to the journal line by line.
 *
 *     dead ─start─► start-pre ─► running (simple) ─exit─► auto-restart ─► start-pre …
 *                            └► start (oneshot) ─► exited | dead          └► failed
 *     running ─stop─► stop-sigterm ─(TimeoutStopSec)─► stop-sigkill ─► dead
 *
 * Type=notify and forking count as started when the process runs (sd_notify is not modelled).
 */
import { SECOND } from '../../ground/base/event-loop.ts';
import { powInt } from '../../ground/base/math.ts';
import { anyOf, Condition, sleepWait, type Task } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import { LineSink } from './line-sink.ts';
import type { Child, ExitStatus, Signal } from './process.ts';
import type { RunningProcess } from './running-process.ts';
import { signalNumber } from './signals.ts';
import type { System } from './system.ts';
import { sinkFile } from './files/open-file.ts';
import {
  isTrue,
  lastValue,
  parseCommand,
  parseEnvironment,
  parseSpan,
  splitWords,
  type UnitValues,
} from './unit-file.ts';
import { findUser, groupsOf } from './users.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Defaults of systemd-system.conf(5). */
const RESTART_DELAY = 100_000;
const STOP_TIMEOUT = 90 * SECOND;
const START_LIMIT_INTERVAL = 10 * SECOND;
const START_LIMIT_BURST = 5;

export type ActiveState = 'active' | 'inactive' | 'failed' | 'activating' | 'deactivating';
export type ServiceResult =
  | 'success'
  | 'exit-code'
  | 'signal'
  | 'oom-kill'
  | 'timeout'
  | 'resources'
  | 'start-limit-hit';

export class Service {
  readonly name: string;
  readonly #system: System;
  values: UnitValues;
  active: ActiveState = 'inactive';
  sub = 'dead';
  result: ServiceResult = 'success';
  since: WallTime | undefined;
  restarts = 0;
  main: Child | undefined;
  mainStarted: WallTime | undefined;
  lastMain: { readonly pid: number; readonly status: ExitStatus } | undefined;
  /** Counts starts by hand and stops: a restart that was planned before is off. */
  #generation = 0;
  #starts: number[] = [];
  readonly #changed = new Condition('unit to change state');

  constructor(system: System, name: string, values: UnitValues) {
    this.#system = system;
    this.name = name;
    this.values = values;
  }

  get cgroup(): string {
    return `/system.slice/${this.name}`;
  }

  get title(): string {
    const description = lastValue(this.values, 'Unit.Description');
    return description === undefined ? this.name : `${this.name} - ${description}`;
  }

  get isOneshot(): boolean {
    return lastValue(this.values, 'Service.Type') === 'oneshot';
  }

  /** Starts it and waits until it counts as started; false when that failed. */
  *start(): Task<boolean> {
    if (this.active === 'active' || this.active === 'activating') {
      while (this.active === 'activating' && this.sub !== 'auto-restart')
        yield* this.#changed.wait();
      if (this.active === 'active') return true;
    }
    this.#generation += 1;
    this.restarts = 0;
    return yield* this.#launch(this.#generation);
  }

  /** Stops it and waits until nothing of it runs. */
  *stop(): Task<void> {
    this.#generation += 1;
    if (this.active === 'inactive' || this.active === 'failed') return;
    let result = yield* this.#runStops();
    const told = this.sub === 'stop';
    if (this.sub === 'auto-restart' || this.main === undefined) {
      if (told) this.#noteEnd(result);
      else this.#become('inactive', 'dead');
      this.#say(6, `Stopped ${this.title}.`);
      return;
    }
    const child = this.main;
    if (!told) this.#say(6, `Stopping ${this.title}...`);
    this.#become('deactivating', 'stop-sigterm');
    const signal = (lastValue(this.values, 'Service.KillSignal') ?? 'SIGTERM') as Signal;
    this.#killAll(signal);
    this.#killAll('SIGCONT');
    const timeout = lastValue(this.values, 'Service.TimeoutStopSec');
    const deadline = timeout === undefined ? STOP_TIMEOUT : parseSpan(timeout);
    const first = yield* anyOf([child.exited], deadline);
    if (first.index < 0) {
      this.#say(4, `${this.name}: State 'stop-sigterm' timed out. Killing.`);
      this.#say(
        5,
        `${this.name}: Killing process ${child.pid} (${this.#comm}) with signal SIGKILL.`,
      );
      this.#become('deactivating', 'stop-sigkill');
      result = 'timeout';
      this.#killAll('SIGKILL');
      yield* child.wait();
    }
    this.#noteExit(child, child.status as ExitStatus);
    if (lastValue(this.values, 'Service.KillMode') !== 'process') this.#killAll('SIGKILL');
    this.#noteEnd(result);
    this.#say(6, `Stopped ${this.title}.`);
  }

  #noteEnd(result: ServiceResult): void {
    if (result === 'success') {
      this.#say(6, `${this.name}: Deactivated successfully.`);
      this.#become('inactive', 'dead');
    } else {
      this.result = result;
      this.#say(4, `${this.name}: Failed with result '${result}'.`);
      this.#become('failed', 'failed');
    }
  }

  /** The commands that the unit has for its end, while its main process still runs. */
  *#runStops(): Task<ServiceResult> {
    const lines = this.active === 'active' ? (this.values.get('Service.ExecStop') ?? []) : [];
    if (lines.length === 0) return 'success';
    this.#say(6, `Stopping ${this.title}...`);
    this.#become('deactivating', 'stop');
    const env = this.#environment();
    if (this.main !== undefined) env.set('MAINPID', `${this.main.pid}`);
    for (const line of lines) {
      const command = parseCommand(line, env, this.name, this.#system.name);
      const child = this.#spawn(command.argv, env);
      const status = child === undefined ? undefined : yield* child.wait();
      if (command.mayFail || status?.code === 0) continue;
      if (status !== undefined) this.#sayExit('Control', status);
      return 'exit-code';
    }
    return 'success';
  }

  /** Forgets a failure (systemctl reset-failed). */
  reset(): void {
    this.#starts = [];
    this.restarts = 0;
    this.result = 'success';
    if (this.active === 'failed') this.#become('inactive', 'dead');
  }

  // ---- starting

  *#launch(generation: number): Task<boolean> {
    if (!this.#withinStartLimit()) {
      this.#say(4, `${this.name}: Start request repeated too quickly.`);
      this.#fail('start-limit-hit');
      return false;
    }
    this.result = 'success';
    this.#become('activating', 'start-pre');
    if (this.isOneshot) this.#say(6, `Starting ${this.title}...`);
    const env = this.#environment();
    for (const key of ['Service.ExecStartPre', 'Service.ExecStart'] as const) {
      const lines = this.values.get(key) ?? [];
      for (const line of lines) {
        const command = parseCommand(line, env, this.name, this.#system.name);
        const child = this.#spawn(command.argv, env);
        if (child === undefined) {
          if (command.mayFail) continue;
          this.#fail('exit-code');
          this.#planRestart(generation, { code: 203, signal: undefined, time: 0 });
          return false;
        }
        if (key === 'Service.ExecStart' && !this.isOneshot) {
          this.#run(child, generation);
          return true;
        }
        this.sub = key === 'Service.ExecStart' ? 'start' : 'start-pre';
        this.main = child;
        const status = yield* child.wait();
        this.main = undefined;
        this.lastMain = { pid: child.pid, status };
        if (generation !== this.#generation) return false;
        if (status.code !== 0 && !command.mayFail) {
          this.#noteExit(child, status);
          this.#fail(resultOf(status));
          this.#planRestart(generation, status);
          return false;
        }
      }
    }
    const stays = isTrue(lastValue(this.values, 'Service.RemainAfterExit'));
    if (!stays) this.#say(6, `${this.name}: Deactivated successfully.`);
    this.#become(stays ? 'active' : 'inactive', stays ? 'exited' : 'dead');
    this.#say(6, `Finished ${this.title}.`);
    return true;
  }

  #run(child: Child, generation: number): void {
    this.main = child;
    this.mainStarted = this.#system.clock.wall();
    this.#become('active', 'running');
    this.#say(6, `Started ${this.title}.`);
    this.#init.start(`watch ${this.name}`, this.#watch(child, generation));
  }

  *#watch(child: Child, generation: number): Task<void> {
    const status = yield* child.wait();
    // A stop that is under way deals with the exit itself.
    if (generation !== this.#generation) return;
    this.#noteExit(child, status);
    if (lastValue(this.values, 'Service.KillMode') !== 'process') this.#killAll('SIGKILL');
    const result = resultOf(status);
    if (result === 'success') {
      this.#say(6, `${this.name}: Deactivated successfully.`);
      this.#become('inactive', 'dead');
    } else this.#fail(result);
    this.#planRestart(generation, status);
  }

  #planRestart(generation: number, status: ExitStatus): void {
    if (!this.#wantsRestart(status)) return;
    this.#become('activating', 'auto-restart');
    this.#init.start(`restart ${this.name}`, this.#restart(generation));
  }

  #wantsRestart(status: ExitStatus): boolean {
    if (this.result === 'start-limit-hit') return false;
    const clean = resultOf(status) === 'success';
    switch (lastValue(this.values, 'Service.Restart')) {
      case 'always':
        return true;
      case 'on-success':
        return clean;
      case 'on-failure':
        return !clean;
      case 'on-abnormal':
      case 'on-abort':
        return status.signal !== undefined && !clean;
      default:
        return false;
    }
  }

  *#restart(generation: number): Task<void> {
    const delay = lastValue(this.values, 'Service.RestartSec');
    yield sleepWait((delay === undefined ? undefined : parseSpan(delay)) ?? RESTART_DELAY);
    if (generation !== this.#generation) return;
    this.restarts += 1;
    this.#say(6, `${this.name}: Scheduled restart job, restart counter is at ${this.restarts}.`);
    this.#say(6, `Stopped ${this.title}.`);
    yield* this.#launch(generation);
  }

  #withinStartLimit(): boolean {
    const interval = parseSpan(lastValue(this.values, 'Unit.StartLimitIntervalSec') ?? '10s');
    const burst = Number(lastValue(this.values, 'Unit.StartLimitBurst') ?? START_LIMIT_BURST);
    const span = interval ?? START_LIMIT_INTERVAL;
    if (span === 0) return true;
    const now = this.#system.loop.now;
    this.#starts = this.#starts.filter((time) => time > now - span);
    if (this.#starts.length >= burst) return false;
    this.#starts.push(now);
    return true;
  }

  // ---- processes

  get #init(): RunningProcess {
    return this.#system.pids.init as RunningProcess;
  }

  get #comm(): string {
    const pid = this.main?.pid ?? 0;
    return this.#system.pids.processes.get(pid)?.comm ?? '?';
  }

  #environment(): Map<string, string> {
    const env = new Map([
      ['LANG', 'C.UTF-8'],
      ['PATH', PATH],
    ]);
    for (const line of this.values.get('Service.Environment') ?? []) {
      for (const word of splitWords(line)) {
        const at = word.indexOf('=');
        if (at > 0) env.set(word.slice(0, at), word.slice(at + 1));
      }
    }
    for (const file of this.values.get('Service.EnvironmentFile') ?? []) {
      const text = this.#init.files.readText(file.replace(/^-/, ''));
      if (text.ok) for (const [key, value] of parseEnvironment(text.value)) env.set(key, value);
      else if (!file.startsWith('-')) {
        this.#say(4, `${this.name}: Failed to load environment files: No such file or directory`);
      }
    }
    return env;
  }

  #spawn(argv: readonly string[], env: Map<string, string>): Child | undefined {
    const init = this.#init;
    const userName = lastValue(this.values, 'Service.User');
    const user = userName === undefined ? undefined : findUser(init.files, userName);
    const program = argv[0] ?? '';
    let pid = 0;
    const lines = new LineSink((message) => {
      const identifier = program.slice(program.lastIndexOf('/') + 1);
      this.#system.journal.add({ unit: this.name, identifier, pid, priority: 6, message });
    });
    const output = sinkFile(
      'socket:[journal]',
      (chunk) => lines.put(chunk),
      () => lines.end(),
    );
    const memoryMax = parseBytes(lastValue(this.values, 'Service.MemoryMax'));
    const quota = /^(\d+)%$/.exec(lastValue(this.values, 'Service.CPUQuota') ?? '');
    this.#system.cgroups.make(this.cgroup, {
      ...(memoryMax === undefined ? {} : { memoryMax }),
      ...(quota === null ? {} : { cpuQuotaMilli: Number(quota[1]) * 10 }),
    });
    if (user !== undefined) {
      env.set('HOME', user.home);
      env.set('LOGNAME', user.name);
      env.set('USER', user.name);
    }
    const spawned = init.spawn({
      argv,
      env,
      cwd: lastValue(this.values, 'Service.WorkingDirectory') ?? '/',
      descriptors: new Map([
        [1, output],
        [2, output],
      ]),
      cgroup: this.cgroup,
      newGroup: true,
      ...(user === undefined
        ? {}
        : { uid: user.uid, gid: user.gid, groups: groupsOf(init.files, user) }),
    });
    output.close();
    if (!spawned.ok) {
      const words =
        spawned.error.errno === 'ENOENT' ? 'No such file or directory' : 'Permission denied';
      this.#say(3, `${this.name}: Failed to locate executable ${program}: ${words}`);
      this.#say(3, `${this.name}: Failed at step EXEC spawning ${program}: ${words}`);
      this.#say(5, `${this.name}: Main process exited, code=exited, status=203/EXEC`);
      return undefined;
    }
    pid = spawned.value.pid;
    return spawned.value;
  }

  #killAll(signal: Signal): void {
    const group = this.#system.cgroups.find(this.cgroup);
    const only = lastValue(this.values, 'Service.KillMode') === 'process';
    for (const process of group?.all() ?? []) {
      if (only && process.hostPid !== this.main?.pid) continue;
      this.#system.processes.deliver(process, signal, undefined);
    }
  }

  #noteExit(child: Child, status: ExitStatus): void {
    this.main = undefined;
    this.lastMain = { pid: child.pid, status };
    this.#sayExit('Main', status);
    if (status.outOfMemory === true) {
      this.#say(5, `${this.name}: A process of this unit has been killed by the OOM killer.`);
    }
  }

  #sayExit(which: 'Main' | 'Control', status: ExitStatus): void {
    const { code, signal } = status;
    const head = `${this.name}: ${which} process exited`;
    if (signal !== undefined && resultOf(status) !== 'success') {
      this.#say(5, `${head}, code=killed, status=${signalNumber(signal)}/${signal.slice(3)}`);
    } else if (code !== 0 && signal === undefined) {
      const words = code === 1 ? 'FAILURE' : code === 2 ? 'INVALIDARGUMENT' : 'n/a';
      this.#say(5, `${head}, code=exited, status=${code}/${words}`);
    }
  }

  #fail(result: ServiceResult): void {
    this.result = result;
    this.#say(4, `${this.name}: Failed with result '${result}'.`);
    if (this.active === 'activating') this.#say(3, `Failed to start ${this.title}.`);
    this.#become('failed', 'failed');
  }

  #become(active: ActiveState, sub: string): void {
    if (active !== this.active) this.since = this.#system.clock.wall();
    this.active = active;
    this.sub = sub;
    this.#changed.notify();
  }

  #say(priority: number, message: string): void {
    this.#system.journal.add({ unit: this.name, identifier: 'systemd', pid: 1, priority, message });
  }
}

/** Signals that end a service cleanly (SuccessExitStatus). */
const CLEAN_SIGNALS: readonly (Signal | undefined)[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'];

function resultOf(status: ExitStatus): ServiceResult {
  if (status.outOfMemory === true) return 'oom-kill';
  if (status.signal !== undefined)
    return CLEAN_SIGNALS.includes(status.signal) ? 'success' : 'signal';
  return status.code === 0 ? 'success' : 'exit-code';
}

function parseBytes(text: string | undefined): number | undefined {
  const match = /^(\d+)([KMGT]?)$/.exec(text ?? '');
  if (match === null) return undefined;
  return (
    Number(match[1]) * powInt(1024, ' KMGT'.indexOf(match[2] === '' ? ' ' : (match[2] as string)))
  );
}
