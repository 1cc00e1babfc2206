/** The annotation that holds what `kubectl apply` last applied (k8s.io/kubectl/pkg/util/apply.go, v0.34). */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { withAnnotation } from '../../../ground/api/meta.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import type { Loose } from './api.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object without the annotation, and with a map of annotations even if it is empty. */
export function withoutApplied(object: Loose): Loose {
  const bare = withAnnotation(object, LAST_APPLIED, undefined);
  const annotations = bare.metadata.annotations ?? {};
  return freezeDeep({ ...bare, metadata: { ...bare.metadata, annotations } }) as Loose;
}

/** The annotation's text: that object as one line of JSON; as apply writes it always with annotations. */
export function appliedText(object: Loose, filled = true): string {
  const bare = filled ? withoutApplied(object) : withAnnotation(object, LAST_APPLIED, undefined);
  return `${formatJson(bare, { sortKeys: true })}\n`;
}
