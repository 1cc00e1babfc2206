/**
 * Writes pod statuses to the API, one request after another, the newest status of each pod only
 * (k8s.io/kubernetes/pkg/kubelet/status/status_manager.go, v1.34). Also removes pods that have ended
 * here: their deletion with grace 0 is the last write.
 */
import { withFields } from '../../ground/api/edit.ts';
import { PODS } from '../../ground/api/names.ts';
import type { Pod, PodStatus } from '../../ground/api/types.ts';
import { type CauseId, NO_CAUSE, SECOND } from '../../ground/base/event-loop.ts';
import { Queue, type Task } from '../../ground/base/task.ts';
import type { WriteEvidence } from '../../ground/trace/evidence.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Client } from '../../spine/client/types.ts';
import type { PodEvidence } from './evidence.ts';
import { causesOf } from './status-causes.ts';
import { statusDiffers, statusPatch } from './status.ts';

interface Entry {
  /** The pod as the API has it: for static pods the mirror pod. */
  pod: Pod;
  status: PodStatus;
  /** What the status was made from. */
  evidence: PodEvidence | undefined;
  written: PodStatus | undefined;
  queued: boolean;
  /** What asked for the write that is queued. */
  cause: CauseId;
  finished: boolean;
}

export class StatusManager {
  readonly #process: Process;
  readonly #client: Client;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Queue<string>('pod statuses to write');

  constructor(process: Process, client: Client) {
    this.#process = process;
    this.#client = client;
  }

  /** Notes a pod's status; written soon when it differs from what the API has. `pod` is undefined while a mirror pod is missing. */
  set(uid: string, pod: Pod | undefined, status: PodStatus, evidence: PodEvidence): void {
    if (pod === undefined) return;
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      this.#entries.set(uid, {
        pod,
        status,
        evidence,
        written: pod.status,
        queued: false,
        cause: NO_CAUSE,
        finished: false,
      });
      this.#enqueue(uid);
      return;
    }
    // A mirror pod that was made again starts from nothing.
    if (entry.pod.metadata.uid !== pod.metadata.uid) entry.written = pod.status;
    entry.pod = pod;
    entry.status = status;
    entry.evidence = evidence;
    if (statusDiffers(entry.written, status)) this.#enqueue(uid);
  }

  statusOf(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  /** All that ran for the pod is gone: delete it from the API. */
  finish(uid: string, pod: Pod): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      const status = pod.status ?? {};
      this.#entries.set(uid, {
        pod,
        status,
        evidence: undefined,
        written: pod.status,
        queued: false,
        cause: NO_CAUSE,
        finished: true,
      });
    } else {
      entry.finished = true;
      entry.pod = pod;
    }
    this.#enqueue(uid);
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  *run(): Task<void> {
    for (;;) {
      const uid = yield* this.#queue.receive();
      if (uid === undefined) return;
      const entry = this.#entries.get(uid);
      if (entry === undefined) continue;
      entry.queued = false;
      this.#process.trace.loop.cause = entry.cause;
      yield* this.#write(uid, entry);
    }
  }

  #enqueue(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined || entry.queued) return;
    entry.queued = true;
    entry.cause = this.#process.trace.loop.cause;
    this.#queue.put(uid);
  }

  *#retryLater(uid: string): Task<void> {
    yield* this.#process.sleep(10 * SECOND);
    this.#enqueue(uid);
  }

  /** Notes what each field of a patch follows from; the newest of it is the cause of the write. */
  #record(entry: Entry, patch: Readonly<Record<string, unknown>>): void {
    const { trace, kernel } = this.#process;
    const { namespace, name } = entry.pod.metadata;
    const causes =
      entry.evidence === undefined ? [] : causesOf(entry.written, entry.status, entry.evidence);
    let newest = causes[0]?.evidence;
    for (const { evidence } of causes)
      if (newest === undefined || evidence.time >= newest.time) newest = evidence;
    if (newest !== undefined && newest.cause !== 0) trace.loop.cause = newest.cause;
    trace.record({
      component: `kubelet@${kernel.hostName}`,
      verb: 'status',
      object: `Pod/${namespace}/${name}`,
      note: Object.keys(patch)
        .filter((key) => !key.startsWith('$'))
        .join(' '),
      detail: { kind: 'evidence', causes } satisfies WriteEvidence,
    });
  }

  *#write(uid: string, entry: Entry): Task<void> {
    const { namespace = '', name, uid: apiUid } = entry.pod.metadata;
    const status = entry.status;
    const patch = statusPatch(entry.written, status);
    if (patch !== undefined) {
      this.#record(entry, patch);
      const body = { metadata: { uid: apiUid }, status: patch };
      const answer = yield* this.#client.patch<Pod>(PODS, namespace, name, 'strategic', body, {
        subresource: 'status',
      });
      if (answer.ok) entry.written = withFields(answer.value.status ?? {}, {});
      else if (
        answer.error.code === 404 ||
        answer.error.code === 409 ||
        answer.error.reason === 'Conflict'
      ) {
        if (answer.error.code === 404) this.#entries.delete(uid);
        return;
      } else {
        this.#process.log(
          'W',
          'status_manager.go:1041',
          `"Failed to update status for pod" pod="${namespace}/${name}" err="${answer.error.message}"`,
        );
        this.#process.start('status retry', this.#retryLater(uid));
        return;
      }
    }
    if (!entry.finished || entry.pod.metadata.deletionTimestamp === undefined) return;
    const options = {
      gracePeriodSeconds: 0,
      ...(apiUid === undefined ? {} : { preconditions: { uid: apiUid } }),
    };
    const deleted = yield* this.#client.delete(PODS, namespace, name, options);
    if (deleted.ok || deleted.error.code === 404) this.#entries.delete(uid);
    else this.#process.start('status retry', this.#retryLater(uid));
  }
}
