/** `--overrides` and `--override-type` of `run` and `expose` (k8s.io/kubectl/pkg/cmd/util/override_options.go, v0.34). */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { applyPatch } from '../../../ground/api/patch/index.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { ok } from '../../../ground/base/result.ts';
import { parseJson } from '../../../ground/lang/json.ts';
import { isValueMap, type Value } from '../../../ground/lang/value.ts';
import { JSON_PATCH, MERGE, STRATEGIC } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import { PATCH_TYPES } from './patch-types.ts';
import type { Session } from './session.ts';

/** The object of core/v1 with what the person puts over it. */
export function overridden(session: Session, object: object): Outcome<object> {
  const type = PATCH_TYPES.get(session.flags.text('override-type'));
  if (type === undefined)
    return fail(`invalid override type: ${session.flags.text('override-type')}`);
  const text = session.flags.text('overrides');
  if (text === '') return ok(object);
  const parsed = parseJson(text);
  if (!parsed.ok) return fail(type === MERGE ? 'Invalid JSON Patch' : parsed.error.message);
  const { kind } = object as { readonly kind: string };
  const definition = type === STRATEGIC ? definitionOfKind('', 'v1', kind) : undefined;
  const made = applyPatch(
    type,
    definition,
    freezeDeep(object) as unknown as Value,
    parsed.value.value,
  );
  if (!made.ok) return fail(made.error.message);
  return ok(type === JSON_PATCH || kind !== 'Pod' ? (made.value as object) : filled(made.value));
}

/** Go's containers always show their resources. */
function filled(pod: Value): object {
  if (!isValueMap(pod)) return {};
  const spec = pod['spec'] ?? null;
  if (!isValueMap(spec) || !Array.isArray(spec['containers'])) return pod;
  const containers = (spec['containers'] as readonly Value[]).map((each) =>
    isValueMap(each) && each['resources'] === undefined ? { ...each, resources: {} } : each,
  );
  return { ...pod, spec: { ...spec, containers } };
}
