/**
 * ConfigMaps and Secrets that pods of this node use: one watch per object, from the first pod that
 * refers to it to the last (k8s.io/kubernetes/pkg/kubelet/util/manager watch_based_manager, v1.34).
 */
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { Informer } from '../../spine/client/informer.ts';
import type { Client } from '../../spine/client/types.ts';

interface Entry<T extends KubeObject> {
  readonly informer: Informer<T>;
  readonly users: Set<string>;
}

/** How long a pod waits for the first answer (upstream: 1 s, then the mount is tried again). */
const FIRST_ANSWER = 10 * SECOND;

export class ObjectCache<T extends KubeObject> {
  readonly #process: Process;
  readonly #client: Client;
  readonly #resource: ResourceName;
  readonly #onChange: (users: ReadonlySet<string>) => void;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(
    process: Process,
    client: Client,
    resource: ResourceName,
    onChange: (users: ReadonlySet<string>) => void,
  ) {
    this.#process = process;
    this.#client = client;
    this.#resource = resource;
    this.#onChange = onChange;
  }

  /** The object, undefined when the API has none. Registers the pod as a user. */
  *get(user: string, namespace: string, name: string): Task<Result<T | undefined, string>> {
    const key = `${namespace}/${name}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#open(key, namespace, name);
      this.#entries.set(key, entry);
    }
    entry.users.add(user);
    if (!entry.informer.hasSynced) yield* anyOf([entry.informer.synced], FIRST_ANSWER);
    if (!entry.informer.hasSynced)
      return err(
        `failed to sync ${this.#resource.resource.replace(/s$/, '')} cache: timed out waiting for the condition`,
      );
    return ok(entry.informer.get(key));
  }

  /** What is known already. */
  peek(namespace: string, name: string): T | undefined {
    return this.#entries.get(`${namespace}/${name}`)?.informer.get(`${namespace}/${name}`);
  }

  /** The pod is gone: objects that nobody uses are no longer watched. */
  release(user: string): void {
    for (const [key, entry] of this.#entries) {
      if (!entry.users.delete(user) || entry.users.size > 0) continue;
      entry.informer.stop();
      this.#entries.delete(key);
    }
  }

  #open(key: string, namespace: string, name: string): Entry<T> {
    const informer = new Informer<T>(this.#process, this.#client, this.#resource, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
    });
    const changed = (): void => {
      const entry = this.#entries.get(key);
      if (entry !== undefined) this.#onChange(entry.users);
    };
    informer.addHandler({
      onAdd: (_object, initial) => {
        if (!initial) changed();
      },
      onUpdate: changed,
      onDelete: changed,
    });
    informer.start();
    return { informer, users: new Set() };
  }
}
