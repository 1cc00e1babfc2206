/**
 * The journal of a host (systemd-journald): records by unit, time, pid and priority. Records keep
 * what they were given (text, bytes, a klog line) and become text when somebody reads them. The
 * oldest go first, as journald does when it is full (SystemMaxUse).
 */
import { textOf } from '../../ground/base/bytes.ts';
import { Condition, type Wait } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import { bytesOf, type Chunk } from '../network/chunk.ts';
import { LogLine } from './log-line.ts';

/** Records kept. */
const RECORDS_MAX = 20_000;

export interface JournalEntry {
  /** `kubelet.service`; empty for the kernel and for what belongs to none. */
  readonly unit: string;
  readonly identifier: string;
  readonly pid: number;
  /** 0 emergency … 3 error, 4 warning, 6 info, 7 debug. */
  readonly priority: number;
  readonly message: string | Chunk;
}

export interface JournalRecord extends JournalEntry {
  readonly sequence: number;
  readonly time: WallTime;
  readonly bootId: string;
}

export interface JournalFilter {
  readonly unit?: string;
  readonly identifier?: string;
  readonly pid?: number;
  /** This priority and all that are more urgent. */
  readonly priority?: number;
  readonly since?: WallTime;
  readonly until?: WallTime;
  readonly bootId?: string;
  /** Later than this record: for `-f`. */
  readonly after?: number;
}

export class Journal {
  readonly #now: () => WallTime;
  #records: JournalRecord[] = [];
  #sequence = 0;
  readonly #added = new Condition('journal');
  bootId = '';

  constructor(now: () => WallTime) {
    this.#now = now;
  }

  /** Boots of which records are kept, oldest first. */
  get boots(): readonly string[] {
    return [...new Set(this.#records.map((record) => record.bootId))];
  }

  /** Number of the newest record. */
  get last(): number {
    return this.#sequence;
  }

  /** For `anyOf`: ends with the next record (journalctl -f). */
  get added(): Wait {
    return this.#added;
  }

  add(entry: JournalEntry): void {
    this.#sequence += 1;
    this.#records.push({
      ...entry,
      sequence: this.#sequence,
      time: this.#now(),
      bootId: this.bootId,
    });
    if (this.#records.length > RECORDS_MAX * 1.25)
      this.#records = this.#records.slice(-RECORDS_MAX);
    this.#added.notify();
  }

  /** Records that fit, oldest first. */
  read(filter: JournalFilter = {}): readonly JournalRecord[] {
    return this.#records.filter(
      (record) =>
        (filter.unit === undefined || record.unit === filter.unit) &&
        (filter.identifier === undefined || record.identifier === filter.identifier) &&
        (filter.pid === undefined || record.pid === filter.pid) &&
        (filter.priority === undefined || record.priority <= filter.priority) &&
        (filter.since === undefined || record.time >= filter.since) &&
        (filter.until === undefined || record.time <= filter.until) &&
        (filter.bootId === undefined || record.bootId === filter.bootId) &&
        (filter.after === undefined || record.sequence > filter.after),
    );
  }
}

/** The text of a record, without a final line end. */
export function messageOf(entry: JournalEntry): string {
  const { message } = entry;
  if (typeof message === 'string') return message;
  if (message instanceof LogLine) return message.text.slice(0, -1);
  return textOf(bytesOf(message)).replace(/\n$/, '');
}
