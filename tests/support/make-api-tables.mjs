// Writes src/ground/api/schema-table.ts, the definitions of everything that Drydock serves in a compact
// text, from a field table of the Kubernetes API. `api/schema.ts` decodes it and explains the form.
//
//     node tests/support/make-api-tables.mjs path/to/kubernetes-1.34-fields.json
import { writeFileSync } from 'node:fs';
import { readDefinitions } from './api-definitions.mjs';

const CONTAINER = [
  'name',
  'image',
  'command',
  'args',
  'workingDir',
  'ports',
  'envFrom',
  'env',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'volumeMounts',
  'volumeDevices',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'imagePullPolicy',
  'securityContext',
];
// Where Go's struct, which is what the server prints, has a field elsewhere than its protobuf number
// says: definition → fields in the struct's order from the first one named on.
const STRUCT_ORDER = {
  'core.v1.PodSpec': [
    'volumes',
    'initContainers',
    'containers',
    'ephemeralContainers',
    'restartPolicy',
  ],
  'core.v1.PodStatus': [
    'observedGeneration',
    'phase',
    'conditions',
    'message',
    'reason',
    'nominatedNodeName',
    'hostIP',
    'hostIPs',
    'podIP',
    'podIPs',
    'startTime',
    'initContainerStatuses',
    'containerStatuses',
    'qosClass',
    'ephemeralContainerStatuses',
    'resize',
    'resourceClaimStatuses',
  ],
  'core.v1.Container': CONTAINER,
  'core.v1.EphemeralContainer': CONTAINER,
  'core.v1.VolumeMount': [
    'name',
    'readOnly',
    'recursiveReadOnly',
    'mountPath',
    'subPath',
    'mountPropagation',
    'subPathExpr',
  ],
  'core.v1.ContainerPort': ['name', 'hostPort', 'containerPort', 'protocol', 'hostIP'],
  'core.v1.ServiceSpec': ['ports', 'selector', 'clusterIP', 'clusterIPs', 'type'],
  'core.v1.ServicePort': ['name', 'protocol', 'appProtocol', 'port', 'targetPort', 'nodePort'],
  'core.v1.EndpointAddress': ['ip', 'hostname', 'nodeName', 'targetRef'],
  'core.v1.NodeSpec': ['podCIDR', 'podCIDRs', 'providerID'],
  'core.v1.Secret': ['immutable', 'data', 'stringData', 'type'],
  'core.v1.ConfigMap': ['immutable', 'data', 'binaryData'],
  'apps.v1.DeploymentStatus': [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'conditions',
    'collisionCount',
  ],
  'apps.v1.ReplicaSetSpec': ['replicas', 'minReadySeconds', 'selector', 'template'],
  'apps.v1.ReplicaSetStatus': [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'terminatingReplicas',
    'observedGeneration',
    'conditions',
  ],
  'core.v1.ObjectReference': ['kind', 'namespace', 'name', 'uid', 'apiVersion'],
  'meta.v1.OwnerReference': [
    'apiVersion',
    'kind',
    'name',
    'uid',
    'controller',
    'blockOwnerDeletion',
  ],
  'core.v1.PodCondition': ['type', 'observedGeneration', 'status'],
  'discovery.v1.EndpointSlice': ['addressType', 'endpoints', 'ports'],
};

const { file, table, wanted } = readDefinitions(process.argv[2], true);

const SCALARS = {
  'api.resource.Quantity': 'Q',
  'meta.v1.Time': 'T',
  'meta.v1.MicroTime': 'U',
  'util.intstr.IntOrString': 'I',
};
const packageOf = (name) => name.slice(0, name.lastIndexOf('.'));
const typeOf = (field, owner) => {
  if (field.ref) {
    if (SCALARS[field.ref]) return SCALARS[field.ref];
    if (table[field.ref].properties === undefined) return 'X';
    const short = field.ref.slice(packageOf(field.ref).length + 1);
    return packageOf(field.ref) === packageOf(owner) ? `=${short}` : `=${field.ref}`;
  }
  switch (field.type) {
    case 'array':
      return `[${typeOf(field.items, owner)}`;
    case 'object':
      return field.values ? `{${typeOf(field.values, owner)}` : 'X';
    case 'integer':
      return field.format === 'int64' ? 'l' : 'i';
    case 'number':
      return 'n';
    case 'boolean':
      return 'b';
    case 'string':
      return field.format === 'byte' ? 'y' : 's';
    default:
      throw new Error(`${owner}: no type for ${JSON.stringify(field)}`);
  }
};

/** The protobuf path of each JSON field: [2, 5] is field 5 of the message in field 2. */
const protoPaths = (name) => {
  const definition = table[name];
  const paths = new Map();
  for (const [key, field] of Object.entries(definition.properties)) {
    if (field.proto !== undefined) paths.set(key, [field.proto]);
  }
  const low = new Map(Object.keys(definition.properties).map((key) => [key.toLowerCase(), key]));
  for (const [protoName, [number, type]] of Object.entries(definition.protoInline ?? {})) {
    const same = low.get(protoName.toLowerCase());
    if (same !== undefined) {
      paths.set(same, [number]);
      continue;
    }
    const full = type.includes('.') ? type : `${packageOf(name)}.${type}`;
    const inner = file.protoOnly[full]
      ? Object.entries(file.protoOnly[full]).map(([key, [n]]) => [key, [n]])
      : [...protoPaths(full)];
    for (const [key, path] of inner)
      if (key in definition.properties && !paths.has(key)) paths.set(key, [number, ...path]);
  }
  return paths;
};

const lines = [];
for (const name of [...wanted].sort()) {
  const definition = table[name];
  if (SCALARS[name] || !definition.properties) continue;
  const paths = protoPaths(name);
  const order = STRUCT_ORDER[name] ?? [];
  const rank = (key) => {
    if (key === 'kind' && definition.gvk) return [-2];
    if (key === 'apiVersion' && definition.gvk) return [-1];
    if (key === 'metadata' && definition.gvk) return [0];
    const at = order.indexOf(key);
    const first =
      at < 0 ? undefined : Math.min(...order.map((each) => (paths.get(each) ?? [999])[0]));
    return at < 0 ? (paths.get(key) ?? [999]) : [first, at / 100];
  };
  const compare = (a, b) => {
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const d = (a[i] ?? 0) - (b[i] ?? 0);
      if (d) return d;
    }
    return 0;
  };
  const fields = Object.entries(definition.properties)
    .sort(([a], [b]) => compare(rank(a), rank(b)) || (a < b ? -1 : 1))
    .map(([key, field]) => {
      const path = paths.get(key);
      if (path === undefined && !(definition.gvk && (key === 'kind' || key === 'apiVersion')))
        console.warn(`${name}.${key} has no protobuf number`);
      let text = `${key}:${typeOf(field, name)}`;
      if (field.required) text += '!';
      if (path) text += `#${path.join('.')}`;
      if (field.enum) text += `<${field.enum.join(',')}>`;
      if (field.listType)
        text += `@${field.listType[0]}${field.listKeys ? `(${field.listKeys.join(',')})` : ''}`;
      if (field.mapType === 'atomic') text += '%';
      const strategy = { merge: 'm', replace: 'r', retainKeys: 'k', 'merge,retainKeys': 'mk' };
      if (field.patchStrategy)
        text += `~${strategy[field.patchStrategy]}${field.patchKey ? `:${field.patchKey}` : ''}`;
      return text;
    });
  const gvk = definition.gvk ? `(${definition.gvk.join(',')})` : '';
  lines.push(`${name}${definition.mapType === 'atomic' ? '%' : ''}${gvk} ${fields.join(' ')}`);
}
writeFileSync(
  new URL('../../src/ground/api/schema-table.ts', import.meta.url),
  `/**
 * The definitions of the Kubernetes API 1.34 that Drydock serves, one line each. Written by
 * tests/support/make-api-tables.mjs from the API's field table; do not edit by hand. The form is
 * explained where it is decoded, in \`schema.ts\`.
 */
export const SCHEMA_TABLE = \`
${lines.join('\n')}
\`;
`,
);
console.log(`${lines.length} definitions`);
