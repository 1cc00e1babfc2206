/** Units: boot order, restarts with their limit, stops, enabling, and what the journal says. */
import { describe, expect, it } from 'vitest';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import type { Task } from '../../../../src/ground/base/task.ts';
import { NEVER } from '../../../../src/machines/machine/files/open-file.ts';
import { messageOf } from '../../../../src/machines/machine/journal.ts';
import { type Bench, install, makeBench, run } from './support.ts';

function journal(bench: Bench, unit: string): string[] {
  return bench.host.journal
    .read({ unit, bootId: bench.host.kernel.bootId })
    .map((record) => `${record.identifier}[${record.pid}]: ${messageOf(record)}`);
}

function job<T>(bench: Bench, task: Task<T>): () => T | undefined {
  let value: T | undefined;
  run(bench, function* () {
    value = yield* task;
    return 0;
  });
  return () => value;
}

const SERVICE = (lines: string): string =>
  `[Unit]\nDescription=A test\n[Service]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`;

describe('units', () => {
  it('starts enabled units at boot, in order, with their environment', () => {
    const bench = makeBench();
    const { host } = bench;
    const started: string[] = [];
    install(host, 'tell', function* (process) {
      yield* process.sleep(SECOND);
      started.push(`${process.argv.slice(1).join(' ')} ${process.env.get('COLOUR')}`);
      yield* process.print(`told\n`);
      return 0;
    });
    host.files.write('/etc/default/tell', 'COLOUR="blue"\nARGS=--x 1\n');
    host.files.write(
      '/lib/systemd/system/first.service',
      SERVICE(
        'Type=oneshot\nRemainAfterExit=yes\nEnvironment=COLOUR=red ARGS=y\nExecStart=/usr/bin/tell first ${ARGS}',
      ),
    );
    host.files.write(
      '/lib/systemd/system/second.service',
      '[Unit]\nDescription=Second\nAfter=first.service\nRequires=first.service\n[Service]\nType=oneshot\nExecStart=/usr/bin/tell wrong\n[Install]\nWantedBy=multi-user.target\n',
    );
    host.files.mkdir('/etc/systemd/system/second.service.d', { parents: true });
    host.files.write(
      '/etc/systemd/system/second.service.d/10.conf',
      '[Service]\nEnvironmentFile=-/etc/default/none\nEnvironmentFile=/etc/default/tell\nExecStart=\nExecStart=/usr/bin/tell "the second" $ARGS %n\n',
    );
    const { units } = host.kernel;
    expect(units.enable('first')).toMatchObject({ ok: true });
    expect(units.enable('second')).toEqual({
      ok: true,
      value: [
        {
          link: '/etc/systemd/system/multi-user.target.wants/second.service',
          target: '/lib/systemd/system/second.service',
        },
      ],
    });
    host.reset();
    bench.loop.run({ quiet: true });
    expect(started).toEqual(['first y red', 'the second --x 1 second.service blue']);
    expect(host.kernel.units.status('first')).toMatchObject({
      active: 'active',
      sub: 'exited',
      enabled: 'enabled',
    });
    expect(host.kernel.units.status('second')).toMatchObject({
      active: 'inactive',
      sub: 'dead',
      dropIns: ['/etc/systemd/system/second.service.d/10.conf'],
    });
    expect(journal(bench, 'second.service')).toEqual([
      'systemd[1]: Starting second.service - Second...',
      expect.stringMatching(/^tell\[\d+\]: told$/),
      'systemd[1]: second.service: Deactivated successfully.',
      'systemd[1]: Finished second.service - Second.',
    ]);
  });

  it('restarts after RestartSec, counts, and gives up at the start limit', () => {
    const bench = makeBench();
    const begins: number[] = [];
    const origin = bench.loop.now;
    install(bench.host, 'crash', function* (process) {
      begins.push(bench.loop.now - origin);
      yield* process.sleep(SECOND);
      return 1;
    });
    bench.host.files.write(
      '/etc/systemd/system/crash.service',
      SERVICE('ExecStart=/usr/bin/crash\nRestart=always\nRestartSec=500ms').replace(
        '[Service]',
        'StartLimitBurst=3\n[Service]',
      ),
    );
    const answer = job(bench, bench.host.kernel.units.start('crash'));
    bench.loop.run({ until: origin + 60 * SECOND });
    expect(answer()).toMatchObject({ ok: true });
    expect(begins).toEqual([0, 1.5 * SECOND, 3 * SECOND]);
    expect(bench.host.kernel.units.status('crash')).toMatchObject({
      active: 'failed',
      result: 'start-limit-hit',
      restarts: 3,
      mainPid: 0,
    });
    expect(journal(bench, 'crash.service').slice(0, 5)).toEqual([
      'systemd[1]: Started crash.service - A test.',
      'systemd[1]: crash.service: Main process exited, code=exited, status=1/FAILURE',
      "systemd[1]: crash.service: Failed with result 'exit-code'.",
      'systemd[1]: crash.service: Scheduled restart job, restart counter is at 1.',
      'systemd[1]: Stopped crash.service - A test.',
    ]);
  });

  it('stops with SIGTERM, then SIGKILL after TimeoutStopSec, and does not restart', () => {
    const bench = makeBench();
    install(bench.host, 'deaf', function* (process) {
      process.onSignal('SIGTERM', 'ignore');
      yield NEVER;
      return 0;
    });
    bench.host.files.write(
      '/etc/systemd/system/deaf.service',
      SERVICE('ExecStart=/usr/bin/deaf\nRestart=always\nTimeoutStopSec=5'),
    );
    job(bench, bench.host.kernel.units.start('deaf'));
    bench.loop.run({ quiet: true });
    const running = bench.host.kernel.units.status('deaf');
    expect(running).toMatchObject({ active: 'active', sub: 'running', comm: 'deaf', tasks: 1 });
    const begin = bench.loop.now;
    let ended = 0;
    job(
      bench,
      (function* () {
        yield* bench.host.kernel.units.stop('deaf');
        ended = bench.loop.now - begin;
      })(),
    );
    bench.loop.run({ until: begin + 60 * SECOND });
    expect(ended).toBe(5 * SECOND);
    expect(bench.host.kernel.units.status('deaf')).toMatchObject({
      active: 'failed',
      result: 'timeout',
      restarts: 0,
    });
  });

  it.each([
    ['0', 'inactive', ['Deactivated successfully.']],
    [
      '1',
      'failed',
      ['Control process exited, code=exited, status=1/FAILURE', "Failed with result 'exit-code'."],
    ],
  ] as const)(
    'runs ExecStop beside the main process; it ends with %s: %s',
    (code, active, said) => {
      const bench = makeBench();
      const seen: string[] = [];
      install(bench.host, 'daemon', function* (process) {
        if (process.argv[1] === undefined) yield NEVER;
        seen.push(process.argv.slice(1).join(' '));
        return Number(code);
      });
      bench.host.files.write(
        '/etc/systemd/system/daemon.service',
        SERVICE(
          `Type=oneshot\nRemainAfterExit=yes\nExecStart=-/usr/bin/daemon up\nExecStop=/usr/bin/daemon down\nExecStop=-/usr/bin/daemon away`,
        ),
      );
      job(bench, bench.host.kernel.units.start('daemon'));
      bench.loop.run({ quiet: true });
      job(bench, bench.host.kernel.units.stop('daemon'));
      bench.loop.run({ quiet: true });
      expect(seen).toEqual(code === '0' ? ['up', 'down', 'away'] : ['up', 'down']);
      expect(bench.host.kernel.units.status('daemon')).toMatchObject({ active });
      expect(journal(bench, 'daemon.service').slice(2)).toEqual([
        'systemd[1]: Stopping daemon.service - A test...',
        ...said.map((line) => `systemd[1]: daemon.service: ${line}`),
        'systemd[1]: Stopped daemon.service - A test.',
      ]);
    },
  );

  it('brings a killed main process back, with a new pid', () => {
    const bench = makeBench();
    install(bench.host, 'daemon', function* () {
      yield NEVER;
      return 0;
    });
    bench.host.files.write(
      '/etc/systemd/system/daemon.service',
      SERVICE('ExecStart=/usr/bin/daemon\nRestart=on-failure'),
    );
    job(bench, bench.host.kernel.units.start('daemon'));
    bench.loop.run({ quiet: true });
    const first = bench.host.kernel.units.status('daemon').mainPid;
    bench.host.kernel.signal(first, 'SIGKILL');
    bench.loop.run({ quiet: true });
    const second = bench.host.kernel.units.status('daemon');
    expect(second).toMatchObject({ active: 'active', restarts: 1 });
    expect(second.mainPid).not.toBe(first);
    expect(journal(bench, 'daemon.service')).toContain(
      'systemd[1]: daemon.service: Main process exited, code=killed, status=9/KILL',
    );
  });

  it.each([
    ['nothing', 'not-found'],
    ['hollow', 'bad-setting'],
    ['masked', 'masked'],
    ['lost', 'failed'],
  ])('%s cannot start: %s', (name, error) => {
    const bench = makeBench();
    bench.host.files.write('/etc/systemd/system/hollow.service', '[Service]\nType=simple\n');
    bench.host.files.write('/etc/systemd/system/lost.service', SERVICE('ExecStart=/usr/bin/lost'));
    bench.host.kernel.units.mask('masked', true);
    const answer = job(bench, bench.host.kernel.units.start(name));
    bench.loop.run({ quiet: true });
    expect(answer()).toEqual({ ok: false, error });
  });

  it('reads a changed file only after daemon-reload', () => {
    const bench = makeBench();
    const { units } = bench.host.kernel;
    const path = '/etc/systemd/system/a.service';
    bench.host.files.write(path, SERVICE('ExecStart=/bin/one'));
    expect(units.status('a')).toMatchObject({ description: 'A test', needsReload: false });
    bench.host.files.write(
      path,
      '[Unit]\nDescription=Other\n[Service]\nExecStart=/bin/two\nNice=5\n',
    );
    expect(units.status('a')).toMatchObject({ description: 'A test', needsReload: true });
    expect(units.daemonReload()).toEqual([{ unit: 'a.service', key: 'Service.Nice' }]);
    expect(units.status('a')).toMatchObject({
      description: 'Other',
      needsReload: false,
      enabled: 'static',
    });
  });
});

describe('power', () => {
  it('drops everything at power-off; files and journal stay, boot ids differ', () => {
    const bench = makeBench();
    const { host, loop } = bench;
    let ticks = 0;
    run(bench, function* (process) {
      process.files.write('/var/kept', 'x');
      process.files.write('/run/gone', 'x');
      for (;;) {
        yield* process.sleep(SECOND);
        ticks += 1;
      }
    });
    loop.run({ until: loop.now + 2.5 * SECOND });
    const first = host.kernel.bootId;
    host.powerOff();
    loop.run({ until: loop.now + 10 * SECOND });
    expect(ticks).toBe(2);
    host.boot();
    loop.run({ quiet: true });
    expect(host.kernel.bootId).not.toBe(first);
    expect(host.kernel.processes()).toHaveLength(1);
    expect([host.files.exists('/var/kept'), host.files.exists('/run/gone')]).toEqual([true, false]);
    expect(host.journal.boots).toContain(first);
  });

  it('stands still while frozen, and its monotonic clock with it', () => {
    const bench = makeBench();
    const { host, loop } = bench;
    const begin = loop.now;
    const at: number[] = [];
    run(bench, function* (process) {
      for (;;) {
        yield* process.sleep(SECOND);
        at.push(loop.now - begin);
      }
    });
    loop.run({ until: begin + 1.5 * SECOND });
    const before = host.monotonic();
    host.freeze();
    loop.run({ until: begin + 5 * SECOND });
    expect(host.monotonic()).toBe(before);
    host.unfreeze();
    loop.run({ until: begin + 6.5 * SECOND });
    expect(at).toEqual([SECOND, 5 * SECOND, 6 * SECOND]);
  });
});
