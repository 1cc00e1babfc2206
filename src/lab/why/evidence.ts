/** What explanations are read from: the store's newest values, the trace, the hosts; never a request. */
import type { Micros } from '../../ground/base/event-loop.ts';
import { lastSeenOf } from '../../ground/api/kinds/event.ts';
import { keyOf, type KubeObject } from '../../ground/api/object.ts';
import type { Event, Pod } from '../../ground/api/types.ts';
import type { Lab } from '../lab.ts';
import type { WhyEvidence, WhyNode } from '../view-types.ts';

/** A lab at a moment: everything is read as it was then. */
export interface Seen {
  readonly lab: Lab;
  readonly at: Micros;
}

/** An object of the store as it stood. */
export function storedOne<T extends KubeObject>({ lab, at }: Seen, key: string): T | undefined {
  return lab.recorder.history.at(key, at)?.value as T | undefined;
}

export function claim(
  key: string,
  values: Readonly<Record<string, string>>,
  evidence: readonly WhyEvidence[] = [],
  because: readonly WhyNode[] = [],
): WhyNode {
  return { claim: key, values, evidence, because };
}

/** A field of an object, with the revision at which it stands. */
export function fieldOf(object: KubeObject, text: string): WhyEvidence {
  const { namespace = '', name } = object.metadata;
  const target =
    namespace === '' ? `${object.kind}/${name}` : `${object.kind}/${namespace}/${name}`;
  return {
    text: `${text}  r${object.metadata.resourceVersion ?? '?'}`,
    kind: 'object',
    target,
    time: 0,
  };
}

/** The stored objects below a prefix, `/registry/pods/default/`. */
export function stored<T extends KubeObject>({ lab, at }: Seen, prefix: string): readonly T[] {
  return lab.recorder.history.list(prefix, at).map((entry) => entry.moment.value as T);
}

/** The newest warning or pull event about an object. */
export function lastEvent(seen: Seen, object: KubeObject, reasons: RegExp): Event | undefined {
  let newest: Event | undefined;
  for (const event of stored<Event>(
    seen,
    `/registry/events/${object.metadata.namespace ?? 'default'}/`,
  )) {
    if (event.involvedObject?.uid !== object.metadata.uid || !reasons.test(event.reason ?? ''))
      continue;
    if (newest === undefined || lastSeenOf(event) >= lastSeenOf(newest)) newest = event;
  }
  return newest;
}

export function nameOf(object: KubeObject): string {
  return `${object.kind.toLowerCase()}/${object.metadata.name}`;
}

/** The newest record of the scheduler about a pod. */
export function lastAttempt(
  { lab, at }: Seen,
  pod: Pod,
):
  | {
      readonly time: number;
      readonly message: string;
      readonly attempt: number;
      readonly id: number;
    }
  | undefined {
  const records = lab.recorder.all();
  const wanted = `Pod/${keyOf(pod)}`;
  for (let index = records.length - 1; index >= 0; index -= 1) {
    const record = records[index];
    if (
      record?.component !== 'kube-scheduler' ||
      record.time > at ||
      record.object !== wanted ||
      record.verb !== 'reject'
    )
      continue;
    const detail = record.detail as { readonly attempt?: number } | undefined;
    return {
      time: record.time,
      message: record.note,
      attempt: detail?.attempt ?? 1,
      id: record.id,
    };
  }
  return undefined;
}
