/**
 * The log behind which Raft will stand: a proposal is written to disk, then applied, then answered.
 * With one member, on disk is committed. Proposals that come while the disk works share the next
 * fsync (etcd's WAL does the same), so the rate of writes is not bound to the time of one fsync.
 */
import type { CauseId, EventLoop } from '../../ground/base/event-loop.ts';
import { Queue, type Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Database } from './database.ts';

/** An entry: what it does to the database once it is committed. */
export interface Proposal {
  apply(database: Database): void;
}

interface Waiting {
  readonly proposal: Proposal;
  readonly cause: CauseId;
}

export class ProposalLog {
  readonly #queue = new Queue<Waiting>('proposals');
  readonly #database: Database;
  readonly #loop: EventLoop;

  constructor(database: Database, loop: EventLoop) {
    this.#database = database;
    this.#loop = loop;
  }

  /** Proposes; `apply` runs when the entry is on disk, with the proposer's cause. */
  propose(proposal: Proposal): void {
    this.#queue.put({ proposal, cause: this.#loop.cause });
  }

  /** The one writer of the log. */
  *run(process: Process): Task<void> {
    for (;;) {
      const first = yield* this.#queue.receive();
      if (first === undefined) return;
      const batch = [first];
      for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
        batch.push(next);
      }
      yield* process.fsync();
      yield* process.work(batch.length * process.costs.etcdApplyMicros);
      for (const { proposal, cause } of batch) {
        this.#loop.cause = cause;
        this.#database.index += 1;
        proposal.apply(this.#database);
      }
    }
  }
}
