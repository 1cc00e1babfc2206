/**
 * Trace records: what happened, when, who did it, to what, and which record it follows from. Small
 * and flat; anything large (a scheduler matrix, the hops of a packet) hangs on `detail` by reference
 * and is dropped first.
 */
import type { CauseId, Micros } from '../base/event-loop.ts';

export interface TraceRecord {
  /** Also the cause that later records name; odd when the chain is background. */
  readonly id: CauseId;
  readonly time: Micros;
  readonly cause: CauseId;
  /** Who: `kube-scheduler`, `kubelet@node-1`, `learner`, `kube-apiserver@cp-1`. */
  readonly component: string;
  /** What: `create`, `update`, `delete`, `bind`, `start-container`, `packet`, `input`, `fault` … */
  readonly verb: string;
  /** To what: `Pod/default/web-1`, `Node/node-1`, a container id, a flow. */
  readonly object: string;
  /** The store revision made, or 0. */
  readonly revision: number;
  /** One more word or number that explains it: an exit code, a reason. */
  readonly note: string;
  /** Details of its own kind: a scheduling attempt, a packet walk, an API request. */
  readonly detail: unknown;
}

export interface RecordFields {
  readonly component: string;
  readonly verb: string;
  readonly object: string;
  readonly revision?: number;
  readonly note?: string;
  readonly detail?: unknown;
  /** True for what matters to a person (a write of more than heartbeat fields): ends a background chain. */
  readonly foreground?: boolean;
}
