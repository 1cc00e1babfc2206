/**
 * The patch types of the API by their media types. Server-side apply is not simulated yet and is
 * refused with a text of our own.
 */
import { err, ok, type Result } from '../../base/result.ts';
import type { Value } from '../../lang/value.ts';
import type { Definition } from '../schema.ts';
import { applyJsonPatch, OPERATIONS_MAX } from './json.ts';
import { applyMergePatch } from './merge.ts';
import { applyStrategicPatch } from './strategic.ts';

export { threeWayPatch, twoWayPatch } from './diff.ts';
export { applyJsonPatch } from './json.ts';
export { applyMergePatch, mergeDiff } from './merge.ts';
export { applyStrategicPatch } from './strategic.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

export interface PatchError {
  readonly code: 400 | 413 | 415 | 422;
  readonly message: string;
}

/** Applies a patch of a media type to an object of a kind, without decoding the result. */
export function applyPatch(
  type: string,
  definition: Definition | undefined,
  object: Value,
  patch: Value,
): Result<Value, PatchError> {
  switch (type) {
    case JSON_PATCH: {
      if (!Array.isArray(patch)) {
        const message = 'json: cannot unmarshal object into Go value of type jsonpatch.Patch';
        return err({ code: 400, message });
      }
      const count = patch.length;
      if (count > OPERATIONS_MAX) {
        const message = `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${count}`;
        return err({ code: 413, message });
      }
      const result = applyJsonPatch(object, patch);
      return result.ok ? result : err({ code: 422, message: result.error });
    }
    case MERGE_PATCH:
      return ok(applyMergePatch(object, patch));
    case STRATEGIC_MERGE_PATCH: {
      const result = applyStrategicPatch(definition, object, patch);
      return result.ok ? result : err({ code: 400, message: result.error });
    }
    default:
      return err({
        code: 415,
        message:
          type === APPLY_PATCH
            ? 'server-side apply is not supported by this simulator yet'
            : `PatchType ${type} is not supported`,
      });
  }
}
