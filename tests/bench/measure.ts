/**
 * How the bench measures: the functions of a comparison run in turn, A B C A B C …, and the least
 * time of each counts, so that what else the machine does hits all alike.
 */
import type { BenchRow } from './row.ts';

/**
 * Times two or more functions in turn and gives the least time of each in milliseconds. Each runs once
 * right before it is timed: what the others have put out of the caches is not its cost.
 */
export function leastTimes(
  functions: readonly (() => void)[],
  turns = 9,
  warmupMs = 300,
): readonly number[] {
  const until = performance.now() + warmupMs;
  while (performance.now() < until) for (const run of functions) run();
  const least = functions.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < turns; turn += 1) {
    functions.forEach((run, index) => {
      run();
      least[index] = Math.min(least[index] as number, timed(run));
    });
  }
  return least;
}

/** Milliseconds that a function takes. */
export function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** A row whose ratio must be at least the goal. */
export function atLeast(id: string, what: string, ratio: number, goal: number): BenchRow {
  return { id, what, ratio, goal: `≥ ${goal}`, met: ratio >= goal };
}

/** A row whose ratio must be at most the goal. */
export function atMost(id: string, what: string, ratio: number, goal: number): BenchRow {
  return { id, what, ratio, goal: `≤ ${goal}`, met: ratio <= goal };
}
