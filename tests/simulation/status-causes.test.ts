/**
 * No field of a pod's status is written that nothing caused. A day in the life of many pods, then a walk
 * over every write in the past of the store: each field that changed has a cause in the trace, of a kind
 * that may cause it, and the value can be read off that cause.
 */
import { expect, test } from 'vitest';
import { sameValue } from '../../src/ground/api/edit.ts';
import { PODS } from '../../src/ground/api/names.ts';
import type { ContainerState, Pod, PodStatus } from '../../src/ground/api/types.ts';
import { type Evidence, evidenceOf, recordBehind } from '../../src/ground/trace/evidence.ts';
import type { Moment } from '../../src/ground/trace/history.ts';
import type { TraceRecord } from '../../src/ground/trace/record.ts';
import type { Lab } from '../../src/lab/lab.ts';
import {
  asAdmin,
  createDeployment,
  createPod,
  inPod,
  onHost,
  pods,
  signal,
  wait,
} from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

type Fields = ReadonlyMap<string, unknown>;

/** A status as paths and values: `phase`, `conditions[Ready]`, `containerStatuses[web].state`. */
function fieldsOf(status: PodStatus | undefined): Fields {
  const fields = new Map<string, unknown>();
  for (const [key, value] of Object.entries(status ?? {})) {
    if (key === 'conditions') {
      for (const { lastProbeTime: _, ...condition } of status?.conditions ?? [])
        fields.set(`conditions[${condition.type}]`, condition);
    } else if (key.endsWith('ontainerStatuses')) {
      for (const one of value as readonly { readonly name: string }[])
        for (const [part, each] of Object.entries(one))
          fields.set(`${key}[${one.name}].${part}`, each);
    } else fields.set(key, value);
  }
  return fields;
}

interface Change {
  readonly pod: Pod;
  readonly field: string;
  readonly before: unknown;
  readonly value: unknown;
  readonly record: TraceRecord;
}

/** Every field of every pod's status that ever changed, with the record of the write. */
function* changes(lab: Lab): Generator<Change> {
  const { history } = lab.recorder;
  for (const key of [...history.keys()].sort()) {
    if (!key.startsWith('/registry/pods/')) continue;
    let before: Fields = new Map();
    for (const moment of history.of(key)) {
      if (moment.value === undefined) before = new Map();
      else {
        const pod = moment.value as Pod;
        const after = fieldsOf(pod.status);
        const record = recordOf(lab, moment);
        for (const field of new Set([...before.keys(), ...after.keys()])) {
          const value = after.get(field);
          const old = before.get(field);
          if (!sameValue(old, value)) yield { pod, field, before: old, value, record };
        }
        before = after;
      }
    }
  }
}

function recordOf(lab: Lab, moment: Moment): TraceRecord {
  const record = lab.recorder.find(moment.cause);
  if (record === undefined) throw new Error(`no record ${moment.cause}`);
  return record;
}

const objectOf = (pod: Pod): string => `Pod/${pod.metadata.namespace}/${pod.metadata.name}`;

/** The kubelet's own record behind a write, and what it learnt the field from. */
function learnt(lab: Lab, change: Change): Evidence | undefined {
  const status = lab.recorder
    .chain(change.record.cause)
    .find((record) => record.verb === 'status' && record.object === objectOf(change.pod));
  return evidenceOf(status?.detail).find((each) => each.fields.includes(change.field))?.evidence;
}

const short = (id: string | undefined): string =>
  (id ?? '').replace('containerd://', '').slice(0, 13);

const WAIT_KINDS: Readonly<Record<string, string>> = {
  CrashLoopBackOff: 'exit',
  CreateContainerConfigError: 'lookup',
  PostStartHookError: 'hook',
  InvalidImageName: 'refusal',
};

/** What the evidence must be and say for a state that it shows. */
function stateMatches(state: ContainerState, evidence: Evidence): boolean {
  const { kind, text } = evidence;
  if (state.terminated !== undefined)
    return (
      kind === 'exit' &&
      text.includes(`${short(state.terminated.containerID)} CONTAINER_EXITED`) &&
      text.includes(`exit code ${state.terminated.exitCode} ${state.terminated.reason}`)
    );
  if (state.running !== undefined) return kind === 'cri' && text.endsWith('CONTAINER_RUNNING');
  const { reason = '', message = '' } = state.waiting ?? {};
  if (reason === 'ContainerCreating' || reason === 'PodInitializing')
    return kind === 'binding' || kind === 'manifest';
  return text.endsWith(message) && kind === (WAIT_KINDS[reason] ?? 'cri');
}

/** True when this evidence can have made the field what it is. */
function accounts(change: Change, evidence: Evidence): boolean {
  const { field, value } = change;
  const { kind, text } = evidence;
  const part = field.slice(field.lastIndexOf('.') + 1);
  const begins = kind === 'binding' || kind === 'manifest';
  if (field.includes('ontainerStatuses[')) {
    if (part === 'state') return stateMatches(value as ContainerState, evidence);
    if (part === 'lastState')
      return sameValue(value, {}) ? begins : stateMatches(value as ContainerState, evidence);
    if (part === 'containerID') return text.includes(` ${short(value as string)} `);
    if (part === 'ready' || part === 'started')
      return value === true
        ? (kind === 'probe' && text.endsWith('success')) ||
            text.endsWith('CONTAINER_RUNNING') ||
            text.includes('exit code 0')
        : begins || kind === 'exit' || kind === 'cri' || text.endsWith('failure');
    return begins || kind === 'cri' || kind === 'exit' || kind === 'write';
  }
  if (onlyGeneration(change)) return begins || kind === 'write';
  switch (field) {
    case 'podIP':
      return (
        kind === 'cri' && (value === undefined || text.endsWith(` ${value}`) || isHost(change))
      );
    case 'phase':
      if (value === 'Pending') return kind === 'cri' || kind === 'exit';
      if (value === 'Running') return kind === 'cri' || kind === 'exit';
      return kind === 'exit' || kind === 'refusal';
    case 'reason':
    case 'message':
      return kind === 'refusal';
    case 'conditions[PodReadyToStartContainers]':
      return (value as { status: string }).status === 'True'
        ? text.includes('SANDBOX_READY')
        : true;
    case 'conditions[Ready]':
    case 'conditions[ContainersReady]':
      return (value as { status: string }).status === 'True'
        ? text.endsWith('success') || text.endsWith('CONTAINER_RUNNING') || kind === 'write'
        : true;
    default:
      return true;
  }
}

/** A condition says what it said, of a newer generation. */
function onlyGeneration({ before, value }: Change): boolean {
  const plain = (one: unknown): unknown => ({ ...(one as object), observedGeneration: 0 });
  return before !== undefined && sameValue(plain(before), plain(value));
}

const isHost = ({ pod }: Change): boolean => pod.spec?.hostNetwork === true;

/** The record behind the evidence is what the evidence says it is. */
function standsBehind(lab: Lab, change: Change, evidence: Evidence): boolean {
  const record = recordBehind(lab.recorder, evidence);
  const { kind, text } = evidence;
  if (kind === 'manifest' || kind === 'refusal' || kind === 'hook' || kind === 'lookup')
    return true;
  // What a kubelet finds in its first list is told by no record of its own.
  if (kind === 'binding' && record?.verb !== 'bind' && record?.verb !== 'create')
    return text === `bound to ${change.pod.spec?.nodeName}`;
  // Where nobody answers at the runtime's socket, nothing has been done that could be recorded.
  if (kind === 'cri' && text.includes('code = Unavailable desc = connection error: ')) return true;
  if (record === undefined || record.time > evidence.time) return false;
  if (kind === 'binding') return record.object === objectOf(change.pod);
  if (kind === 'write') return record.object === objectOf(change.pod);
  if (kind === 'probe')
    return record.object === objectOf(change.pod) && record.verb.endsWith('-probe');
  if (kind === 'exit')
    return record.verb === 'start-failed'
      ? text.includes('exit code 128 StartError')
      : record.verb === 'container-exited' && text.includes(`exit code ${record.note}`);
  if (/^(PullImage|ImageStatus|CreateContainer|StartContainer)/.test(text))
    return record.component.startsWith('containerd@');
  const verb = text.endsWith('CONTAINER_RUNNING')
    ? 'start-container'
    : text.includes('SANDBOX_READY')
      ? 'run-sandbox'
      : 'sandbox-exited';
  return record.verb === verb && text.includes(record.object.replace('Container/', ''));
}

/** Fields that others write, by the verb or the component of the write, and what their chain must hold. */
function othersMay(lab: Lab, change: Change): boolean {
  const { pod, field, record } = change;
  const chain = lab.recorder.chain(record.cause);
  const holds = (verb: string, object: string): boolean =>
    chain.some((one) => one.object === object && (verb === '' || one.verb === verb));
  const node = `Node/${pod.spec?.nodeName}`;
  if (record.verb === 'create') return field === 'phase' || field === 'qosClass';
  // The administrator's own request in the test below.
  if (record.note.startsWith('probe/')) return field === 'conditions[example.com/ok]';
  if (field === 'conditions[PodScheduled]')
    return holds('schedule', objectOf(pod)) || holds('reject', objectOf(pod));
  if (record.note.includes('node-controller') && field === 'conditions[Ready]')
    return holds('', node);
  if (field === 'conditions[DisruptionTarget]') return holds('', node);
  return false;
}

interface Findings {
  readonly wrong: readonly string[];
  /** Of the evidence that was found, and all that containers waited or ended for. */
  readonly kinds: ReadonlySet<string>;
  readonly reasons: ReadonlySet<string>;
}

function complaints(lab: Lab): Findings {
  const wrong: string[] = [];
  const reasons = new Set<string>();
  const kinds = new Set<string>();
  for (const change of changes(lab)) {
    const { field, record, value } = change;
    const state = (field.endsWith('.state') ? value : {}) as ContainerState;
    reasons.add(state.waiting?.reason ?? state.terminated?.reason ?? '');
    const where = `${record.time} ${objectOf(change.pod)} ${field}=${JSON.stringify(value)}`;
    if (!record.note.startsWith('kubelet/') || record.verb === 'create') {
      if (!othersMay(lab, change)) wrong.push(`${where}: ${record.verb} by ${record.note}`);
      continue;
    }
    const evidence = learnt(lab, change);
    if (evidence === undefined) wrong.push(`${where}: no cause`);
    else {
      kinds.add(evidence.kind);
      const said = `${evidence.kind} "${evidence.text}" <- #${evidence.cause}`;
      if (!accounts(change, evidence)) wrong.push(`${where}: cannot follow from ${said}`);
      else if (!standsBehind(lab, change, evidence)) wrong.push(`${where}: nothing behind ${said}`);
    }
  }
  return { wrong, kinds, reasons };
}

/** What the day must have had in it. */
const REASONS = [
  'Completed',
  'ContainerCreating',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'Error',
  'ImagePullBackOff',
  'InvalidImageName',
  'OOMKilled',
  'PodInitializing',
  'PostStartHookError',
  'RunContainerError',
  'StartError',
  'Unknown',
];

const shell = (line: string): object => ({
  name: 'main',
  image: 'busybox',
  command: ['sh', '-c', line],
});
const only = (container: object, spec: object = {}): object => ({
  containers: [container],
  ...spec,
});

test('every field of every status, over a day in the life of pods', () => {
  const lab = bootLab({ seed: 7, nodes: 3, profile: 'modern' });
  const exec = (command: string): object => ({ exec: { command: ['sh', '-c', command] } });
  createDeployment(lab, 'web', 3);
  createPod(
    lab,
    'probed',
    '',
    only({
      ...shell('touch /tmp/up; sleep 3600'),
      startupProbe: { ...exec('sleep 0'), periodSeconds: 1 },
      readinessProbe: { ...exec('test -f /tmp/up'), periodSeconds: 2, failureThreshold: 1 },
    }),
  );
  createPod(
    lab,
    'unwell',
    '',
    only({
      ...shell('sleep 3600'),
      livenessProbe: { ...exec('exit 1'), periodSeconds: 3, failureThreshold: 2 },
    }),
  );
  createPod(lab, 'crash', '', only(shell('sleep 1; exit 3')));
  createPod(lab, 'ends', '', only(shell('exit 0'), { restartPolicy: 'Never' }));
  createPod(lab, 'fails', '', only(shell('exit 4'), { restartPolicy: 'Never' }));
  createPod(
    lab,
    'greedy',
    '',
    only({
      name: 'main',
      image: 'nginx',
      resources: { limits: { memory: '4Mi' } },
    }),
  );
  createPod(lab, 'tagless', 'nginx:nosuch');
  createPod(lab, 'never', '', only({ name: 'main', image: 'httpd', imagePullPolicy: 'Never' }));
  createPod(lab, 'nameless', '', only({ name: 'main', image: 'Not An Image' }));
  createPod(
    lab,
    'noconfig',
    '',
    only({
      ...shell('sleep 9'),
      envFrom: [{ configMapRef: { name: 'nowhere' } }],
    }),
  );
  createPod(lab, 'nocommand', '', only({ name: 'main', image: 'busybox', command: ['/nosuch'] }));
  createPod(
    lab,
    'hooked',
    '',
    only({
      ...shell('sleep 3600'),
      lifecycle: { postStart: exec('exit 7') },
    }),
  );
  createPod(lab, 'inits', '', {
    initContainers: [
      { ...shell('sleep 1'), name: 'first' },
      { ...shell('sleep 3600'), name: 'beside', restartPolicy: 'Always' },
    ],
    containers: [shell('sleep 5')],
    restartPolicy: 'Never',
  });
  createPod(lab, 'deadline', '', only(shell('sleep 3600'), { activeDeadlineSeconds: 5 }));
  createPod(lab, 'nowhere', 'nginx', { nodeSelector: { no: 'such' } });
  createPod(lab, 'refused', 'nginx', { nodeName: 'node-1', nodeSelector: { no: 'such' } });
  createPod(lab, 'gated', 'nginx', { readinessGates: [{ conditionType: 'example.com/ok' }] });
  createPod(lab, 'victim', 'nginx', { nodeName: 'node-1', terminationGracePeriodSeconds: 2 });
  createPod(lab, 'stays', 'nginx', {
    nodeName: 'node-3',
    tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
  });
  wait(lab, 25);
  inPod(lab, 'probed', 'rm /tmp/up');
  wait(lab, 6);
  inPod(lab, 'probed', 'touch /tmp/up');
  asAdmin(lab, (client) =>
    client.patch(
      PODS,
      'default',
      'gated',
      'strategic',
      { status: { conditions: [{ type: 'example.com/ok', status: 'True' }] } },
      { subresource: 'status' },
    ),
  );
  wait(lab, 5);
  expect(pods(lab).find((pod) => pod.metadata.name === 'gated')?.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'True' }),
  );
  onHost(lab, 'node-1', 'kill -9 $(pgrep -x pause | tail -1)');
  wait(lab, 20);
  signal(lab, 'node-2', 'kubelet', 'SIGKILL');
  onHost(lab, 'node-1', 'systemctl restart containerd');
  wait(lab, 30);
  lab.faults.powerOff('node-3');
  wait(lab, 30);
  asAdmin(lab, (client) => client.delete(PODS, 'default', 'victim', {}));
  wait(lab, 340);
  lab.faults.remove('');
  wait(lab, 60);
  // What was there before the day is there after it.
  const unready = pods(lab, 'kube-system').filter(
    (pod) => !pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  );
  expect(unready.map((pod) => pod.metadata.name)).toEqual([]);
  const { wrong, kinds, reasons } = complaints(lab);
  expect(wrong).toEqual([]);
  for (const reason of REASONS) expect(reasons).toContain(reason);
  expect([...kinds].sort()).toEqual([
    'binding',
    'cri',
    'exit',
    'hook',
    'lookup',
    'manifest',
    'probe',
    'refusal',
    'write',
  ]);
});
