/**
 * Who leads when a leader goes: on SIGTERM kube-scheduler gives its lease up and its successor leads at
 * once; kube-controller-manager, and whoever is killed, leaves it to run out, 15 s after its successor
 * first saw it.
 */
import { expect, test } from 'vitest';
import type { Lease } from '../../src/ground/api/types.ts';
import { SECOND } from '../../src/ground/base/event-loop.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { signal } from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const lease = (lab: Lab, name: string) =>
  lab.cluster.stored<Lease>(`/registry/leases/kube-system/${name}`)?.spec;

/** Runs until a condition holds; seconds that it took. */
function until(lab: Lab, done: () => boolean): number {
  const start = lab.loop.now;
  lab.run({ until: start + 120 * SECOND, when: done });
  if (!done()) throw new Error('did not happen within 120 s');
  return (lab.loop.now - start) / SECOND;
}

/** When the new process exists, and when it leads, in seconds after the signal. */
function succession(name: string, what: 'SIGTERM' | 'SIGKILL') {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  const kernel = lab.cluster.hosts.get('cp-1')?.kernel;
  const pidOf = (): number | undefined =>
    kernel?.processes().find((one) => one.comm === name.slice(0, 15) && one.state !== 'Z')?.pid;
  const old = lease(lab, name)?.holderIdentity ?? '';
  const first = pidOf();
  expect(old).toMatch(/^cp-1_/);
  expect(signal(lab, 'cp-1', name, what)).toBe(1);
  let released = false;
  const start = lab.loop.now;
  until(lab, () => {
    released ||= lease(lab, name)?.holderIdentity === '';
    const pid = pidOf();
    return pid !== undefined && pid !== first;
  });
  const restarted = (lab.loop.now - start) / SECOND;
  until(lab, () => {
    const holder = lease(lab, name)?.holderIdentity ?? '';
    return holder !== '' && holder !== old;
  });
  const led = (lab.loop.now - start) / SECOND;
  return {
    released,
    restarted,
    waited: led - restarted,
    transitions: lease(lab, name)?.leaseTransitions,
  };
}

test('kube-scheduler, SIGTERM: the lease is given up, the next one leads as soon as it runs', () => {
  const { released, waited, transitions } = succession('kube-scheduler', 'SIGTERM');
  expect(released).toBe(true);
  expect(waited).toBeLessThan(3);
  expect(transitions).toBe(1);
});

test.each([
  ['kube-scheduler', 'SIGKILL'],
  ['kube-controller-manager', 'SIGTERM'],
  ['kube-controller-manager', 'SIGKILL'],
] as const)('%s, %s: the lease runs out', (name, what) => {
  const { released, waited, transitions } = succession(name, what);
  expect(released).toBe(false);
  // 15 s from when the successor first saw the record, then up to one retry period with its jitter.
  expect(waited).toBeGreaterThanOrEqual(15);
  expect(waited).toBeLessThanOrEqual(15 + 2 * (1 + 1.2) + 2);
  expect(transitions).toBe(1);
});
