/** Namespace (pkg/apis/core, pkg/registry/core/namespace, 1.34): a room for names. */
import { withEntry, withFields } from '../edit.ts';
import { labelOf } from '../meta.ts';
import type { Namespace } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Label } from '../validation/names.ts';
import {
  ALL_VERBS,
  ageColumn,
  describeKind,
  nameColumn,
  statusSubresource,
  textColumn,
} from './describe.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const ACTIVE = Object.freeze({ phase: 'Active' });
const FINALIZERS = Object.freeze({ finalizers: Object.freeze(['kubernetes']) });

export const NAMESPACE_KIND = describeKind<Namespace>({
  group: '',
  resource: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  shortNames: ['ns'],
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  subresources: [
    { name: 'finalize', group: '', version: 'v1', kind: 'Namespace', verbs: ['update'] },
    statusSubresource('', 'Namespace'),
  ],
  defaults: (namespace) => {
    const name = namespace.metadata.name ?? '';
    if (name === '' || labelOf(namespace, NAME_LABEL) === name) return namespace;
    const labels = withEntry(namespace.metadata.labels, NAME_LABEL, name);
    return withFields(namespace, { metadata: withFields(namespace.metadata, { labels }) });
  },
  validateCreate: (namespace) => metaErrors(namespace, false, isDns1123Label),
  validateUpdate: metaUpdateErrors,
  validateStatusUpdate: metaUpdateErrors,
  // The finalizer holds a namespace until its contents are gone.
  prepareForCreate: (namespace) => withFields(namespace, { spec: FINALIZERS, status: ACTIVE }),
  prepareForUpdate: (namespace, old) =>
    withFields(namespace, { spec: old.spec, status: old.status }),
  columns: [
    nameColumn(),
    textColumn('Status', 'Active or Terminating.', (namespace) => namespace.status?.phase ?? ''),
    ageColumn(),
  ],
  fields: new Map([['status.phase', (namespace) => namespace.status?.phase ?? '']]),
});
