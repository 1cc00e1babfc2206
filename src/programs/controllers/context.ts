/**
 * What every controller of kube-controller-manager gets: its process, a client of its own identity,
 * the shared informers, an event recorder, and the loop that feeds its keys to its sync.
 */
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { EventRecorder } from '../../spine/client/event-recorder.ts';
import { Informer } from '../../spine/client/informer.ts';
import type { Client } from '../../spine/client/types.ts';
import type { WorkQueue } from '../../spine/client/workqueue.ts';

/** One informer per resource, shared by all controllers. */
export class Informers {
  readonly #process: Process;
  readonly #client: Client;
  readonly #informers = new Map<string, Informer<KubeObject>>();

  constructor(process: Process, client: Client) {
    this.#process = process;
    this.#client = client;
  }

  /** The informer of a resource, started at its first use. */
  of<T extends KubeObject>(resource: ResourceName): Informer<T> {
    const key = `${resource.group}/${resource.version}/${resource.resource}`;
    let informer = this.#informers.get(key);
    if (informer === undefined) {
      informer = new Informer<KubeObject>(this.#process, this.#client, resource).start();
      this.#informers.set(key, informer);
    }
    return informer as unknown as Informer<T>;
  }
}

/** Flags that controllers look at. */
export interface ControllerFlags {
  readonly clusterCidr: string;
  readonly nodeCidrMaskSize: number;
  readonly rootCa: string;
  /** Microseconds. */
  readonly nodeMonitorPeriod: number;
  readonly nodeMonitorGracePeriod: number;
  readonly nodeStartupGracePeriod: number;
  readonly nodeEvictionRate: number;
  readonly secondaryNodeEvictionRate: number;
  readonly largeClusterSizeThreshold: number;
  readonly unhealthyZoneThreshold: number;
  readonly terminatedPodGcThreshold: number;
  readonly maxEndpointsPerSlice: number;
  readonly mirroringMaxEndpointsPerSubset: number;
}

/** The upstream defaults of 1.34. */
export const DEFAULT_FLAGS: ControllerFlags = {
  clusterCidr: '',
  nodeCidrMaskSize: 24,
  rootCa: '',
  nodeMonitorPeriod: 5_000_000,
  nodeMonitorGracePeriod: 50_000_000,
  nodeStartupGracePeriod: 60_000_000,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  largeClusterSizeThreshold: 50,
  unhealthyZoneThreshold: 0.55,
  terminatedPodGcThreshold: 12_500,
  maxEndpointsPerSlice: 100,
  mirroringMaxEndpointsPerSubset: 1000,
};

export interface ControllerContext {
  readonly process: Process;
  readonly client: Client;
  readonly informers: Informers;
  readonly flags: ControllerFlags;
  readonly recorder: EventRecorder;
}

/** A controller: its upstream name, and what starts it (it returns once its tasks run). */
export interface Controller {
  /** As `--controllers` names it: `deployment-controller`. */
  readonly name: string;
  /** Its service account in kube-system. */
  readonly account: string;
  /** Component of its events. */
  readonly component: string;
  start(context: ControllerContext): void;
}

export function contextFor(
  process: Process,
  client: Client,
  informers: Informers,
  flags: ControllerFlags,
  component: string,
): ControllerContext {
  const recorder = new EventRecorder(process, client, { component });
  return { process, client, informers, flags, recorder };
}

/** What a sync says: undefined when reality matches, else what went wrong (it is tried again). */
export type SyncFailure = string | undefined;

export interface WorkerOptions {
  readonly workers: number;
  /** Retries of one key before it is dropped; default without limit. */
  readonly retriesMax?: number;
  /** Source of the log line for failures. */
  readonly source?: string;
}

/**
 * Waits for the informers, then runs workers: each takes a key, computes for one sync, and lets `sync`
 * make reality match. A failure goes back into the queue with its back-off.
 */
export function startWorkers(
  context: ControllerContext,
  queue: WorkQueue,
  informers: readonly { readonly synced: { wait(): Task<void> } }[],
  options: WorkerOptions,
  sync: (key: string) => Task<SyncFailure>,
): void {
  const { process } = context;
  function* workers(): Task<void> {
    for (const informer of informers) yield* informer.synced.wait();
    for (let index = 0; index < options.workers; index += 1) {
      process.start(`${queue.name} worker`, worker(context, queue, options, sync));
    }
  }
  process.start(`${queue.name} controller`, workers());
}

function* worker(
  context: ControllerContext,
  queue: WorkQueue,
  options: WorkerOptions,
  sync: (key: string) => Task<SyncFailure>,
): Task<void> {
  const { process } = context;
  for (;;) {
    const key = yield* queue.get();
    if (key === undefined) return;
    yield* process.work(process.costs.controllerSyncMicros);
    const failure = yield* sync(key);
    if (failure === undefined) queue.forget(key);
    else if (queue.numRequeues(key) < (options.retriesMax ?? Number.POSITIVE_INFINITY)) {
      queue.addRateLimited(key);
    } else {
      process.log(
        'E',
        options.source ?? 'controller.go:100',
        `"Unhandled Error" err="${failure.replace(/"/g, '\\"')}" logger="UnhandledError"`,
      );
      queue.forget(key);
    }
    queue.done(key);
  }
}

/** Runs tasks side by side and waits for all; the results keep their order. */
export function* inParallel<T>(
  process: Process,
  name: string,
  tasks: readonly Task<T>[],
): Task<readonly T[]> {
  const running = tasks.map((task) => process.start(name, task));
  const results: T[] = [];
  for (const each of running) results.push(yield* each.finished.wait());
  return results;
}
