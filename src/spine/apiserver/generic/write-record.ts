/**
 * How a write enters the trace: one record, the value in the past of the store, and its share of the
 * story hash. A write is in the foreground when it changes more than heartbeat fields.
 *
 * The story is what a learner would call "what happened": verb, kind, namespace, name, and of the
 * content the small things that stand for progress (generation, phase, node, readiness, deletion,
 * counts). Revisions, times, UIDs and addresses are left out, so that a refactoring that moves them
 * tells the same story. No walk over the object: a handful of fields are read.
 */
import type { CauseId } from '../../../ground/base/event-loop.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Recorder } from '../../../ground/trace/recorder.ts';

export interface WriteNote {
  readonly component: string;
  /** create, update, patch, delete, bind … */
  readonly verb: string;
  /** The user, or the user agent. */
  readonly who: string;
  /** Only heartbeat fields change: a lease's renewal, a node's status as before. */
  readonly heartbeat: boolean;
  /** Leases and events are kept in the past as their last value. */
  readonly keepLast: boolean;
}

export function recordWrite(
  trace: Recorder,
  note: WriteNote,
  key: string,
  object: KubeObject,
  revision: number,
  gone: boolean,
): CauseId {
  const { namespace = '', name } = object.metadata;
  const what = namespace === '' ? `${object.kind}/${name}` : `${object.kind}/${namespace}/${name}`;
  const id = trace.record({
    component: note.component,
    verb: note.verb,
    object: what,
    revision,
    note: note.who,
    foreground: !note.heartbeat,
  });
  const value = gone ? undefined : object;
  trace.history.put(key, { time: trace.loop.now, revision, value, cause: id }, note.keepLast);
  if (!note.heartbeat) trace.tell(`${note.verb} ${what} ${gistOf(object)}`);
  return id;
}

interface Gist {
  readonly spec?: { readonly nodeName?: string; readonly replicas?: number };
  readonly status?: {
    readonly phase?: string;
    readonly readyReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The few fields that stand for the content. */
function gistOf(object: KubeObject): string {
  const { spec, status } = object as unknown as Gist;
  const { generation, deletionTimestamp } = object.metadata;
  let text = deletionTimestamp === undefined ? `${generation ?? ''}` : `${generation ?? ''}-`;
  if (spec?.nodeName !== undefined) text += ` @${spec.nodeName}`;
  if (spec?.replicas !== undefined) text += ` r${spec.replicas}`;
  if (status === undefined) return text;
  if (status.phase !== undefined) text += ` ${status.phase}`;
  if (status.readyReplicas !== undefined) text += ` +${status.readyReplicas}`;
  if (!Array.isArray(status.conditions)) return text;
  for (const condition of status.conditions) {
    if (condition.type === 'Ready') text += ` ${condition.status}`;
  }
  return text;
}
