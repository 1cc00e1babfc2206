/**
 * The loop against a list sorted by (time, order of scheduling): random timers in both grounds, set
 * from inside events too, now and later, some of them cancelled; and tasks with random waits, some of
 * them killed, of which nothing may be left.
 */
import { expect, test } from 'vitest';
import { BACKGROUND, EventLoop, NO_CAUSE } from '../../src/ground/base/event-loop.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import {
  anyOf,
  Condition,
  Deferred,
  Queue,
  Running,
  sleep,
  type Task,
} from '../../src/ground/base/task.ts';

const SEEDS = 40;
const EVENTS = 600;

interface Planned {
  readonly time: number;
  readonly order: number;
  cancelled: boolean;
}

function randomTimers(seed: number): void {
  const random = new RandomStream(seed, 'timers');
  const loop = new EventLoop();
  const planned: Planned[] = [];
  const ran: Planned[] = [];
  const plan = (): void => {
    // Times beyond 2³¹ µs too: half an hour and more.
    const delay = random.below(4) === 0 ? 0 : random.below(3) === 0 ? 1e9 : random.below(30);
    const one: Planned = { time: loop.now + delay, order: planned.length, cancelled: false };
    planned.push(one);
    const cause = random.below(2) === 0 ? NO_CAUSE : BACKGROUND;
    const timer = loop.after(
      delay,
      () => {
        ran.push(one);
        expect(loop.now).toBe(one.time);
        const more = planned.length < EVENTS ? random.below(4) : 0;
        for (let count = 0; count < more; count += 1) plan();
      },
      cause,
    );
    if (random.below(5) !== 0) return;
    one.cancelled = true;
    timer.cancel();
  };
  for (let count = 0; count < 40; count += 1) plan();
  expect(loop.run({})).toBe('empty');
  const expected = planned
    .filter((one) => !one.cancelled)
    .sort((a, b) => a.time - b.time || a.order - b.order);
  expect(ran, `seed ${seed}`).toEqual(expected);
  expect(loop.executed).toBe(expected.length);
}

test('timers run in order of time, then of scheduling, unless they were cancelled', () => {
  for (let seed = 0; seed < SEEDS; seed += 1) randomTimers(seed);
});

test('waits end once, deadlines on time, and what was killed neither runs nor takes anything', () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const random = new RandomStream(seed, 'waits');
    const loop = new EventLoop();
    const queue = new Queue<number>('numbers');
    const bell = new Condition('bell');
    const late = new Deferred<string>();
    const received: number[] = [];
    const ended: number[] = [];
    const tasks: Running<void>[] = [];
    function* waiter(id: number): Task<void> {
      const deadline = 50 + random.below(100);
      for (;;) {
        const began = loop.now;
        const first = yield* anyOf([queue, bell, late], deadline);
        if (first.index === 0) received.push(first.value as number);
        else if (first.index === -1) expect(loop.now - began).toBe(deadline);
        else if (first.index === 2) {
          expect(first.value).toBe('over');
          break;
        }
        yield* sleep(random.below(20));
      }
      ended.push(id);
    }
    for (let id = 0; id < 8; id += 1) {
      const task = new Running(loop, waiter(id), `waiter ${id}`);
      task.begin();
      tasks.push(task);
    }
    let sent = 0;
    for (let step = 0; step < 200; step += 1) {
      loop.after(step * 7, () => {
        if (random.below(3) === 0) bell.notify();
        else queue.put(sent++);
      });
    }
    const doomed = tasks.filter(() => random.below(3) === 0);
    for (const task of doomed) loop.after(random.below(1000), () => task.kill());
    loop.run({ until: 1400 });
    const before = received.length;
    // Each number went to somebody who lives, or waits in the queue, unless its receiver died holding it.
    expect(new Set(received).size, `seed ${seed}`).toBe(before);
    expect(before + queue.size).toBeGreaterThanOrEqual(sent - doomed.length);
    for (const task of doomed) expect(task.waitingFor).toBeUndefined();
    late.resolve('over');
    loop.run({});
    expect(ended.length, `seed ${seed}`).toBe(tasks.length - doomed.length);
  }
});
