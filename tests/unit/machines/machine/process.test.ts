/** Processes: programs from files, pipes, signals, waiting, namespaces of pids, CPU time. */
import { describe, expect, it } from 'vitest';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { NEVER } from '../../../../src/machines/machine/files/open-file.ts';
import type { Child, Process, SpawnOptions } from '../../../../src/machines/machine/process.ts';
import { install, makeBench, run } from './support.ts';

function start(process: Process, options: SpawnOptions): Child {
  const child = process.spawn(options);
  if (!child.ok) throw new Error(`${child.error.errno} ${child.error.path}`);
  return child.value;
}

const MIB = 1024 * 1024;

describe('programs', () => {
  it('runs from PATH, with a pipe between two and their exit codes', () => {
    const bench = makeBench();
    install(bench.host, 'hello', function* (process) {
      yield* process.print(`hello ${process.argv[1]}\n`);
      return 3;
    });
    install(bench.host, 'upper', function* (process) {
      for (;;) {
        const read = yield* process.stdin.read();
        if (!read.ok || read.value === undefined) return 0;
        yield* process.print(String.fromCharCode(...read.value).toUpperCase());
      }
    });
    const ran = run(bench, function* (process) {
      const [reader, writer] = process.pipe();
      const first = start(process, { argv: ['hello', 'box'], descriptors: new Map([[1, writer]]) });
      writer.close();
      const second = start(process, {
        argv: ['upper'],
        descriptors: new Map([
          [0, reader],
          [1, process.stdout],
        ]),
      });
      reader.close();
      const status = yield* first.wait();
      yield* second.wait();
      return status.code;
    });
    bench.loop.run({ quiet: true });
    expect(ran.text()).toBe('HELLO BOX\n');
    expect(ran.status()?.code).toBe(3);
    expect(bench.host.kernel.processes().map((entry) => entry.comm)).toEqual(['systemd']);
  });

  it.each([
    ['nowhere', 'ENOENT', 'nowhere', true],
    ['/usr/bin/nowhere', 'ENOENT', '/usr/bin/nowhere', false],
    ['/etc/hosts', 'EACCES', '/etc/hosts', false],
    ['/usr/bin/text', 'ENOEXEC', '/usr/bin/text', false],
    ['/usr/bin/script', 'ENOENT', '/bin/nosh', false],
    ['/etc', 'EACCES', '/etc', false],
  ])('refuses %s with %s', (file, errno, path, notFound) => {
    const bench = makeBench();
    bench.host.files.write('/usr/bin/text', 'echo hi\n', 0o755);
    bench.host.files.write('/usr/bin/script', '#!/bin/nosh -e\necho hi\n', 0o755);
    const spawned = bench.host.spawn({ argv: [file], env: new Map([['PATH', '/bin']]) });
    expect(spawned).toEqual({ ok: false, error: { errno, path, notFound } });
  });

  it('runs a set-user-id file as its owner', () => {
    const bench = makeBench();
    const uids: number[] = [];
    install(bench.host, 'id', function* (process) {
      uids.push(process.uid);
      return 0;
    });
    run(
      bench,
      function* (process) {
        yield* start(process, { argv: ['id'] }).wait();
        bench.host.files.chmod('/usr/bin/id', 0o4755);
        yield* start(process, { argv: ['id'] }).wait();
        expect(process.spawn({ argv: ['id'], uid: 0 })).toMatchObject({
          error: { errno: 'EPERM' },
        });
        return 0;
      },
      { uid: 1000, gid: 1000 },
    );
    bench.loop.run({ quiet: true });
    expect(uids).toEqual([1000, 0]);
  });

  it('gives a script to its interpreter', () => {
    const bench = makeBench();
    install(bench.host, 'sh', function* (process) {
      yield* process.print(process.argv.join('|'));
      return 0;
    });
    bench.host.files.write('/usr/bin/script', '#! /bin/sh  -e -x \necho hi\n', 0o755);
    const ran = run(bench, function* (process) {
      return (yield* start(process, { argv: ['script', 'a', 'b'] }).wait()).code;
    });
    bench.loop.run({ quiet: true });
    expect(ran.text()).toBe('/bin/sh|-e -x|/usr/bin/script|a|b');
  });
});

describe('pipes', () => {
  it('holds 64 KiB, then makes the writer wait; a reader that leaves ends it by SIGPIPE', () => {
    const bench = makeBench();
    let written = 0;
    const ran = run(bench, function* (process) {
      const [reader, writer] = process.pipe();
      const child = start(process, {
        argv: ['yes'],
        descriptors: new Map([[1, writer]]),
        fork: function* (self) {
          for (;;) {
            yield* self.print('y'.repeat(1024));
            written += 1024;
          }
        },
      });
      writer.close();
      yield* process.sleep(SECOND);
      expect(written).toBe(65_536);
      reader.close();
      const status = yield* child.wait();
      expect(status.signal).toBe('SIGPIPE');
      return status.code;
    });
    bench.loop.run({ until: 60 * SECOND });
    expect(ran.status()?.code).toBe(141);
  });
});

describe('signals', () => {
  it('stops all tasks and CPU work, and goes on where they stood', () => {
    const bench = makeBench();
    const steps: [string, number][] = [];
    const begin = bench.loop.now;
    const ran = run(bench, function* (process) {
      process.start('ticker', ticker(process));
      yield* process.work(3 * SECOND);
      steps.push(['worked', bench.loop.now - begin]);
      return 0;
    });
    function* ticker(process: Process) {
      for (;;) {
        yield* process.sleep(SECOND);
        steps.push(['tick', bench.loop.now - begin]);
      }
    }
    bench.loop.run({ until: begin + 1.5 * SECOND });
    ran.child.signal('SIGSTOP');
    bench.loop.run({ until: begin + 11.5 * SECOND });
    expect(steps).toEqual([['tick', SECOND]]);
    expect(bench.host.kernel.processes().at(-1)?.state).toBe('T');
    ran.child.signal('SIGCONT');
    bench.loop.run({ quiet: true });
    expect(steps).toEqual([
      ['tick', SECOND],
      ['tick', 11.5 * SECOND],
      ['tick', 12.5 * SECOND],
      ['worked', 13 * SECOND],
    ]);
  });

  it('drops a killed process where it stands: finally does not run', () => {
    const bench = makeBench();
    let cleaned = false;
    const ran = run(bench, function* () {
      try {
        yield NEVER;
      } finally {
        cleaned = true;
      }
      return 0;
    });
    bench.loop.run({ quiet: true });
    ran.child.signal('SIGSTOP');
    ran.child.signal('SIGKILL');
    bench.loop.run({ quiet: true });
    expect(ran.status()).toMatchObject({ code: 137, signal: 'SIGKILL' });
    expect(cleaned).toBe(false);
  });

  it.each([
    ['SIGTERM', undefined, 143],
    ['SIGTERM', 'ignore', undefined],
    ['SIGHUP', undefined, 129],
    ['SIGCHLD', undefined, undefined],
    ['SIGWINCH', undefined, undefined],
    ['SIGQUIT', undefined, 131],
  ] as const)('%s with handler %s ends with %s', (signal, handler, code) => {
    const bench = makeBench();
    const ran = run(bench, function* (process) {
      if (handler !== undefined) process.onSignal(signal, handler);
      yield NEVER;
      return 0;
    });
    bench.loop.run({ quiet: true });
    ran.child.signal(signal);
    bench.loop.run({ quiet: true });
    expect(ran.status()?.code).toBe(code);
  });

  it('tells a program that waits for SIGTERM, which then ends itself', () => {
    const bench = makeBench();
    const ran = run(bench, function* (process) {
      yield process.terminated;
      yield* process.print('bye');
      return 4;
    });
    bench.loop.run({ quiet: true });
    ran.child.signal('SIGTERM');
    bench.loop.run({ quiet: true });
    expect([ran.text(), ran.status()?.code]).toEqual(['bye', 4]);
  });
});

describe('pid namespaces', () => {
  it('numbers from 1, protects process 1, and ends with it', () => {
    const bench = makeBench();
    const seen: string[] = [];
    const ran = run(bench, function* (process) {
      const pid = process.kernel.newPidNamespace('pod');
      const first = start(process, {
        argv: ['init'],
        namespaces: { pid },
        fork: function* (self) {
          seen.push(`${self.pid} ${self.ppid}`);
          start(self, {
            argv: ['worker'],
            fork: function* (worker) {
              seen.push(`${worker.pid} ${worker.ppid}`);
              // Process 1 without a handler gets nothing from inside, not even SIGKILL.
              worker.kill(1, 'SIGKILL');
              worker.kill(1, 'SIGTERM');
              yield NEVER;
              return 0;
            },
          });
          yield NEVER;
          return 0;
        },
      });
      yield* process.sleep(SECOND);
      seen.push(`alive ${first.status === undefined}`);
      first.signal('SIGTERM');
      seen.push(`alive ${first.status === undefined}`);
      seen.push(`seen above ${process.kernel.processes().length}`);
      first.signal('SIGKILL');
      yield* first.wait();
      seen.push(`left ${process.kernel.processes().length}`);
      return 0;
    });
    bench.loop.run({ quiet: true });
    expect(ran.status()?.code).toBe(0);
    expect(seen).toEqual(['1 0', '2 1', 'alive true', 'alive true', 'seen above 4', 'left 2']);
  });

  it('gives orphans to process 1, which reaps them', () => {
    const bench = makeBench();
    const ppids: number[] = [];
    run(bench, function* (process) {
      start(process, {
        argv: ['orphan'],
        comm: 'orphan',
        fork: function* (self) {
          ppids.push(self.ppid);
          yield* self.sleep(SECOND);
          ppids.push(self.ppid);
          return 0;
        },
      });
      yield* process.sleep(1000);
      return 0;
    });
    bench.loop.run({ quiet: true });
    expect(ppids[0]).toBeGreaterThan(1);
    expect(ppids[1]).toBe(1);
    expect(bench.host.kernel.processes().some((entry) => entry.comm === 'orphan')).toBe(false);
  });
});

describe('memory', () => {
  it('kills the largest process of a cgroup above its limit', () => {
    const bench = makeBench();
    bench.host.kernel.makeCgroup('/pods/a', { memoryMax: 100 * MIB });
    const small = run(
      bench,
      function* (process) {
        process.memory(20 * MIB);
        yield NEVER;
        return 0;
      },
      { cgroup: '/pods/a' },
    );
    const large = run(
      bench,
      function* (process) {
        process.memory(60 * MIB);
        yield* process.sleep(SECOND);
        process.memory(81 * MIB);
        yield NEVER;
        return 0;
      },
      { cgroup: '/pods/a' },
    );
    bench.loop.run({ quiet: true });
    expect(small.status()).toBeUndefined();
    expect(large.status()).toMatchObject({ code: 137, signal: 'SIGKILL', outOfMemory: true });
    expect(bench.host.kernel.cgroupUsage('/pods')).toMatchObject({
      value: { memory: 20 * MIB, oomKills: 1 },
    });
  });
});

describe('replay', () => {
  it('gives the same event hash twice, another for another seed that is drawn from', () => {
    const hash = (seed: number): number => {
      const bench = makeBench({}, seed);
      run(bench, function* (process) {
        for (let round = 0; round < 20; round += 1) {
          yield* process.work(process.random.below(1000));
          yield* process.sleep(process.random.below(1000));
        }
        return 0;
      });
      bench.loop.run({ quiet: true });
      return bench.loop.hash;
    };
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });
});
