/** A whole node: what happens to a pod when the things under it are broken (issue: no toy). */
import { expect, it } from 'vitest';
import { EVENTS, PODS } from '../../../../src/ground/api/names.ts';
import type { Event, Pod } from '../../../../src/ground/api/types.ts';
import { NodeHarness } from '../../../support/node-harness.ts';

function podNamed(name: string): unknown {
  const container = {
    name: 'c',
    image: 'busybox',
    command: ['sh', '-c', 'echo start; sleep 10000'],
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'node-1', terminationGracePeriodSeconds: 2, containers: [container] },
  };
}

function get(harness: NodeHarness, name: string): Pod {
  return harness.admin(function* (client) {
    const found = yield* client.get<Pod>(PODS, 'default', name);
    if (!found.ok) throw new Error(found.error.message);
    return found.value;
  });
}

function messages(harness: NodeHarness, name: string): readonly string[] {
  return harness.admin(function* (client) {
    const found = yield* client.list<Event>(EVENTS, 'default');
    return found.ok
      ? found.value.items
          .filter((event) => event.involvedObject.name === name)
          .map((event) => `${event.reason} ${event.message}`)
      : [];
  });
}

it('runs a pod, makes its sandbox anew when pause is killed, and runs out of addresses', () => {
  const harness = new NodeHarness();
  harness.create(PODS, podNamed('web'));
  harness.pass(15);
  expect(get(harness, 'web').status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2' });
  harness.run('node-1', function* (process) {
    const pauses = process.kernel.processes().filter((each) => each.comm === 'pause');
    process.kernel.signal(pauses[pauses.length - 1]?.pid ?? 0, 'SIGKILL');
  });
  harness.pass(15);
  const [status] = get(harness, 'web').status?.containerStatuses ?? [];
  expect(status).toMatchObject({
    restartCount: 1,
    state: { running: {} },
    lastState: { terminated: { exitCode: 137 } },
  });
  expect(get(harness, 'web').status?.podIP).toBe('10.244.1.3');
  expect(messages(harness, 'web')).toContain(
    'SandboxChanged Pod sandbox changed, it will be killed and re-created.',
  );
  harness.run('node-1', function* (process) {
    for (let last = 2; last < 255; last += 1) {
      const path = `/var/lib/cni/networks/podnet/10.244.1.${last}`;
      if (!process.files.exists(path)) process.files.write(path, 'somebody\r\neth0');
    }
  });
  harness.create(PODS, podNamed('late'));
  harness.pass(3);
  expect(messages(harness, 'late').join('\n')).toContain(
    'no IP addresses available in range set: 10.244.1.1-10.244.1.254',
  );
});
