/** Reflector, store and handlers: a component's view of one resource. Signatures first. */
import { Deferred, type Task } from '../../ground/base/task.ts';
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Client } from './types.ts';

export interface InformerOptions<T> {
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Cuts an object down before it is stored. */
  readonly transform?: (object: T) => T;
}

export interface InformerHandler<T> {
  /** `initial`: part of the first list. */
  onAdd?(object: T, initial: boolean): void;
  onUpdate?(old: T, object: T): void;
  /** With the last known state. */
  onDelete?(object: T): void;
}

export declare class Informer<T extends KubeObject> {
  constructor(process: Process, client: Client, resource: ResourceName, options?: InformerOptions<T>);
  readonly resource: ResourceName;
  /** Resolved once the first list has been delivered. */
  readonly synced: Deferred<void>;
  get hasSynced(): boolean;
  get size(): number;
  /** Handlers are called in the order in which they were added, inside the arrival event. */
  addHandler(handler: InformerHandler<T>): this;
  /** Must be added before `start`. `namespace` is always there. */
  addIndex(name: string, values: (object: T) => readonly string[]): this;
  /** By `namespace/name` or `name`. */
  get(key: string): T | undefined;
  /** All objects, in order of arrival. */
  list(): Iterable<T>;
  /** The objects of an index value; no copy. */
  byIndex(index: string, value: string): Iterable<T>;
  countByIndex(index: string, value: string): number;
  /** Starts the reflector as a task of the process; later calls do nothing. */
  start(): this;
  /** The reflector itself, for those who run it. */
  run(): Task<void>;
  stop(): void;
}
void Deferred;
