/**
 * The recorder: every record gets a number, keeps its cause, and becomes the cause of what follows.
 * Records stand in a ring; the oldest go first, their details before them. One recorder per lab.
 */
import type { CauseId, EventLoop } from '../base/event-loop.ts';
import { isBackground } from '../base/event-loop.ts';
import { fnv1a } from '../base/hash.ts';
import { History } from './history.ts';
import type { RecordFields, TraceRecord } from './record.ts';

/** Records kept; a lesson makes some ten thousand. */
const RECORDS_MAX = 50_000;
/** Details kept; older records lose theirs. */
const DETAILS_MAX = 20_000;

export class Recorder {
  readonly history = new History();
  readonly #loop: EventLoop;
  #records: TraceRecord[] = [];
  /** Position of the first record in the count of all records ever made. */
  #first = 0;
  #next = 1;
  readonly #listeners = new Set<(record: TraceRecord) => void>();
  #story = 0x811c9dc5;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** The loop whose causes these records are; for queues that keep the cause of what they hold. */
  get loop(): EventLoop {
    return this.#loop;
  }

  /** Adds a record that follows from the running cause, and makes it the running cause. */
  record(fields: RecordFields): CauseId {
    const loop = this.#loop;
    const background = isBackground(loop.cause) && fields.foreground !== true;
    const id = this.#next * 2 + (background ? 1 : 0);
    this.#next += 1;
    const record: TraceRecord = {
      id,
      time: loop.now,
      cause: loop.cause,
      component: fields.component,
      verb: fields.verb,
      object: fields.object,
      revision: fields.revision ?? 0,
      note: fields.note ?? '',
      detail: fields.detail,
    };
    this.#append(record);
    loop.fold(fnv1a(record.object, fnv1a(record.verb)));
    loop.cause = id;
    for (const listener of this.#listeners) listener(record);
    return id;
  }

  /** Adds to the story hash: a write by content, or terminal output. */
  tell(text: string): void {
    this.#story = fnv1a(text, this.#story);
  }

  /** The story hash so far, a 32-bit word: writes by content and terminal output, no times, no revisions. */
  get story(): number {
    return this.#story >>> 0;
  }

  /** The record with this id, if it is still kept. */
  find(id: CauseId): TraceRecord | undefined {
    const index = Math.floor(id / 2) - 1 - this.#first;
    return this.#records[index];
  }

  /** All records kept, oldest first. */
  all(): readonly TraceRecord[] {
    return this.#records;
  }

  /** Records later than the given one, oldest first. */
  since(id: CauseId): readonly TraceRecord[] {
    const index = Math.floor(id / 2) - this.#first;
    return this.#records.slice(Math.max(0, index));
  }

  /** The record and its causes, nearest first. */
  chain(id: CauseId): readonly TraceRecord[] {
    const chain: TraceRecord[] = [];
    let record = this.find(id);
    while (record !== undefined && chain.length < 1000) {
      chain.push(record);
      record = record.cause > 1 ? this.find(record.cause) : undefined;
    }
    return chain;
  }

  /** Calls the listener on every record from now on; returns how to stop. */
  listen(listener: (record: TraceRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #append(record: TraceRecord): void {
    const records = this.#records;
    records.push(record);
    const old = records.length - 1 - DETAILS_MAX;
    const stale = records[old];
    if (stale !== undefined && stale.detail !== undefined) {
      records[old] = { ...stale, detail: undefined };
    }
    if (records.length > RECORDS_MAX * 1.25) {
      const dropped = records.length - RECORDS_MAX;
      this.#records = records.slice(dropped);
      this.#first += dropped;
    }
  }
}
