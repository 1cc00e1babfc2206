/**
 * Events of the newer kind, events.k8s.io/v1 (k8s.io/client-go/tools/events, v0.34), which the scheduler
 * sends. An event says who reports it and what was being done, and has one time in microseconds. The same
 * event about the same state of an object (its resourceVersion counts, the note does not) becomes a series:
 * its second occurrence is written at once, further ones when the series ends, 6 minutes after the last of
 * them, or every 30 minutes while it lasts.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { EVENTS_EVENTS } from '../../ground/api/names.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { EventsEvent } from '../../ground/api/types.ts';
import { type Micros, MINUTE, SECOND } from '../../ground/base/event-loop.ts';
import { Queue, type Task } from '../../ground/base/task.ts';
import { formatRfc3339Micro } from '../../ground/base/time.ts';
import type { Process } from '../../machines/machine/process.ts';
import { sleepInBackground } from './background.ts';
import { eventName, referenceTo } from './event-recorder.ts';
import type { Client } from './types.ts';

const SERIES_END: Micros = 6 * MINUTE;
/** Rounds of looking for ended series between two reports of those that last. */
const ROUNDS_PER_REPORT = 5;
const NOTE_MAX = 1024;
const CUT = ' ...';
const TRIES_MAX = 12;
const TRY_PAUSE: Micros = 10 * SECOND;

interface Known {
  readonly event: EventsEvent;
  /** Monotonic time of the last occurrence. */
  seen: Micros;
  lastObserved: string;
  count: number;
  /** The count that was written. */
  told: number;
}

interface Pending {
  readonly known: Known;
  readonly cause: number;
}

export class SeriesRecorder {
  readonly #process: Process;
  readonly #client: Client;
  readonly #controller: string;
  readonly #instance: string;
  readonly #known = new Map<string, Known>();
  readonly #queue = new Queue<Pending>('events to send');
  #serial = 0;
  #started = false;
  #watching = false;

  /** `controller` reports, from the process's host. */
  constructor(process: Process, client: Client, controller: string) {
    this.#process = process;
    this.#client = client;
    this.#controller = controller;
    this.#instance = `${controller}-${process.hostname}`;
  }

  /** Queues an event about an object; never waits, never fails. */
  event(
    object: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    action: string,
    note: string,
  ): void {
    const { uid = '', resourceVersion = '' } = object.metadata;
    const key = `${reason}/${action}/${type}/${uid}/${resourceVersion}`;
    const now = formatRfc3339Micro(this.#process.clock.wall());
    let known = this.#known.get(key);
    if (known === undefined) {
      const event = this.#make(object, type, reason, action, note, now);
      known = { event, seen: 0, lastObserved: now, count: 0, told: 0 };
      this.#known.set(key, known);
    }
    known.seen = this.#process.clock.monotonic();
    known.lastObserved = now;
    known.count += 1;
    if (known.count <= 2) this.#tell(known);
    if (this.#watching) return;
    this.#watching = true;
    this.#process.start('event series', this.#watch());
  }

  #make(
    object: KubeObject,
    type: string,
    reason: string,
    action: string,
    note: string,
    now: string,
  ): EventsEvent {
    const regarding = referenceTo(object);
    this.#serial = (this.#serial + 1) % 1000;
    return freezeDeep<EventsEvent>({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: {
        name: eventName(regarding, this.#process.clock.wall(), this.#serial),
        namespace: regarding.namespace ?? 'default',
      },
      eventTime: now,
      reportingController: this.#controller,
      reportingInstance: this.#instance,
      action,
      reason,
      regarding,
      note: note.length > NOTE_MAX ? note.slice(0, NOTE_MAX - CUT.length) + CUT : note,
      type,
    });
  }

  #tell(known: Known): void {
    this.#queue.put({ known, cause: this.#process.trace.loop.cause });
    if (this.#started) return;
    this.#started = true;
    this.#process.start('event recorder', this.#run());
  }

  *#run(): Task<void> {
    for (;;) {
      const pending = yield* this.#queue.receive();
      if (pending === undefined) return;
      this.#process.trace.loop.cause = pending.cause;
      yield* this.#send(pending.known);
    }
  }

  *#send(known: Known): Task<void> {
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      const failure = yield* this.#write(known);
      if (failure === undefined) return;
      const text = `err="${failure.message.replace(/"/g, '\\"')}"`;
      if (failure.status !== undefined) {
        const what = '"Server rejected event (will not retry!)"';
        this.#process.log('E', 'event_broadcaster.go:270', `${what} ${text}`);
        return;
      }
      const what = '"Unable to write event (may retry after sleeping)"';
      this.#process.log('E', 'event_broadcaster.go:279', `${what} ${text}`);
      yield* this.#process.sleep(TRY_PAUSE);
    }
  }

  /** Creates the event, or patches the series into it. */
  *#write(known: Known) {
    const { event, count, lastObserved } = known;
    const first = known.told === 0;
    known.told = count;
    if (!first) {
      const { namespace = '', name } = event.metadata;
      const series = freezeDeep({ series: { count, lastObservedTime: lastObserved } });
      const patched = yield* this.#client.patch(
        EVENTS_EVENTS,
        namespace,
        name,
        'strategic',
        series,
      );
      if (patched.ok) return undefined;
      if (patched.error.code !== 404) return patched.error;
    }
    const created = yield* this.#client.create<EventsEvent>(EVENTS_EVENTS, event);
    return created.ok || created.error.reason === 'AlreadyExists' ? undefined : created.error;
  }

  /** Ends series that nothing adds to, and now and then reports the others, while there are any. */
  *#watch(): Task<void> {
    for (let round = 1; this.#known.size > 0; round += 1) {
      yield* sleepInBackground(this.#process, SERIES_END);
      const limit = this.#process.clock.monotonic() - SERIES_END;
      for (const [key, known] of this.#known) {
        const over = known.seen <= limit;
        if (known.count > known.told && (over || round % ROUNDS_PER_REPORT === 0)) {
          this.#tell(known);
        }
        if (over) this.#known.delete(key);
      }
    }
    this.#watching = false;
  }
}
