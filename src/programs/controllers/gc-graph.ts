/**
 * The owner graph of the garbage collector (k8s.io/kubernetes/pkg/controller/garbagecollector
 * graph_builder.go, v1.34), without I/O: objects go in as they are seen, and out come the UIDs that
 * must be looked at.
 *
 * A node is *virtual* while only a dependent's reference speaks of it; it is looked up over the API,
 * and either an informer shows it later or it is found absent.
 */
import { hasFinalizer } from '../../ground/api/meta.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { OwnerReference } from '../../ground/api/types.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface GraphNode {
  readonly uid: string;
  apiVersion: string;
  kind: string;
  name: string;
  /** Empty for cluster-wide objects. Of a virtual node: that of the dependent that spoke of it. */
  namespace: string;
  owners: readonly OwnerReference[];
  readonly dependents: Set<GraphNode>;
  virtual: boolean;
  /** Has a deletion time. */
  deleting: boolean;
  /** Waits for its dependents: deletion in the foreground. */
  deletingDependents: boolean;
}

/** Gets what must be looked at. */
export interface GraphQueues {
  attemptToDelete(uid: string): void;
  attemptToOrphan(uid: string): void;
}

const NO_OWNERS: readonly OwnerReference[] = [];

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #queues: GraphQueues;

  constructor(queues: GraphQueues) {
    this.#queues = queues;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An object is there, or has changed. `old` is what was there before, if it is known. */
  seen(object: KubeObject, old: KubeObject | undefined): void {
    const meta = object.metadata;
    if (
      old !== undefined &&
      old.metadata.ownerReferences === meta.ownerReferences &&
      old.metadata.finalizers === meta.finalizers &&
      old.metadata.deletionTimestamp === meta.deletionTimestamp
    ) {
      return;
    }
    const uid = meta.uid ?? '';
    let node = this.#nodes.get(uid);
    if (node === undefined) {
      node = newNode(uid);
      this.#nodes.set(uid, node);
    }
    node.virtual = false;
    node.apiVersion = object.apiVersion;
    node.kind = object.kind;
    node.name = meta.name;
    node.namespace = meta.namespace ?? '';
    this.#setOwners(node, meta.ownerReferences ?? NO_OWNERS);
    this.#transitions(node, object);
  }

  /** An object is gone, or was never there. */
  gone(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#nodes.delete(uid);
    for (const reference of node.owners) {
      const owner = this.#nodes.get(reference.uid);
      if (owner === undefined) continue;
      owner.dependents.delete(node);
      if (owner.deletingDependents) this.#queues.attemptToDelete(owner.uid);
    }
    for (const dependent of node.dependents) this.#queues.attemptToDelete(dependent.uid);
  }

  /** Dependents whose reference keeps their owner waiting. */
  blockingDependents(node: GraphNode): readonly GraphNode[] {
    return [...node.dependents].filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
  }

  #setOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const before = node.owners;
    if (before === owners) return;
    node.owners = owners;
    for (const old of before) {
      const now = owners.find((each) => each.uid === old.uid);
      const owner = this.#nodes.get(old.uid);
      if (now === undefined) owner?.dependents.delete(node);
      // An owner that waited for this dependent may go on.
      const unblocked = old.blockOwnerDeletion === true && now?.blockOwnerDeletion !== true;
      if (unblocked && owner?.deletingDependents === true) {
        this.#queues.attemptToDelete(owner.uid);
      }
    }
    let doubtful = false;
    for (const reference of owners) {
      const owner = this.#nodes.get(reference.uid);
      if (owner === undefined) this.#speakOf(reference, node);
      else {
        owner.dependents.add(node);
        if (!owner.virtual && !agrees(owner, reference, node)) doubtful = true;
      }
    }
    // A removed owner, or one that is not what the reference says, may leave the object ownerless.
    const removed = before.some((old) => !owners.some((each) => each.uid === old.uid));
    if (doubtful || removed) this.#queues.attemptToDelete(node.uid);
  }

  #speakOf(reference: OwnerReference, dependent: GraphNode): void {
    const owner = newNode(reference.uid);
    owner.virtual = true;
    owner.apiVersion = reference.apiVersion;
    owner.kind = reference.kind;
    owner.name = reference.name;
    owner.namespace = dependent.namespace;
    owner.dependents.add(dependent);
    this.#nodes.set(reference.uid, owner);
    this.#queues.attemptToDelete(reference.uid);
  }

  #transitions(node: GraphNode, object: KubeObject): void {
    const deleting = object.metadata.deletionTimestamp !== undefined;
    node.deleting = deleting;
    if (!deleting) return;
    if (hasFinalizer(object, ORPHAN)) this.#queues.attemptToOrphan(node.uid);
    if (hasFinalizer(object, FOREGROUND)) {
      if (node.deletingDependents) return;
      node.deletingDependents = true;
      for (const dependent of node.dependents) this.#queues.attemptToDelete(dependent.uid);
      this.#queues.attemptToDelete(node.uid);
    } else node.deletingDependents = false;
  }
}

/** True when an owner is what a reference to it says: same kind and name, and in reach. */
function agrees(owner: GraphNode, reference: OwnerReference, dependent: GraphNode): boolean {
  return (
    owner.kind === reference.kind &&
    owner.name === reference.name &&
    (owner.namespace === '' || owner.namespace === dependent.namespace)
  );
}

function newNode(uid: string): GraphNode {
  return {
    uid,
    apiVersion: '',
    kind: '',
    name: '',
    namespace: '',
    owners: NO_OWNERS,
    dependents: new Set(),
    virtual: false,
    deleting: false,
    deletingDependents: false,
  };
}
