/** Node (pkg/apis/core, pkg/registry/core/node, 1.34): a machine that runs pods. */
import { sortedText } from '../../base/text.ts';
import { withFields } from '../edit.ts';
import {
  duplicateField,
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
} from '../field-error.ts';
import { conditionOf, labelsOf } from '../meta.ts';
import type { Node } from '../types.ts';
import { oneOf } from '../validation/containers.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain, isLabelValue, isQualifiedName } from '../validation/names.ts';
import { ageColumn, describeKind, nameColumn, statusSubresource, textColumn } from './describe.ts';

const ROLE = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

export const NODE_KIND = describeKind<Node>({
  group: '',
  resource: 'nodes',
  kind: 'Node',
  namespaced: false,
  shortNames: ['no'],
  storagePrefix: 'minions',
  subresources: [
    {
      name: 'proxy',
      group: '',
      version: 'v1',
      kind: 'NodeProxyOptions',
      verbs: ['create', 'delete', 'get', 'head', 'options', 'patch', 'update'],
    },
    statusSubresource('', 'Node'),
  ],
  // A kubelet registers its node with a status, which upstream keeps.
  prepareForCreate: (node) => node,
  prepareForUpdate: (node, old) => withFields(node, { status: old.status }),
  defaults: (node) => {
    const status = node.status;
    if (status === undefined || status.allocatable !== undefined) return node;
    if (status.capacity === undefined) return node;
    return withFields(node, { status: withFields(status, { allocatable: status.capacity }) });
  },
  validateCreate: (node) => [...metaErrors(node, false, isDns1123Subdomain), ...taintErrors(node)],
  validateUpdate: (node, old) => [
    ...metaUpdateErrors(node, old),
    ...taintErrors(node),
    ...fixedErrors(node, old),
  ],
  validateStatusUpdate: metaUpdateErrors,
  columns: [
    nameColumn(),
    textColumn('Status', 'Ready or not, and whether pods may be placed on it.', statusText),
    textColumn('Roles', 'Roles by its labels.', rolesText),
    ageColumn(),
    textColumn(
      'Version',
      'Version of its kubelet.',
      (node) => node.status?.nodeInfo?.kubeletVersion ?? '',
    ),
    textColumn('Internal-IP', 'Address inside.', (node) => addressOf(node, 'InternalIP'), true),
    textColumn('External-IP', 'Address outside.', (node) => addressOf(node, 'ExternalIP'), true),
    textColumn(
      'OS-Image',
      'Operating system.',
      (node) => orUnknown(node.status?.nodeInfo?.osImage),
      true,
    ),
    textColumn(
      'Kernel-Version',
      'Kernel.',
      (node) => orUnknown(node.status?.nodeInfo?.kernelVersion),
      true,
    ),
    textColumn(
      'Container-Runtime',
      'What runs its containers.',
      (node) => orUnknown(node.status?.nodeInfo?.containerRuntimeVersion),
      true,
    ),
  ],
  fields: new Map([['spec.unschedulable', (node) => String(node.spec?.unschedulable ?? false)]]),
  unsupported: [
    {
      path: 'spec.configSource',
      how: 'ignored',
      why: 'Kubelets read their configuration from a file.',
    },
    { path: 'spec.externalID', how: 'ignored', why: 'There is no cloud.' },
  ],
});

function statusText(node: Node): string {
  const ready = conditionOf(node.status?.conditions, 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

function rolesText(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(labelsOf(node))) {
    if (key.startsWith(ROLE) && key.length > ROLE.length) roles.add(key.slice(ROLE.length));
    else if (key === ROLE_LABEL && value !== '') roles.add(value);
  }
  return roles.size === 0 ? '<none>' : sortedText(roles).join(',');
}

function addressOf(node: Node, type: string): string {
  const address = (node.status?.addresses ?? []).find((each) => each.type === type);
  return address?.address ?? '<none>';
}

function orUnknown(text: string | undefined): string {
  return text === undefined || text === '' ? '<unknown>' : text;
}

const EFFECTS = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];

function taintErrors(node: Node): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  (node.spec?.taints ?? []).forEach((taint, index) => {
    const at = `spec.taints[${index}]`;
    for (const text of isQualifiedName(taint.key ?? '')) {
      errors.push(invalidField(`${at}.key`, taint.key ?? '', text));
    }
    const texts = isLabelValue(taint.value ?? '');
    if (texts.length > 0) errors.push(invalidField(`${at}.value`, taint.value, texts.join(';')));
    if ((taint.effect ?? '') === '') errors.push(requiredField(`${at}.effect`));
    else errors.push(...oneOf(`${at}.effect`, taint.effect, EFFECTS));
    const key = `${taint.effect}/${taint.key}`;
    if (seen.has(key)) {
      const value = {
        Key: taint.key,
        Value: taint.value ?? '',
        Effect: taint.effect,
        TimeAdded: null,
      };
      errors.push(duplicateField(at, value));
    }
    seen.add(key);
  });
  return errors;
}

/** What identifies a node's place is set once. */
function fixedErrors(node: Node, old: Node): FieldError[] {
  const errors: FieldError[] = [];
  const before = old.spec?.podCIDRs ?? [];
  const now = node.spec?.podCIDRs ?? [];
  if (before.length > 0 && now.join() !== before.join()) {
    errors.push(
      forbiddenField(
        'spec.podCIDRs',
        'node updates may not change podCIDR except from "" to valid',
      ),
    );
  }
  const id = old.spec?.providerID ?? '';
  if (id !== '' && node.spec?.providerID !== id) {
    errors.push(
      forbiddenField(
        'spec.providerID',
        'node updates may not change providerID except from "" to valid',
      ),
    );
  }
  return errors;
}
