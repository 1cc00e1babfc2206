/** Leader election over a Lease. Signatures first. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Client } from './types.ts';

export interface LeaderElectionOptions {
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** `<host>_<uuid>` */
  readonly identity: string;
  /** Defaults 15 s, 10 s, 2 s. */
  readonly leaseDuration?: Micros;
  readonly renewDeadline?: Micros;
  readonly retryPeriod?: Micros;
  /** Gives the lease up when stopped (ReleaseOnCancel). */
  readonly releaseOnStop: boolean;
  /** Gets the LeaderElection events. */
  readonly recorder?: EventRecorder;
  /** Run as a task of the process once leading. */
  readonly lead: () => Task<void>;
  readonly onNewLeader?: (identity: string) => void;
}

/** Tries until it leads, leads until it loses or is stopped (SIGTERM), and says which. */
export declare function runLeaderElection(
  process: Process,
  client: Client,
  options: LeaderElectionOptions,
): Task<'lost' | 'stopped'>;
