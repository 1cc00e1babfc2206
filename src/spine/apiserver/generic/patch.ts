/** Patches by content type (k8s.io/apiserver/pkg/endpoints/handlers/patch.go, v0.34). */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import type { Result } from '../../../ground/base/result.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import type { RequestContext } from './context.ts';
import type { Build } from './registry.ts';
import { type Failure, unsupportedMediaType } from './status.ts';

const TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

export function applyPatch(
  _descriptor: ResourceDescriptor,
  _context: RequestContext,
  _exchange: HttpExchange,
): Result<Build, Failure> {
  return unsupportedMediaType(TYPES);
}
