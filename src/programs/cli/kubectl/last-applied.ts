/** The annotation that holds what `kubectl apply` last applied (k8s.io/kubectl/pkg/util/apply.go, v0.34). */
import { withAnnotation } from '../../../ground/api/meta.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import type { Loose } from './api.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The annotation's text: the object without the annotation, one line of JSON. */
export function appliedText(object: Loose): string {
  const bare = withAnnotation(object, LAST_APPLIED, undefined);
  const annotations = bare.metadata.annotations ?? {};
  const metadata = { ...bare.metadata, annotations };
  return `${formatJson({ ...bare, metadata }, { sortKeys: true })}\n`;
}
