/** Events about objects, sent and forgotten. Signatures first. */
import type { KubeObject } from '../../ground/api/object.ts';
import type { ObjectReference } from '../../ground/api/types.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Client } from './types.ts';

export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

export declare class EventRecorder {
  constructor(process: Process, client: Client, source: EventSource);
  /** Queues an event about an object; never waits, never fails. */
  event(
    object: KubeObject | ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    annotations?: Readonly<Record<string, string>>,
  ): void;
}

/** The reference that an event's involvedObject holds; `fieldPath` as in `spec.containers{web}`. */
export declare function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference;
