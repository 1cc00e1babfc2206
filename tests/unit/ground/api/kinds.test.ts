/** Kinds: defaults, validation texts and table cells, from manifests as learners write them. */
import { describe, expect, test } from 'vitest';
import { parseRfc3339 } from '../../../../src/ground/base/time.ts';
import { decodeAs } from '../../../../src/ground/api/decode.ts';
import { formatFieldError } from '../../../../src/ground/api/field-error.ts';
import type { KubeObject } from '../../../../src/ground/api/object.ts';
import {
  type AnyResource,
  RESOURCES,
  resourceForKind,
  resourcesNamed,
} from '../../../../src/ground/api/resources.ts';
import { definitionOf, fieldAt } from '../../../../src/ground/api/schema.ts';
import { unsupportedIn } from '../../../../src/ground/api/support.ts';
import { formatYaml, parseYaml } from '../../../../src/ground/lang/yaml/index.ts';

function read(text: string): { resource: AnyResource; object: KubeObject } {
  const value = parseYaml(text).documents[0]?.value as { apiVersion: string; kind: string };
  const resource = resourceForKind(value.apiVersion, value.kind);
  if (resource === undefined) throw new Error(`no ${value.kind}`);
  const decoded = decodeAs<KubeObject>(resource.schema, value as never);
  if (!decoded.ok) throw new Error(decoded.error);
  return { resource, object: resource.defaults(decoded.value.object) };
}

function errorsOf(text: string): string[] {
  const { resource, object } = read(text);
  return resource.validateCreate(object).map(formatFieldError);
}

const pod = (spec: string, meta = 'name: a, namespace: default') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {${meta}}\nspec: ${spec}`;
const c = (rest: string) => pod(`{containers: [{name: c, image: nginx${rest}}]}`);

const NAME_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

test.each([
  [c(''), []],
  [pod('{}'), ['spec.containers: Required value']],
  [
    pod('{containers: [{name: c, image: x}]}', 'name: Bad_Name!, namespace: default'),
    [`metadata.name: Invalid value: "Bad_Name!": ${NAME_TEXT}`],
  ],
  [
    c(', imagePullPolicy: Sometimes'),
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    c(', ports: [{containerPort: 99999}]'),
    [
      'spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    c(', volumeMounts: [{name: v, mountPath: /v}]'),
    ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  ],
  [
    c(', resources: {requests: {cpu: "2"}, limits: {cpu: "1"}}'),
    [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ],
  [
    c(', livenessProbe: {}'),
    ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  ],
  [c('}, {name: c, image: x'), ['spec.containers[1].name: Duplicate value: "c"']],
  [
    pod('{containers: [{name: c, image: x}], tolerations: [{operator: Exists, value: x}]}'),
    [
      'spec.tolerations[0].operator: Invalid value: {"Key":"","Operator":"Exists","Value":"x","Effect":"","TolerationSeconds":null}: value must be empty when `operator` is \'Exists\'',
    ],
  ],
  [
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: default}\nspec: {replicas: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: c, image: x}]}}}',
    [
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'apiVersion: v1\nkind: Service\nmetadata: {name: 1web, namespace: default}\nspec: {ports: [{port: 80}, {port: 81}]}',
    [
      "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
    ],
  ],
] as [string, string[]][])('%s', (text, expected) => {
  expect(errorsOf(text)).toEqual(expected);
});

test('a pod gets its defaults, once', () => {
  const { resource, object } = read(
    c(', ports: [{containerPort: 80}], resources: {limits: {cpu: 1}}'),
  );
  expect(formatYaml((object as { spec?: unknown }).spec)).toBe(`containers:
- image: nginx
  imagePullPolicy: Always
  name: c
  ports:
  - containerPort: 80
    protocol: TCP
  resources:
    limits:
      cpu: "1"
    requests:
      cpu: "1"
  terminationMessagePath: /dev/termination-log
  terminationMessagePolicy: File
dnsPolicy: ClusterFirst
enableServiceLinks: true
restartPolicy: Always
schedulerName: default-scheduler
securityContext: {}
terminationGracePeriodSeconds: 30
`);
  expect(resource.defaults(object)).toBe(object);
  expect(resource.prepareForCreate(object)).toMatchObject({
    metadata: { generation: 1 },
    status: { phase: 'Pending', qosClass: 'Burstable' },
  });
});

test('a pod keeps its spec but for images', () => {
  const { resource, object } = read(c(''));
  const { object: renamed } = read(
    pod('{nodeName: n1, containers: [{name: c, image: "other:1"}]}'),
  );
  const [error] = resource.validateUpdate(renamed, object).map(formatFieldError);
  expect(error).toMatch(
    /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/,
  );
  const { object: moved } = read(
    pod('{containers: [{name: c, image: "other:1", imagePullPolicy: Always}]}'),
  );
  expect(resource.validateUpdate(moved, object)).toEqual([]);
});

describe('pod cells', () => {
  const now = parseRfc3339('2026-03-02T09:10:00Z') as number;
  const cells = (status: object, meta = '') => {
    const { resource, object } = read(
      pod(
        '{containers: [{name: c, image: x}, {name: d, image: x}]}',
        `name: a, namespace: default, creationTimestamp: "2026-03-02T09:00:00Z"${meta}`,
      ),
    );
    const full = { ...object, status } as KubeObject;
    return resource.columns.slice(1, 5).map((column) => column.cell(full, now));
  };
  const running = { running: { startedAt: '2026-03-02T09:00:01Z' } };
  test.each([
    [{ phase: 'Pending' }, '', ['0/2', 'Pending', '0', '10m']],
    [
      {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'c',
            ready: true,
            restartCount: 3,
            state: running,
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-03-02T09:05:00Z' } },
          },
          {
            name: 'd',
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
          },
        ],
      },
      '',
      ['1/2', 'CrashLoopBackOff', '3 (5m ago)', '10m'],
    ],
    [
      {
        phase: 'Running',
        containerStatuses: [
          { name: 'c', ready: true, restartCount: 0, state: running },
          {
            name: 'd',
            ready: false,
            restartCount: 0,
            state: { terminated: { exitCode: 0, reason: 'Completed' } },
          },
        ],
      },
      '',
      ['1/2', 'NotReady', '0', '10m'],
    ],
    [
      { phase: 'Running' },
      ', deletionTimestamp: "2026-03-02T09:09:00Z"',
      ['0/2', 'Terminating', '0', '10m'],
    ],
    [{ phase: 'Failed', reason: 'Evicted' }, '', ['0/2', 'Evicted', '0', '10m']],
  ] as [object, string, (string | number)[]][])('%j %s', (status, meta, expected) => {
    expect(cells(status, meta)).toEqual(expected);
  });
});

test('every path of the support table is a path of the schema', () => {
  for (const resource of RESOURCES) {
    for (const { path } of resource.unsupported) {
      const steps = path.replace(/\[\*\]/g, '').split('.');
      expect(
        fieldAt(definitionOf(resource.schema), steps),
        `${resource.kind} ${path}`,
      ).toBeDefined();
    }
  }
});

test('what has no effect is said, what cannot work is refused', () => {
  const { resource, object } = read(
    pod(
      '{containers: [{name: c, image: x, resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}], livenessProbe: {grpc: {port: 1}}}], volumes: [{name: v, nfs: {server: s, path: /}}]}',
    ),
  );
  const found = unsupportedIn(resource, object);
  expect(found.warnings).toEqual([
    'spec.containers[0].resizePolicy: has no effect here: Containers are not resized in place yet.',
  ]);
  expect(found.errors.map((each) => each.field).sort()).toEqual([
    'spec.containers[0].livenessProbe.grpc',
    'spec.volumes[0].nfs',
  ]);
});

test('names that people type', () => {
  const first = (text: string) => resourcesNamed(text)[0]?.resource;
  expect(
    ['po', 'Pod', 'deploy', 'deployments.apps', 'deployment.v1.apps', 'ep', 'no', 'x'].map(first),
  ).toEqual([
    'pods',
    'pods',
    'deployments',
    'deployments',
    'deployments',
    'endpoints',
    'nodes',
    undefined,
  ]);
});
