/**
 * A host: a computer on the fabric that boots, runs units and processes, and can lose its power at
 * any moment. The disk and the journal outlive a boot; processes, tmpfs, cgroups and namespaces do
 * not. Its wall clock can be wrong (skew, drift); its monotonic clock runs from boot.
 *
 *     const host = new Host({ name: 'node-1', ip, bits: 16, fabric, costs, seed });
 *     host.files.write('/usr/bin/hello', hello, 0o755);   // before boot, as an installer would
 *     host.boot();
 *     host.spawn({ argv: ['hello'] });
 *
 * Not modelled: firmware and kernel start-up time, swap, devices beyond one disk and one card.
 */
import { assert } from '../../ground/base/assert.ts';
import type { EventLoop, Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { RandomStream } from '../../ground/base/random.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Deferred, type Task } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { Errno } from '../network/errno.ts';
import type { Fabric, FabricHost } from '../network/fabric.ts';
import type { NetworkNamespace } from '../network/namespace.ts';
import { machineIdOf, makeRoot } from './boot-files.ts';
import { CgroupTree } from './cgroup.ts';
import type { Costs } from './costs.ts';
import { Cpu } from './cpu.ts';
import { ProcessFiles } from './files/files.ts';
import { FileSystem, type Inode, ROOT_ACCESS } from './files/inode.ts';
import { deviceFile, nullFile } from './files/open-file.ts';
import type { Files, OpenFile } from './files-types.ts';
import { Journal } from './journal.ts';
import { noteBoot } from './kernel-messages.ts';
import type { Kernel, Namespaces } from './kernel.ts';
import { type MountSupport, MountView, PathNames } from './mounts.ts';
import { KernelNumbers } from './kernel-numbers.ts';
import { PidNamespace } from './pids.ts';
import { sysSource } from './cgroup-files.ts';
import { lateSource, procSource } from './proc.ts';
import type { Child, Clock, SpawnError, SpawnOptions } from './process.ts';
import { ProcessTable } from './process-table.ts';
import type { RunningProcess } from './running-process.ts';
import type { System } from './system.ts';
import { Pty, type PtyOptions } from './terminal.ts';
import { UnitTable } from './unit.ts';

const MIB = 1024 * 1024;
/** From power-on (or reboot) until process 1 runs. */
const FIRMWARE_MICROS = 8_000_000;

const SYSCTLS: readonly (readonly [string, string])[] = [
  ['fs.inotify.max_user_instances', '128'],
  ['fs.inotify.max_user_watches', '65536'],
  ['kernel.osrelease', '6.1.0-40-amd64'],
  ['kernel.ostype', 'Linux'],
  ['kernel.panic', '0'],
  ['kernel.panic_on_oops', '0'],
  ['kernel.pid_max', '4194304'],
  ['vm.max_map_count', '65530'],
  ['vm.overcommit_memory', '0'],
  ['vm.swappiness', '60'],
];

export interface HostOptions {
  readonly name: string;
  readonly ip: Ip;
  /** Prefix length of the network between the hosts. */
  readonly bits: number;
  readonly fabric: Fabric;
  readonly costs: Costs;
  readonly seed: number;
  /** Default: the epoch of the table of costs. */
  readonly epoch?: WallTime;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
}

export class Host {
  readonly name: string;
  readonly ip: Ip;
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly costs: Costs;
  readonly port: FabricHost;
  readonly journal: Journal;
  readonly machineId: string;
  readonly disk: FileSystem;
  /** The host's root file system; every boot mounts it anew. */
  readonly root: Inode;
  /** Called after each boot, power-off, reboot and freeze, for views. */
  onPower: (() => void) | undefined;
  readonly #fabric: Fabric;
  readonly #seed: number;
  readonly #epoch: WallTime;
  readonly #cpus: number;
  readonly #memoryBytes: number;
  readonly #random: RandomStream;
  #system: RunningSystem | undefined;
  /** Wall clock: added to the lab's time; drift in parts per million since `#driftSince`. */
  #skew: Micros = 0;
  #drift = 0;
  #driftSince: Micros = 0;
  /** The monotonic clock stands still while the host is frozen. */
  #frozenSince: Micros | undefined;
  #frozenFor: Micros = 0;
  diskFactor = 1;
  readonly #mounting: MountSupport;
  #view: MountView;
  #files: ProcessFiles;

  constructor(options: HostOptions) {
    const { fabric } = options;
    this.name = options.name;
    this.ip = options.ip;
    this.loop = fabric.loop;
    this.recorder = fabric.recorder;
    this.costs = options.costs;
    this.#fabric = fabric;
    this.#seed = options.seed;
    this.#epoch = options.epoch ?? options.costs.epoch;
    this.#cpus = options.cpus ?? options.costs.cpus;
    this.#memoryBytes = options.memoryBytes ?? options.costs.memoryBytes;
    this.#random = new RandomStream(options.seed, `host/${options.name}`);
    this.machineId = machineIdOf(options.name);
    this.port = fabric.addHost(options.name, options.ip, options.bits);
    fabric.setPower(this.port, false);
    this.journal = new Journal(() => this.wall());
    const size = options.diskBytes ?? options.costs.diskBytes;
    const now = (): WallTime => this.wall();
    this.disk = new FileSystem({ kind: 'ext4', source: '/dev/sda1', size, now });
    this.root = makeRoot(this.disk, options.name, options.ip, this.machineId);
    this.#mounting = {
      now,
      disk: this.disk,
      memoryBytes: this.#memoryBytes,
      names: new PathNames(),
      procSource: (namespace, cgroup) => {
        const { system } = this;
        return lateSource(() => procSource(system, namespace, cgroup));
      },
      sysSource: (cgroup) => {
        const { system } = this;
        return lateSource(() => sysSource(system, cgroup));
      },
    };
    this.#view = this.newMountView('host');
    this.#files = this.#filesOf(this.#view);
    this.#view.mount('/', this.root);
  }

  // ---- clocks

  wall(): WallTime {
    const drifted = ((this.loop.now - this.#driftSince) * this.#drift) / 1_000_000;
    return this.#epoch + this.loop.now + this.#skew + Math.trunc(drifted);
  }

  /** Microseconds since boot, time spent frozen left out. */
  monotonic(): Micros {
    const frozen = this.#frozenSince === undefined ? 0 : this.loop.now - this.#frozenSince;
    return this.loop.now - (this.#system?.bootTime ?? 0) - this.#frozenFor - frozen;
  }

  /** Sets the wall clock off by so much, and its drift in parts per million. */
  setClock(skew: Micros, driftPpm = 0): void {
    this.#skew = skew;
    this.#drift = driftPpm;
    this.#driftSince = this.loop.now;
  }

  // ---- files

  /** All files, as root: for builders and inspectors. */
  get files(): ProcessFiles & Files {
    return this.#files;
  }

  /** The host's own mount view. */
  get view(): MountView {
    return this.#view;
  }

  newMountView(name: string): MountView {
    return new MountView(name, this.#mounting);
  }

  /** The host begins anew with mounts of its own. */
  #renewView(): void {
    this.#view = this.newMountView('host');
    this.#files = this.#filesOf(this.#view);
  }

  #filesOf(view: MountView): ProcessFiles {
    return new ProcessFiles({
      ...ROOT_ACCESS,
      view,
      cwd: '/',
      umask: 0o022,
      openSpecial: () => err('ENODEV'),
      atEnd: () => () => {},
    });
  }

  // ---- power

  get powered(): boolean {
    return this.#system !== undefined;
  }

  /** The running kernel. */
  get system(): RunningSystem {
    assert(this.#system !== undefined, `host ${this.name} is off`);
    return this.#system;
  }

  /** Starts the host: mounts, process 1, enabled units. Each boot has its own boot id. */
  boot(): void {
    if (this.#system !== undefined) return;
    this.#frozenFor = 0;
    this.#fabric.setPower(this.port, true);
    this.#renewView();
    const bootId = this.#random.hex(32);
    this.journal.bootId = bootId;
    const system = new RunningSystem(this, {
      fabric: this.#fabric,
      seed: this.#seed,
      cpus: this.#cpus,
      memoryBytes: this.#memoryBytes,
      bootId,
      // Pids begin anew with each boot: what their processes draw must not repeat.
      streams: this.journal.boots.length === 0 ? this.name : `${this.name}@${bootId}`,
      random: this.#random.fork(bootId),
    });
    this.#system = system;
    noteBoot(this.journal, this.#cpus);
    this.#mountAll(system);
    const namespaces: Namespaces = {
      network: this.port.namespace,
      mount: this.#view,
      pid: system.pids,
      uts: { hostname: this.#hostnameOnDisk() },
      ipc: { name: 'host' },
    };
    system.processes.startInit(namespaces, 'systemd', (init) => runInit(init as RunningProcess));
    this.onPower?.();
  }

  #mountAll(system: RunningSystem): void {
    const view = this.#view;
    view.mount('/', this.root);
    view.proc('/proc', system.pids);
    view.sys('/sys');
    view.tmpfs('/run', { mode: 0o755, size: Math.floor(this.#memoryBytes / 5) });
    view.tmpfs('/dev/shm', { mode: 0o1777, size: 64 * MIB });
  }

  #hostnameOnDisk(): string {
    const text = this.files.readText('/etc/hostname');
    return text.ok ? text.value.trim() : this.name;
  }

  /** Cuts the power: nobody is told, nothing is written, memory is lost. */
  powerOff(): void {
    const system = this.#system;
    if (system === undefined) return;
    system.processes.dropAll();
    this.#fabric.setPower(this.port, false);
    this.#system = undefined;
    this.#frozenSince = undefined;
    this.#renewView();
    this.#view.mount('/', this.root);
    this.onPower?.();
  }

  /** Power off and on again: process 1 runs after the firmware's time. */
  reset(): void {
    this.powerOff();
    this.loop.after(FIRMWARE_MICROS, () => this.boot());
  }

  /** Stops all its processes at once (a paused virtual machine); the network still reaches its sockets. */
  freeze(): void {
    const system = this.#system;
    if (system === undefined || this.#frozenSince !== undefined) return;
    this.#frozenSince = this.loop.now;
    for (const process of system.pids.processes.values()) if (process.alive) process.hold();
    this.onPower?.();
  }

  unfreeze(): void {
    const system = this.#system;
    if (system === undefined || this.#frozenSince === undefined) return;
    this.#frozenFor += this.loop.now - this.#frozenSince;
    this.#frozenSince = undefined;
    for (const process of [...system.pids.processes.values()]) system.processes.thaw(process);
    this.onPower?.();
  }

  get frozen(): boolean {
    return this.#frozenSince !== undefined;
  }

  // ---- programs

  /** Starts a program as root, as a child of process 1: for the lab (terminals, set-up). */
  spawn(options: SpawnOptions): Result<Child, SpawnError> {
    return this.system.init.spawn(options);
  }

  /** System calls of the host's process 1. */
  get kernel(): Kernel {
    return this.system.init.kernel;
  }

  /** A new pseudo-terminal, /dev/pts/N. Give its `file` to `spawn`, then close your own reference. */
  createTerminal(options: Omit<PtyOptions, 'name'>): Pty {
    return new Pty({ ...options, name: `/dev/pts/${this.system.nextTerminal()}` });
  }
}

interface Boot {
  readonly fabric: Fabric;
  readonly seed: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly bootId: string;
  readonly streams: string;
  readonly random: RandomStream;
}

/** The kernel of one boot. */
class RunningSystem implements System {
  readonly name: string;
  readonly seed: number;
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly costs: Costs;
  readonly clock: Clock;
  readonly cpu: Cpu;
  readonly cgroups = new CgroupTree();
  readonly processes: ProcessTable;
  readonly pids = new PidNamespace('host', undefined);
  readonly journal: Journal;
  readonly units: UnitTable;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly bootTime: Micros;
  readonly bootId: string;
  readonly machineId: string;
  readonly streams: string;
  readonly random: RandomStream;
  readonly sysctls = new Map(SYSCTLS);
  readonly numbers = new KernelNumbers();
  readonly #host: Host;
  readonly #fabric: Fabric;
  #pipes = 10_000;
  #terminals = 0;

  constructor(host: Host, boot: Boot) {
    this.#host = host;
    this.#fabric = boot.fabric;
    this.name = host.name;
    this.seed = boot.seed;
    this.loop = host.loop;
    this.recorder = host.recorder;
    this.costs = host.costs;
    this.clock = { wall: () => host.wall(), monotonic: () => host.monotonic() };
    this.cpus = boot.cpus;
    this.memoryBytes = boot.memoryBytes;
    this.bootTime = host.loop.now;
    this.bootId = boot.bootId;
    this.machineId = host.machineId;
    this.streams = boot.streams;
    this.random = boot.random;
    this.journal = host.journal;
    this.cpu = new Cpu(host.loop, boot.cpus);
    this.cgroups.root.limits = { memoryMax: boot.memoryBytes };
    this.processes = new ProcessTable(this);
    this.units = new UnitTable(this);
  }

  get init(): RunningProcess {
    const init = this.pids.init;
    assert(init !== undefined, `host ${this.name} has no process 1`);
    return init;
  }

  get diskFactor(): number {
    return this.#host.diskFactor;
  }

  get frozen(): boolean {
    return this.#host.frozen;
  }

  newNetworkNamespace(name: string): NetworkNamespace {
    return this.#fabric.newNamespace(this.#host.port, name);
  }

  newMountView(name: string): MountView {
    return this.#host.newMountView(name);
  }

  openDevice(device: string, terminal: OpenFile | undefined): Result<OpenFile, Errno> {
    switch (device) {
      case 'null':
        return ok(nullFile());
      case 'zero':
      case 'full':
        return ok(deviceFile(`/dev/${device}`, undefined));
      case 'urandom':
      case 'random':
        return ok(deviceFile(`/dev/${device}`, this.random));
      case 'tty':
        terminal?.retain();
        return terminal === undefined ? err('ENODEV') : ok(terminal);
      default:
        return err('ENODEV');
    }
  }

  nextPipe(): number {
    this.#pipes += 1;
    return this.#pipes;
  }

  nextTerminal(): number {
    this.#terminals += 1;
    return this.#terminals - 1;
  }

  /** An orderly restart: units are stopped, then the machine resets. */
  reboot(): void {
    this.init.start(
      'reboot',
      this.#shutDown(() => this.#host.reset()),
    );
  }

  powerOff(): void {
    this.init.start(
      'poweroff',
      this.#shutDown(() => this.#host.powerOff()),
    );
  }

  *#shutDown(last: () => void): Task<void> {
    yield* this.units.stopAll();
    this.loop.after(0, last);
  }
}

/** Process 1: starts the default target, then waits for ever. */
function* runInit(init: RunningProcess): Task<number> {
  yield* init.kernel.units.boot();
  yield* new Deferred<void>().wait();
  return 0;
}
