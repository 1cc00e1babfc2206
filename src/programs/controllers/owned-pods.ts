/**
 * How many pods each ReplicaSet has, counted as they change: a sync asks and does not count. For every
 * owner UID a tally of its active, ready and fully labelled pods, and the names of those whose labels
 * its selector no longer matches (they must be released).
 *
 * A tally is counted afresh only when the owner's selector or template is another object than before.
 */
import { controllerOf } from '../../ground/api/meta.ts';
import { keyOf } from '../../ground/api/object.ts';
import { matches, type Selector, selectorOf, NOTHING } from '../../ground/api/selector.ts';
import type { Pod, ReplicaSet } from '../../ground/api/types.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { isPodActive, isPodReady } from './pods.ts';

/** The index of pods by the UID of their controller; '' for those without one. */
export const BY_OWNER = 'controllerUID';

export function indexByOwner(pods: Informer<Pod>): void {
  pods.addIndex(
    BY_OWNER,
    (pod) => [controllerOf(pod)?.uid ?? `orphan/${pod.metadata.namespace ?? ''}`],
    (pod) => pod.metadata.ownerReferences,
  );
}

export interface Tally {
  readonly selector: Selector;
  active: number;
  ready: number;
  fullyLabelled: number;
  /** Keys of active pods that the selector does not match. */
  readonly mismatched: Set<string>;
}

interface Entry extends Tally {
  readonly source: ReplicaSet['spec'];
}

export class OwnedPods {
  readonly #pods: Informer<Pod>;
  readonly #entries = new Map<string, Entry>();

  constructor(pods: Informer<Pod>) {
    indexByOwner(pods);
    this.#pods = pods;
    pods.addHandler({
      onAdd: (pod) => this.#change(undefined, pod),
      onUpdate: (old, pod) => this.#change(old, pod),
      onDelete: (pod) => this.#change(pod, undefined),
    });
  }

  /** The tally of an owner, counted now if it is new or has changed its labels. */
  of(set: ReplicaSet): Tally {
    const uid = set.metadata.uid ?? '';
    const known = this.#entries.get(uid);
    if (known !== undefined && sameLabels(known.source, set.spec)) return known;
    const parsed = selectorOf(set.spec?.selector);
    const entry: Entry = {
      source: set.spec,
      selector: parsed.ok ? parsed.value : NOTHING,
      active: 0,
      ready: 0,
      fullyLabelled: 0,
      mismatched: new Set(),
    };
    for (const pod of this.#pods.byIndex(BY_OWNER, uid)) count(entry, pod, 1);
    this.#entries.set(uid, entry);
    return entry;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  #change(old: Pod | undefined, pod: Pod | undefined): void {
    if (old !== undefined && pod !== undefined && countsAlike(old, pod)) return;
    if (old !== undefined) this.#add(old, -1);
    if (pod !== undefined) this.#add(pod, 1);
  }

  #add(pod: Pod, sign: 1 | -1): void {
    const uid = controllerOf(pod)?.uid;
    const entry = uid === undefined ? undefined : this.#entries.get(uid);
    if (entry !== undefined) count(entry, pod, sign);
  }
}

/** Whether two states of a pod stand for the same in every tally. */
function countsAlike(old: Pod, pod: Pod): boolean {
  return (
    old.metadata.labels === pod.metadata.labels &&
    old.metadata.ownerReferences === pod.metadata.ownerReferences &&
    isPodActive(old) === isPodActive(pod) &&
    isPodReady(old) === isPodReady(pod)
  );
}

function sameLabels(a: ReplicaSet['spec'], b: ReplicaSet['spec']): boolean {
  if (a === b) return true;
  return a?.selector === b?.selector && a?.template?.metadata === b?.template?.metadata;
}

function count(entry: Entry, pod: Pod, sign: 1 | -1): void {
  if (!isPodActive(pod)) return;
  const labels = pod.metadata.labels;
  if (!matches(entry.selector, labels)) {
    if (sign > 0) entry.mismatched.add(keyOf(pod));
    else entry.mismatched.delete(keyOf(pod));
    return;
  }
  entry.active += sign;
  if (isPodReady(pod)) entry.ready += sign;
  if (hasLabels(labels, entry.source?.template?.metadata?.labels)) entry.fullyLabelled += sign;
}

function hasLabels(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  if (wanted === undefined) return true;
  for (const key of Object.keys(wanted)) {
    if (labels === undefined || !Object.hasOwn(labels, key) || labels[key] !== wanted[key]) {
      return false;
    }
  }
  return true;
}
