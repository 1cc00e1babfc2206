/**
 * The shim: one process per pod, parent of the pod's pause process and containers, which therefore
 * outlive a restart of containerd. containerd tells it over a unix socket what to start and what to
 * kill, and hears from it what has ended; a containerd that comes back asks for the state.
 * (containerd v2.1 cmd/containerd-shim-runc-v2 with runc behind it: create and start are one step.)
 */
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Deferred, type Task } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Namespaces } from '../../machines/machine/kernel.ts';
import type {
  Child,
  ExitStatus,
  Process,
  Program,
  Signal,
  SpawnError,
} from '../../machines/machine/process.ts';
import { goError } from '../../machines/network/errno.ts';
import { quote } from '../../ground/base/text.ts';
import type { CriError } from './wire/messages.ts';
import { type RpcAnswer, type RpcCall, rpcError, serveRpc } from './wire/rpc.ts';

/** What runc gets: a process with everything it lives in. */
export interface TaskSpec {
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly namespaces: Partial<Namespaces>;
  readonly cgroup: string;
  readonly descriptors: ReadonlyMap<number, OpenFile>;
  readonly terminal: OpenFile | undefined;
}

/** How a task ended. */
export interface TaskExit {
  readonly id: string;
  readonly code: number;
  readonly outOfMemory: boolean;
  readonly time: WallTime;
}

export interface TaskState {
  readonly id: string;
  readonly pid: number;
  readonly exit: TaskExit | undefined;
}

/** Method → request and response. `Events` streams TaskExit items. */
export interface ShimMethods {
  Start: [{ readonly id: string; readonly spec: TaskSpec }, { readonly pid: number }];
  /** Runs beside the task; the answer comes when it has ended. */
  Exec: [
    { readonly id: string; readonly spec: TaskSpec; readonly onStarted?: (child: Child) => void },
    TaskExit,
  ];
  Kill: [
    { readonly id: string; readonly signal: Signal; readonly all: boolean },
    Record<string, never>,
  ];
  State: [Record<string, never>, { readonly pid: number; readonly tasks: readonly TaskState[] }];
  Delete: [{ readonly id: string }, Record<string, never>];
  Shutdown: [Record<string, never>, Record<string, never>];
}

interface ShimTask {
  readonly id: string;
  readonly child: Child;
  exit: TaskExit | undefined;
}

export function shimSocket(sandboxId: string): string {
  return `/run/containerd/s/${sandboxId}`;
}

/** 128 + n for a signal, as a shell and runc report it. */
function exitCodeOf(status: ExitStatus): number {
  return status.code;
}

/** runc's words for a program that could not be executed. */
function startErrorText(error: SpawnError, argv0: string, cwd: string): string {
  const head =
    'OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
  if (error.path === cwd && error.errno === 'ENOENT') {
    return `${head}mkdir ${cwd}: ${goError(error.errno)}`;
  }
  const name = quote(argv0);
  if (error.notFound) return `${head}exec: ${name}: executable file not found in $PATH`;
  if (error.errno === 'ENOENT')
    return `${head}exec: ${name}: stat ${argv0}: ${goError(error.errno)}`;
  return `${head}exec: ${name}: ${goError(error.errno)}`;
}

export const containerdShim: Program = {
  name: 'containerd-shim',
  version: '2.1.4',
  *main(process) {
    const id = process.argv[process.argv.indexOf('-id') + 1] ?? '';
    return yield* runShim(process, id);
  },
};

/** The shim's life: serves its socket until told to shut down. */
export function* runShim(process: Process, sandboxId: string): Task<number> {
  const over = new Deferred<number>();
  const shim = new Shim(process, over);
  process.files.mkdir('/run/containerd/s', { parents: true });
  const served = serveRpc(process, shimSocket(sandboxId), (call) => shim.handle(call));
  if (!served.ok) return 1;
  process.onSignal('SIGPIPE', 'ignore');
  const code = yield* over.wait();
  served.value();
  process.files.unlink(shimSocket(sandboxId));
  return code;
}

class Shim {
  readonly #process: Process;
  readonly #over: Deferred<number>;
  readonly #tasks = new Map<string, ShimTask>();
  readonly #listeners = new Set<RpcCall>();

  constructor(process: Process, over: Deferred<number>) {
    this.#process = process;
    this.#over = over;
  }

  handle(call: RpcCall): RpcAnswer | Task<RpcAnswer> {
    switch (call.method) {
      case 'Start':
        return this.#start(call.request as ShimMethods['Start'][0]);
      case 'Exec':
        return this.#exec(call.request as ShimMethods['Exec'][0]);
      case 'Kill':
        return this.#kill(call.request as ShimMethods['Kill'][0]);
      case 'State':
        return ok({ pid: this.#process.pid, tasks: this.#states() });
      case 'Events':
        this.#listeners.add(call);
        return this.#endless();
      case 'Delete':
        this.#tasks.delete((call.request as ShimMethods['Delete'][0]).id);
        return ok({});
      case 'Shutdown':
        this.#over.resolve(0);
        return ok({});
      default:
        return err(rpcError('InvalidArgument', `unknown method ${call.method}`));
    }
  }

  *#endless(): Task<RpcAnswer> {
    yield* this.#over.wait();
    return ok({});
  }

  #spawn(spec: TaskSpec): Result<Child, CriError> {
    const argv0 = spec.argv[0] ?? '';
    const spawned = this.#process.spawn({
      argv: spec.argv,
      env: spec.env,
      cwd: spec.cwd,
      uid: spec.uid,
      gid: spec.gid,
      groups: spec.groups,
      namespaces: spec.namespaces,
      cgroup: spec.cgroup,
      descriptors: spec.descriptors,
      newGroup: true,
      ...(spec.terminal === undefined ? {} : { terminal: spec.terminal }),
    });
    if (spawned.ok) return spawned;
    return err(rpcError('Unknown', startErrorText(spawned.error, argv0, spec.cwd)));
  }

  #start(request: ShimMethods['Start'][0]): RpcAnswer {
    const spawned = this.#spawn(request.spec);
    if (!spawned.ok) return spawned;
    const task: ShimTask = { id: request.id, child: spawned.value, exit: undefined };
    this.#tasks.set(request.id, task);
    this.#process.start(`wait ${request.id.slice(0, 12)}`, this.#reap(task));
    return ok({ pid: spawned.value.pid });
  }

  *#reap(task: ShimTask): Task<void> {
    const status = yield* task.child.wait();
    const exit = this.#exitOf(task.id, status);
    task.exit = exit;
    for (const listener of this.#listeners) {
      if (!listener.item(exit)) this.#listeners.delete(listener);
    }
  }

  #exitOf(id: string, status: ExitStatus): TaskExit {
    return {
      id,
      code: exitCodeOf(status),
      outOfMemory: status.outOfMemory === true,
      time: this.#process.clock.wall(),
    };
  }

  *#exec(request: ShimMethods['Exec'][0]): Task<RpcAnswer> {
    const spawned = this.#spawn(request.spec);
    if (!spawned.ok) return spawned;
    request.onStarted?.(spawned.value);
    const status = yield* spawned.value.wait();
    return ok(this.#exitOf(request.id, status));
  }

  #kill(request: ShimMethods['Kill'][0]): RpcAnswer {
    const task = this.#tasks.get(request.id);
    if (task === undefined || task.exit !== undefined) {
      return err(rpcError('NotFound', 'process already finished: not found'));
    }
    task.child.signal(request.signal);
    return ok({});
  }

  #states(): TaskState[] {
    return [...this.#tasks.values()].map((task) => ({
      id: task.id,
      pid: task.child.pid,
      exit: task.exit,
    }));
  }
}
