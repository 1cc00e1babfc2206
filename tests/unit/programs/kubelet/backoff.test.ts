/** CrashLoopBackOff: 10 s doubling to 5 min, forgotten after 10 min of running. */
import { expect, it } from 'vitest';
import { Backoff } from '../../../../src/programs/kubelet/backoff.ts';

const S = 1_000_000;

it('doubles with each failure, up to the maximum', () => {
  const backoff = new Backoff();
  const delays: number[] = [];
  let now = 0;
  for (let crash = 0; crash < 8; crash += 1) {
    backoff.next('k', now, now);
    delays.push(backoff.remaining('k', now, now) / S);
    now += backoff.delayOf('k');
  }
  expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
});

it('lets the first failure through and begins anew after ten minutes', () => {
  const backoff = new Backoff();
  expect(backoff.remaining('k', 0, 0)).toBe(0);
  backoff.next('k', 0, 0);
  backoff.next('k', 10 * S, 10 * S);
  expect(backoff.remaining('k', 30 * S, 40 * S)).toBe(10 * S);
  expect(backoff.remaining('k', 620 * S, 620 * S)).toBe(0);
  backoff.next('k', 620 * S, 620 * S);
  expect(backoff.delayOf('k')).toBe(10 * S);
});
