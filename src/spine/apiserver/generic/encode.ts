/**
 * Objects into answers: what the Accept header asks for (k8s.io/apiserver/pkg/endpoints/handlers/
 * negotiation, v0.34). JSON by reference is the usual case and costs nothing.
 */
import { apiVersionOf, type KubeObject } from '../../../ground/api/object.ts';
import type { RequestContext } from './context.ts';
import type { Answer } from './handler.ts';
import type { Listed } from './list.ts';
import type { Registry } from './registry.ts';
import type { Transform } from './watch.ts';

export function encodeObject(
  answer: Answer,
  _context: RequestContext,
  _registry: Registry,
  status: number,
  object: KubeObject,
): void {
  answer.object(status, object);
}

export function encodeList(
  answer: Answer,
  _context: RequestContext,
  registry: Registry,
  listed: Listed,
): void {
  answer.object(200, listObject(registry, listed));
}

/** The list as an object. */
export function listObject(registry: Registry, listed: Listed): KubeObject {
  const { descriptor } = registry;
  const metadata = {
    resourceVersion: String(listed.revision),
    ...(listed.continue === '' ? {} : { continue: listed.continue }),
    ...(listed.remaining === undefined ? {} : { remainingItemCount: listed.remaining }),
  };
  return Object.freeze({
    kind: descriptor.listKind,
    apiVersion: apiVersionOf(descriptor),
    metadata: Object.freeze(metadata),
    items: Object.freeze(listed.items),
  }) as unknown as KubeObject;
}

export function transformFor(_answer: Answer, _context: RequestContext, _registry: Registry): Transform {
  return undefined;
}
