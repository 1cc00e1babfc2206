/** Work queues: dedupe, processing, causes, back-off; informers: relist and indexes; leases: exact times. */
import { describe, expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { EVENTS, LEASES, PODS } from '../../../../src/ground/api/names.ts';
import type { Event, Lease, Pod } from '../../../../src/ground/api/types.ts';
import { EventLoop, MILLISECOND, SECOND } from '../../../../src/ground/base/event-loop.ts';
import { Deferred, type Task } from '../../../../src/ground/base/task.ts';
import type { Process } from '../../../../src/machines/machine/process.ts';
import { EventRecorder } from '../../../../src/spine/client/event-recorder.ts';
import { Informer } from '../../../../src/spine/client/informer.ts';
import { runLeaderElection } from '../../../../src/spine/client/leader-election.ts';
import { WorkQueue } from '../../../../src/spine/client/workqueue.ts';
import { FakeClient } from '../../../support/fake-client.ts';
import { fakeProcess } from '../../../support/fake-process.ts';

function setUp() {
  const loop = new EventLoop();
  const { process, log } = fakeProcess(loop, 'test');
  return { loop, process, log, client: new FakeClient(loop) };
}

describe('a work queue', () => {
  test('hands out a key once, and again after done when it was added meanwhile', () => {
    const { loop, process } = setUp();
    const queue = new WorkQueue(process, 'test');
    const got: string[] = [];
    function* worker(): Task<void> {
      for (;;) {
        const key = (yield* queue.get()) as string;
        got.push(`${key}@${loop.now}`);
        yield* process.sleep(10);
        queue.done(key);
      }
    }
    process.start('a', worker());
    process.start('b', worker());
    for (const key of ['x', 'x', 'y']) queue.add(key);
    loop.at(5, () => queue.add('x'));
    loop.run({ until: 100 });
    expect(got).toEqual(['x@0', 'y@0', 'x@10']);
  });

  test('a key carries the cause that added it; background does not replace foreground', () => {
    const { loop, process } = setUp();
    const queue = new WorkQueue(process, 'test');
    const causes: number[] = [];
    function* worker(): Task<void> {
      for (;;) {
        const key = (yield* queue.get()) as string;
        causes.push(loop.cause);
        queue.done(key);
      }
    }
    loop.at(1, () => queue.add('x'), 42);
    loop.at(2, () => queue.add('x'), 7);
    loop.at(3, () => queue.add('y'), 7);
    loop.at(4, () => process.start('worker', worker()), 100);
    loop.run({ until: 10 });
    expect(causes).toEqual([42, 7]);
  });

  test('back-off doubles from 5 ms and ends with forget', () => {
    const { loop, process } = setUp();
    const queue = new WorkQueue(process, 'test');
    const times: number[] = [];
    function* worker(): Task<void> {
      for (;;) {
        const key = (yield* queue.get()) as string;
        times.push(loop.now / MILLISECOND);
        if (times.length < 5) queue.addRateLimited(key);
        queue.done(key);
      }
    }
    process.start('worker', worker());
    queue.add('x');
    loop.run({ until: SECOND });
    expect(times).toEqual([0, 5, 15, 35, 75]);
    expect(queue.numRequeues('x')).toBe(4);
    queue.forget('x');
    expect(queue.numRequeues('x')).toBe(0);
  });
});

function pod(name: string, node: string, version?: string): Pod {
  return freezeDeep<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    spec: { containers: [], nodeName: node },
  });
}

test('an informer lists, follows, and keeps its indexes', () => {
  const { loop, process, client } = setUp();
  client.put(PODS, pod('a', 'n1'));
  const heard: string[] = [];
  const informer = new Informer<Pod>(process, client, PODS)
    .addIndex(
      'node',
      (each) => [each.spec?.nodeName ?? ''],
      (each) => each.spec?.nodeName,
    )
    .addHandler({
      onAdd: (each, initial) => heard.push(`add ${each.metadata.name} ${initial}`),
      onUpdate: (old, each) => heard.push(`update ${old.spec?.nodeName}→${each.spec?.nodeName}`),
      onDelete: (each) => heard.push(`delete ${each.metadata.name}`),
    })
    .start();
  loop.run({ until: 10 * MILLISECOND });
  expect(informer.hasSynced).toBe(true);
  client.put(PODS, pod('b', 'n1'));
  loop.run({ until: 20 * MILLISECOND });
  client.put(PODS, {
    ...(client.peek<Pod>(PODS, 'default/a') as Pod),
    spec: pod('a', 'n2').spec,
  } as Pod);
  client.remove(PODS, 'default/b');
  loop.run({ until: 30 * MILLISECOND });
  expect(heard).toEqual(['add a true', 'add b false', 'update n1→n2', 'delete b']);
  expect([...informer.byIndex('node', 'n2')].map((each) => each.metadata.name)).toEqual(['a']);
  expect([...informer.indexValues('node')]).toEqual(['n2']);
});

describe('leader election', () => {
  const LEASE = 'kube-system/x';

  function candidate(
    process: Process,
    client: FakeClient,
    loop: EventLoop,
    id: string,
    release: boolean,
  ) {
    const stop = new Deferred<void>();
    const lines: string[] = [];
    const at = (what: string) => lines.push(`${what} ${loop.now / SECOND}`);
    const own = Object.assign(Object.create(process), { terminated: stop }) as Process;
    function* lead(): Task<void> {
      at('leads');
    }
    function* run(): Task<void> {
      const outcome = yield* runLeaderElection(own, client, {
        namespace: 'kube-system',
        name: 'x',
        identity: id,
        releaseOnStop: release,
        lead,
      });
      at(outcome);
    }
    process.start(id, run());
    return { stop, lines };
  }

  test('a leader that stops gives its lease up or leaves it to run out', () => {
    for (const release of [true, false]) {
      const { loop, process, client } = setUp();
      const first = candidate(process, client, loop, 'a', release);
      loop.run({ until: SECOND });
      const second = candidate(process, client, loop, 'b', release);
      loop.run({ until: 20 * SECOND });
      expect(first.lines).toEqual(['leads 0.002']);
      expect(second.lines).toEqual([]);
      first.stop.resolve();
      loop.run({ until: 20 * SECOND + 10 * MILLISECOND });
      const lease = client.peek<Lease>(LEASES, LEASE);
      expect(lease?.spec?.holderIdentity).toBe(release ? '' : 'a');
      loop.run({ until: 60 * SECOND });
      const led = Number(second.lines[0]?.split(' ')[1]);
      // Released: at the next try (2 s, jittered to 4.4 s). Else 15 s after the last renewal was seen.
      expect(led).toBeGreaterThan(release ? 20 : 32);
      expect(led).toBeLessThan(release ? 24.5 : 44);
      expect(client.peek<Lease>(LEASES, LEASE)?.spec?.leaseTransitions).toBe(1);
    }
  });

  test('a leader that cannot renew for 10 s has lost', () => {
    const { loop, process, client } = setUp();
    const only = candidate(process, client, loop, 'a', false);
    loop.run({ until: 10 * SECOND });
    client.refuse = () => 500;
    loop.run({ until: 60 * SECOND });
    const lost = Number(only.lines[1]?.split(' ')[1]);
    expect(only.lines[1]).toMatch(/^lost /);
    // The last good renewal was within 2 s before; the next round of tries may last 10 s.
    expect(lost).toBeGreaterThan(20);
    expect(lost).toBeLessThanOrEqual(22.1);
  });
});

test('events are counted, aggregated and limited', () => {
  const { loop, process, client } = setUp();
  const recorder = new EventRecorder(process, client, { component: 'kubelet', host: 'node-1' });
  const subject = client.put(PODS, pod('a', 'n1'));
  for (let round = 0; round < 3; round += 1) recorder.event(subject, 'Warning', 'BackOff', 'again');
  loop.run({ until: SECOND });
  const only = client.all<Event>(EVENTS);
  expect(only).toHaveLength(1);
  expect(only[0]).toMatchObject({ count: 3, source: { component: 'kubelet', host: 'node-1' } });
  expect(only[0]?.metadata.name).toMatch(/^a\.[0-9a-f]{16}$/);
  for (let round = 0; round < 40; round += 1)
    recorder.event(subject, 'Normal', 'Many', `message ${round}`);
  loop.run({ until: 2 * SECOND });
  const messages = client.all<Event>(EVENTS).map((each) => each.message);
  expect(
    messages.filter((each) => each?.startsWith('(combined from similar events)')),
  ).toHaveLength(1);
  // 25 for the object: 3 before, 22 of the 40; nine of them on their own.
  const total = client.all<Event>(EVENTS).reduce((sum, each) => sum + (each.count ?? 0), 0);
  expect(total).toBe(25);
  expect(client.all(EVENTS)).toHaveLength(1 + 9 + 1);
});
