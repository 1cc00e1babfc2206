/** CPU time: exact ends of work on free and on shared CPUs, by shares and by quota; who is charged. */
import { describe, expect, it } from 'vitest';
import type { CgroupLimits } from '../../../../src/machines/machine/kernel.ts';
import { type Bench, makeBench, run } from './support.ts';

const MS = 1000;

interface Job {
  readonly cgroup: string;
  readonly work: number;
  readonly delay?: number;
}

/** Runs jobs at once and gives their ends, in microseconds from now. */
function ends(bench: Bench, jobs: readonly Job[]): number[] {
  const begin = bench.loop.now;
  const found: number[] = [];
  jobs.forEach((job, index) => {
    run(
      bench,
      function* (process) {
        yield* process.sleep(job.delay ?? 0);
        yield* process.work(job.work);
        found[index] = bench.loop.now - begin;
        return 0;
      },
      { cgroup: job.cgroup },
    );
  });
  bench.loop.run({ quiet: true });
  return found;
}

describe('CPU', () => {
  const table: readonly {
    what: string;
    cpus: number;
    groups?: Readonly<Record<string, CgroupLimits>>;
    jobs: readonly Job[];
    ends: readonly number[];
  }[] = [
    {
      what: 'one each while there are enough',
      cpus: 2,
      jobs: [
        { cgroup: '/a', work: 10 * MS },
        { cgroup: '/b', work: 20 * MS },
      ],
      ends: [10 * MS, 20 * MS],
    },
    {
      what: 'halves of one; what ends frees its half',
      cpus: 1,
      jobs: [
        { cgroup: '/a', work: 10 * MS },
        { cgroup: '/b', work: 20 * MS },
      ],
      ends: [20 * MS, 30 * MS],
    },
    {
      what: 'thirds of two CPUs',
      cpus: 2,
      jobs: [
        { cgroup: '/a', work: 10 * MS },
        { cgroup: '/b', work: 10 * MS },
        { cgroup: '/c', work: 10 * MS },
      ],
      ends: [15 * MS, 15 * MS, 15 * MS],
    },
    {
      what: 'by shares: 3 to 1',
      cpus: 1,
      groups: { '/a': { cpuShares: 3072 }, '/b': { cpuShares: 1024 } },
      jobs: [
        { cgroup: '/a', work: 30 * MS },
        { cgroup: '/b', work: 30 * MS },
      ],
      ends: [40 * MS, 60 * MS],
    },
    {
      what: 'a cgroup counts once, however many jobs it has',
      cpus: 1,
      jobs: [
        { cgroup: '/a', work: 10 * MS },
        { cgroup: '/a', work: 10 * MS },
        { cgroup: '/b', work: 10 * MS },
      ],
      ends: [30 * MS, 30 * MS, 20 * MS],
    },
    {
      what: 'a single job cannot use two CPUs, the rest goes to the others',
      cpus: 2,
      groups: { '/a': { cpuShares: 8192 } },
      jobs: [
        { cgroup: '/a', work: 30 * MS },
        { cgroup: '/b', work: 15 * MS },
        { cgroup: '/c', work: 15 * MS },
      ],
      ends: [30 * MS, 30 * MS, 30 * MS],
    },
    {
      what: 'a late one shares what is left',
      cpus: 1,
      jobs: [
        { cgroup: '/a', work: 10 * MS },
        { cgroup: '/b', work: 4 * MS, delay: 5 * MS },
      ],
      ends: [14 * MS, 13 * MS],
    },
    {
      what: 'a quota of 100m: 10 ms in each period of 100 ms, at full speed',
      cpus: 4,
      groups: { '/a': { cpuQuotaMilli: 100 } },
      jobs: [{ cgroup: '/a', work: 25 * MS }],
      ends: [205 * MS],
    },
    {
      what: 'a quota that is not used up does not slow',
      cpus: 4,
      groups: { '/a': { cpuQuotaMilli: 100 } },
      jobs: [{ cgroup: '/a', work: 10 * MS }],
      ends: [10 * MS],
    },
    {
      what: 'a quota above binds those below; others are untouched',
      cpus: 4,
      groups: { '/pod': { cpuQuotaMilli: 500 }, '/pod/a': {}, '/pod/b': {} },
      jobs: [
        { cgroup: '/pod/a', work: 50 * MS },
        { cgroup: '/pod/b', work: 50 * MS },
        { cgroup: '/c', work: 60 * MS },
      ],
      ends: [125 * MS, 125 * MS, 60 * MS],
    },
    {
      what: 'a quota counts across its period: the second job finds it spent',
      cpus: 4,
      groups: { '/a': { cpuQuotaMilli: 100 } },
      jobs: [
        { cgroup: '/a', work: 8 * MS },
        { cgroup: '/a', work: 4 * MS, delay: 50 * MS },
        { cgroup: '/a', work: 4 * MS, delay: 250 * MS },
      ],
      ends: [8 * MS, 102 * MS, 254 * MS],
    },
  ];

  it.each(table)('$what', ({ cpus, groups, jobs, ends: wanted }) => {
    const bench = makeBench({ cpus });
    for (const [path, limits] of Object.entries(groups ?? {}))
      bench.host.kernel.makeCgroup(path, limits);
    expect(ends(bench, jobs)).toEqual(wanted);
    for (const path of new Set(jobs.map((job) => job.cgroup))) {
      const own = jobs.filter((job) => job.cgroup === path).reduce((sum, job) => sum + job.work, 0);
      expect(bench.host.kernel.cgroupUsage(path)).toMatchObject({ value: { cpu: own } });
    }
  });

  it('costs one event per work while CPUs are free', () => {
    const bench = makeBench();
    run(bench, function* (process) {
      for (let round = 0; round < 100; round += 1) yield* process.work(10);
      return 0;
    });
    const before = bench.loop.executed;
    bench.loop.run({ quiet: true });
    // The first step, a hundred works, the parent's adoption of nothing: no more than a few besides.
    expect(bench.loop.executed - before).toBeLessThanOrEqual(102);
  });

  it('agrees with a slow simulation of shares, for drawn jobs', () => {
    const bench = makeBench({ cpus: 3 });
    const random = bench.host.system.random.fork('jobs');
    const jobs: Job[] = [];
    for (let index = 0; index < 12; index += 1) {
      jobs.push({ cgroup: `/g${index % 5}`, work: 1000 * (1 + random.below(40)) });
    }
    const found = ends(bench, jobs);
    const left = jobs.map((job) => job.work);
    const slow: number[] = [];
    for (let now = 0; left.some((work) => work > 0); now += 1) {
      const rates = ratesOf(jobs, left, 3);
      rates.forEach((rate, index) => {
        const before = left[index] as number;
        left[index] = Math.max(0, before - rate);
        if (before > 0 && before - rate <= 1e-7) slow[index] = now + 1;
      });
    }
    found.forEach((end, index) => {
      expect(Math.abs(end - (slow[index] as number))).toBeLessThanOrEqual(jobs.length);
    });
  });
});

/** Equal weights of groups, water-filled, one CPU a job at most: by repeated halving, not by sorting. */
function ratesOf(jobs: readonly Job[], left: readonly number[], cpus: number): number[] {
  const counts = new Map<string, number>();
  jobs.forEach((job, index) => {
    if ((left[index] as number) > 0) counts.set(job.cgroup, (counts.get(job.cgroup) ?? 0) + 1);
  });
  let low = 0;
  let high = cpus;
  const given = (level: number): number =>
    [...counts.values()].reduce((sum, count) => sum + Math.min(count, level), 0);
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (given(middle) > cpus) high = middle;
    else low = middle;
  }
  return jobs.map((job, index) => {
    const count = counts.get(job.cgroup) ?? 1;
    return (left[index] as number) > 0 ? Math.min(count, low) / count : 0;
  });
}
