/**
 * Events about objects, sent and forgotten (k8s.io/client-go/tools/record, v0.34). A component says
 * what happened; the recorder counts repetitions instead of repeating them, and sends from a queue of
 * its own, so that a component never waits for its own narration.
 *
 * - Spam filter: per source and object a bucket of 25, refilled by one every 5 minutes; above it
 *   events are dropped.
 * - Aggregation: more than 10 events within 10 minutes that differ only in their message become one,
 *   `(combined from similar events): …`.
 * - Repetition: the same event again is a patch of count, message and lastTimestamp.
 * - A write that fails in transport is tried again, at most 12 times, 10 s apart; a refusal is logged.
 */
import { freezeDeep, newRecord } from '../../ground/api/edit.ts';
import { EVENTS } from '../../ground/api/names.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { Event, ObjectReference } from '../../ground/api/types.ts';
import { type Micros, MINUTE, SECOND } from '../../ground/base/event-loop.ts';
import { Queue, type Task } from '../../ground/base/task.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import type { Process } from '../../machines/machine/process.ts';
import { TokenBucket } from './rate-limit.ts';
import type { Client } from './types.ts';

export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

const SPAM_BURST = 25;
const SPAM_PER_SECOND = 1 / 300;
const SIMILAR_MAX = 10;
const SIMILAR_WINDOW: Micros = 10 * MINUTE;
/** Entries kept per table (maxLruCacheEntries). */
const CACHE_MAX = 4096;
/** Events that may wait to be sent; further ones are dropped (maxQueuedEvents). */
const QUEUE_MAX = 1000;
const TRIES_MAX = 12;
const TRY_PAUSE: Micros = 10 * SECOND;

/** Events that differ only in their message. Most have no second message, and need no set. */
interface Similar {
  readonly first: string;
  messages: Set<string> | undefined;
  last: Micros;
}

/** What was sent under one key: enough to patch it. */
interface Sent {
  name: string;
  first: string;
  count: number;
}

interface Pending {
  readonly event: Event;
  readonly key: string;
  readonly cause: number;
}

export class EventRecorder {
  readonly #process: Process;
  readonly #client: Client;
  readonly #source: EventSource;
  readonly #queue = new Queue<Pending>('events to send');
  readonly #spam = new Map<string, TokenBucket>();
  readonly #similar = new Map<string, Similar>();
  readonly #sent = new Map<string, Sent>();
  #serial = 0;
  #started = false;

  constructor(process: Process, client: Client, source: EventSource) {
    this.#process = process;
    this.#client = client;
    const { component, host } = source;
    this.#source = Object.freeze(host === undefined ? { component } : { component, host });
  }

  /** Queues an event about an object; never waits, never fails. */
  event(
    object: KubeObject | ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    annotations?: Readonly<Record<string, string>>,
  ): void {
    const reference = 'metadata' in object ? referenceTo(object) : object;
    const about = objectKey(reference);
    if (!this.#admit(about)) return;
    const group = `${about}/${type}/${reason}`;
    const aggregated = this.#isAggregated(group, message);
    const text = aggregated ? `(combined from similar events): ${message}` : message;
    const key = aggregated ? group : `${group}/${message}`;
    if (this.#queue.size >= QUEUE_MAX) return;
    const event = this.#make(reference, type, reason, text, annotations);
    this.#queue.put({ event, key, cause: this.#process.trace.loop.cause });
    if (this.#started) return;
    this.#started = true;
    this.#process.start('event recorder', this.#run());
  }

  #admit(about: string): boolean {
    let bucket = this.#spam.get(about);
    if (bucket === undefined) {
      bucket = new TokenBucket(SPAM_PER_SECOND, SPAM_BURST);
      remember(this.#spam, about, bucket);
    }
    return bucket.take(this.#process.clock.monotonic());
  }

  /** True from the tenth different message on, as long as they come within the window. */
  #isAggregated(group: string, message: string): boolean {
    const now = this.#process.clock.monotonic();
    let similar = this.#similar.get(group);
    if (similar === undefined || now - similar.last > SIMILAR_WINDOW) {
      similar = { first: message, messages: undefined, last: now };
      remember(this.#similar, group, similar);
    }
    similar.last = now;
    if (similar.messages === undefined && similar.first === message) return false;
    similar.messages ??= new Set([similar.first]);
    const { messages } = similar;
    messages.add(message);
    if (messages.size < SIMILAR_MAX) return false;
    // The oldest message makes room, so that the set stays just below its limit.
    messages.delete(messages.values().next().value as string);
    return true;
  }

  #make(
    reference: ObjectReference,
    type: string,
    reason: string,
    message: string,
    annotations: Readonly<Record<string, string>> | undefined,
  ): Event {
    const wall = this.#process.clock.wall();
    const now = formatRfc3339(wall);
    const namespace = reference.namespace ?? '';
    this.#serial = (this.#serial + 1) % 1000;
    const { component, host } = this.#source;
    return freezeDeep<Event>({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: eventName(reference, wall, this.#serial),
        namespace: namespace === '' ? 'default' : namespace,
        ...(annotations === undefined ? {} : { annotations }),
      },
      involvedObject: reference,
      reason,
      message,
      source: this.#source,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    });
  }

  *#run(): Task<void> {
    for (;;) {
      const pending = yield* this.#queue.receive();
      if (pending === undefined) return;
      this.#process.trace.loop.cause = pending.cause;
      yield* this.#send(pending);
    }
  }

  *#send(pending: Pending): Task<void> {
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      const failure = yield* this.#write(pending);
      if (failure === undefined) return;
      if (failure.status !== undefined) {
        this.#process.log(
          'E',
          'event.go:359',
          `"Server rejected event (will not retry!)" err="${failure.message.replace(/"/g, '\\"')}"`,
        );
        return;
      }
      this.#process.log(
        'E',
        'event.go:368',
        `"Unable to write event (may retry after sleeping)" err="${failure.message.replace(/"/g, '\\"')}"`,
      );
      const pause = tries === 1 ? TRY_PAUSE * this.#process.random.fraction() : TRY_PAUSE;
      yield* this.#process.sleep(Math.floor(pause));
    }
  }

  /** Patches what was sent under this key before, or creates. */
  *#write(pending: Pending) {
    const { event, key } = pending;
    const sent = this.#sent.get(key);
    if (sent !== undefined) {
      const patched = yield* this.#client.patch<Event>(
        EVENTS,
        event.metadata.namespace ?? '',
        sent.name,
        'strategic',
        freezeDeep({
          count: sent.count + 1,
          lastTimestamp: event.lastTimestamp,
          message: event.message,
        }),
      );
      if (patched.ok) {
        sent.count += 1;
        return undefined;
      }
      if (patched.error.code !== 404) return patched.error;
    }
    const created = yield* this.#client.create<Event>(EVENTS, event);
    if (!created.ok) return created.error.reason === 'AlreadyExists' ? undefined : created.error;
    const first = event.firstTimestamp ?? '';
    remember(this.#sent, key, { name: event.metadata.name, first, count: 1 });
    return undefined;
  }
}

/** An event's name: that of what it is about, and the time in nanoseconds, of which the serial makes the last. */
export function eventName(about: ObjectReference, wallMicros: number, serial: number): string {
  return `${about.name ?? ''}.${nanosHex(wallMicros, serial)}`;
}

/** The reference that an event's involvedObject holds; `fieldPath` as in `spec.containers{web}`. */
export function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const reference = newRecord(7);
  reference['kind'] = object.kind;
  if (namespace !== undefined && namespace !== '') reference['namespace'] = namespace;
  reference['name'] = name;
  if (uid !== undefined) reference['uid'] = uid;
  reference['apiVersion'] = object.apiVersion;
  if (resourceVersion !== undefined) reference['resourceVersion'] = resourceVersion;
  if (fieldPath !== undefined) reference['fieldPath'] = fieldPath;
  return Object.freeze(reference);
}

function objectKey(reference: ObjectReference): string {
  const { kind, namespace, name, uid, apiVersion, fieldPath } = reference;
  return `${kind}/${namespace ?? ''}/${name}/${uid ?? ''}/${apiVersion ?? ''}/${fieldPath ?? ''}`;
}

/** Puts an entry last; the oldest goes when there are too many. */
function remember<V>(table: Map<string, V>, key: string, value: V): void {
  table.delete(key);
  table.set(key, value);
  if (table.size <= CACHE_MAX) return;
  const oldest = table.keys().next().value;
  if (oldest !== undefined) table.delete(oldest);
}

/** The nanoseconds of a wall time and a few more, in hexadecimal: the suffix of event names. */
function nanosHex(wallMicros: number, nanos: number): string {
  const low = (wallMicros % 2 ** 24) * 1000 + nanos;
  const high = Math.floor(wallMicros / 2 ** 24) * 1000 + Math.floor(low / 2 ** 24);
  return high.toString(16) + (low % 2 ** 24).toString(16).padStart(6, '0');
}
