/**
 * The time line of a dead node: its lease grows old, the controller calls it Unknown and taints it, its
 * pods are marked for deletion when their toleration has run out, and stay until the node is back.
 */
import { expect, test } from 'vitest';
import type { Event, Lease, Node } from '../../src/ground/api/types.ts';
import { SECOND } from '../../src/ground/base/event-loop.ts';
import { parseRfc3339 } from '../../src/ground/base/time.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { explain } from '../../src/lab/why/index.ts';
import { createPod, pods, readiness, readyPods, wait } from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

/** Seconds on the cluster's wall clock. */
function seconds(text: string | undefined): number {
  const wall = parseRfc3339(text ?? '');
  if (wall === undefined) throw new Error(`no time: ${text}`);
  return wall / SECOND;
}

const node = (lab: Lab, name: string): Node => {
  const found = lab.cluster.stored<Node>(`/registry/minions/${name}`);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
};

test('Unknown after 50 to 55 s, pods deleted 300 s later, gone when the node returns', () => {
  const lab = bootLab({ seed: 7, nodes: 3, profile: 'modern' });
  createPod(lab, 'web', 'nginx', { nodeName: 'node-1' });
  createPod(lab, 'brave', 'nginx', {
    nodeName: 'node-1',
    tolerations: [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
    ],
  });
  wait(lab, 60);
  expect(readyPods(lab)).toBe(2);
  lab.faults.powerOff('node-1');
  const dark = lab.loop.now + 10 * SECOND;
  wait(lab, 60);
  const lease = lab.cluster.stored<Lease>('/registry/leases/kube-node-lease/node-1');
  const silent = seconds(lease?.spec?.renewTime);
  const dead = node(lab, 'node-1');
  const ready = dead.status?.conditions?.find((one) => one.type === 'Ready');
  expect(ready).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  const unknown = seconds(ready?.lastTransitionTime);
  expect(unknown - silent).toBeGreaterThanOrEqual(50 - 1);
  expect(unknown - silent).toBeLessThanOrEqual(55);
  const taints = dead.spec?.taints ?? [];
  expect(taints.map((taint) => `${taint.key}:${taint.effect}`)).toEqual([
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ]);
  const tainted = seconds(taints[1]?.timeAdded);
  expect(tainted - unknown).toBeLessThanOrEqual(5);

  // Just before the toleration ends nothing is marked; just after it, only what tolerates for a time.
  const now = (): number => lab.cluster.workstation.wall() / SECOND;
  const marked = () => pods(lab).filter((pod) => pod.metadata.deletionTimestamp !== undefined);
  wait(lab, tainted + 299 - now());
  expect(marked()).toEqual([]);
  wait(lab, 3);
  expect(marked().map((pod) => pod.metadata.name)).toEqual(['web']);
  const [web] = marked();
  // The timestamp is the end of the 30 s of grace.
  const asked = seconds(web?.metadata.deletionTimestamp) - 30;
  expect(asked - tainted).toBeGreaterThanOrEqual(300);
  expect(asked - tainted).toBeLessThanOrEqual(301);
  expect(web?.status?.conditions?.find((one) => one.type === 'DisruptionTarget')).toMatchObject({
    status: 'True',
    reason: 'DeletionByTaintManager',
  });
  const events = lab.cluster.storedBelow<Event>('/registry/events/default/');
  expect(events.map((event) => event.message)).toContain('Marking for deletion Pod default/web');

  // Nobody on the node can end it: it stays for as long as the node is away.
  wait(lab, 120);
  expect(marked().map((pod) => pod.metadata.name)).toEqual(['web']);
  lab.faults.remove('');
  wait(lab, 120);
  expect(readiness(lab, 'node-1')).toBe('True');
  expect(node(lab, 'node-1').spec?.taints ?? []).toEqual([]);
  expect(pods(lab).map((pod) => pod.metadata.name)).toEqual(['brave']);

  // Whoever looks back sees the host without power, and why nobody had noticed; before and now it has some.
  const powered = [dark - 20 * SECOND, dark, lab.loop.now].map((time) =>
    lab.faults.hadPower('node-1', time),
  );
  expect(powered).toEqual([true, false, true]);
  const why = [dark - 20 * SECOND, dark, dark + 50 * SECOND, null].map(
    (time) => explain(lab, 'Node/node-1', time).trees[0]?.claim,
  );
  expect(why).toEqual([
    'why.node.ready',
    'why.node.not-noticed',
    'why.node.not-ready',
    'why.node.ready',
  ]);
});
