/** Files: permissions, errors, links, space, watches, images under a writable layer, binds, /proc. */
import { describe, expect, it } from 'vitest';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { layerOf } from '../../../../src/machines/machine/files/layer.ts';
import type { Files } from '../../../../src/machines/machine/files-types.ts';
import type { ImageFile } from '../../../../src/machines/machine/image.ts';
import { NEVER } from '../../../../src/machines/machine/files/open-file.ts';
import type { Process, SpawnOptions } from '../../../../src/machines/machine/process.ts';
import { type Bench, makeBench, program, run } from './support.ts';

/** Does something as a process of a user, and gives what came of it. */
function as(
  bench: Bench,
  options: Partial<SpawnOptions>,
  body: (process: Process) => unknown,
): unknown {
  let answer: unknown;
  run(
    bench,
    function* (process) {
      answer = body(process);
      return 0;
    },
    options,
  );
  bench.loop.run({ quiet: true });
  return answer;
}

function outcome(result: {
  readonly ok: boolean;
  readonly error?: unknown;
  readonly value?: unknown;
}): unknown {
  return result.ok ? (result.value ?? 'done') : result.error;
}

describe('permissions', () => {
  const doors: readonly [string, (files: Files) => { ok: boolean }][] = [
    ['read', (files) => files.read('/data/file')],
    ['write', (files) => files.write('/data/file', 'x')],
    ['unlink', (files) => files.unlink('/data/file')],
    ['list', (files) => files.list('/data')],
    ['create', (files) => files.write('/data/new', '')],
    ['stat', (files) => files.stat('/data/file')],
    ['chmod', (files) => files.chmod('/data/file', 0o600)],
  ];
  // Owner 1000:1000; asked by its owner, a member of its group, a stranger and root.
  const table: readonly [number, number, string, string][] = [
    [0o755, 0o644, 'owner', 'read write unlink list create stat chmod'],
    [0o755, 0o644, 'group', 'read list stat'],
    [0o755, 0o640, 'other', 'list stat'],
    [0o711, 0o644, 'other', 'read stat'],
    [0o744, 0o644, 'other', 'list'],
    [0o770, 0o660, 'group', 'read write unlink list create stat'],
    [0o770, 0o660, 'other', ''],
    [0o777, 0o444, 'other', 'read unlink list create stat'],
    [0o1777, 0o444, 'other', 'read list create stat'],
    [0o500, 0o200, 'owner', 'write list stat chmod'],
    [0o000, 0o000, 'root', 'read write unlink list create stat chmod'],
  ];

  it.each(table)('folder %o, file %o, %s may: %s', (folder, file, who, allowed) => {
    const may = doors.filter(([, attempt]) => {
      const bench = makeBench();
      const root = bench.host.files;
      root.mkdir('/data');
      root.write('/data/file', 'text');
      root.chown('/data', 1000, 1000);
      root.chown('/data/file', 1000, 1000);
      root.chmod('/data', folder);
      root.chmod('/data/file', file);
      const uid = who === 'owner' ? 1000 : who === 'root' ? 0 : 1001;
      const groups = who === 'group' ? [1000] : [];
      return as(bench, { uid, gid: uid, groups }, (process) => attempt(process.files).ok) === true;
    });
    expect(may.map(([name]) => name).join(' ')).toBe(allowed);
  });
});

describe('errors and links', () => {
  it.each<[string, (files: Files) => { ok: boolean }, unknown]>([
    ['a name below a file', (files) => files.read('/etc/hosts/x'), 'ENOTDIR'],
    ['a folder read', (files) => files.read('/etc'), 'EISDIR'],
    ['a folder written', (files) => files.write('/etc', ''), 'EISDIR'],
    ['a file with a slash', (files) => files.stat('/etc/hosts/'), 'ENOTDIR'],
    ['a missing parent', (files) => files.write('/no/where', ''), 'ENOENT'],
    ['mkdir twice', (files) => files.mkdir('/etc'), 'EEXIST'],
    ['mkdir -p twice', (files) => files.mkdir('/etc', { parents: true }), 'done'],
    ['rmdir of a full folder', (files) => files.rmdir('/etc'), 'ENOTEMPTY'],
    ['unlink of a folder', (files) => files.unlink('/etc'), 'EISDIR'],
    ['rename into itself', (files) => files.rename('/var', '/var/lib/x'), 'EINVAL'],
    ['rename across file systems', (files) => files.rename('/etc/hosts', '/run/hosts'), 'EXDEV'],
    ['rmdir of a mount', (files) => files.rmdir('/proc'), 'ENOTEMPTY'],
    ['a long name', (files) => files.write(`/tmp/${'x'.repeat(256)}`, ''), 'ENAMETOOLONG'],
    ['wx on a file', (files) => files.open('/etc/hosts', 'wx'), 'EEXIST'],
    ['realpath through /bin', (files) => files.realpath('/bin/../bin'), '/usr/bin'],
    ['dots beyond the root', (files) => files.realpath('/../../etc/./'), '/etc'],
  ])('%s', (_, attempt, wanted) => {
    expect(outcome(attempt(makeBench().host.files))).toEqual(wanted);
  });

  it('follows symlinks, counts names, and ends loops', () => {
    const { files } = makeBench().host;
    files.symlink('loop-b', '/tmp/loop-a');
    files.symlink('loop-a', '/tmp/loop-b');
    expect(outcome(files.read('/tmp/loop-a'))).toBe('ELOOP');
    files.symlink('../etc', '/tmp/etc');
    expect(outcome(files.readText('/tmp/etc/hostname'))).toBe('box\n');
    expect(outcome(files.link('/etc/hostname', '/tmp/name'))).toBe('done');
    expect(outcome(files.stat('/tmp/name'))).toMatchObject({ links: 2, size: 4 });
    files.unlink('/etc/hostname');
    expect(outcome(files.stat('/tmp/name'))).toMatchObject({ links: 1 });
    // A link to nowhere is made by writing through it.
    files.symlink('/tmp/target', '/tmp/dangling');
    files.write('/tmp/dangling', 'made');
    expect(outcome(files.readText('/tmp/target'))).toBe('made');
  });

  it('keeps an unlinked file for who has it open, and its space', () => {
    const bench = makeBench();
    const seen: unknown[] = [];
    run(bench, function* (process) {
      const { files } = process;
      const used = (): number => {
        const usage = files.usage('/');
        return usage.ok ? usage.value.used : -1;
      };
      const before = used();
      const file = files.open('/tmp/log', 'a');
      if (!file.ok) return 1;
      yield* file.value.write('x'.repeat(5000));
      seen.push(used() - before);
      files.unlink('/tmp/log');
      yield* file.value.write('more');
      seen.push(files.exists('/tmp/log'), used() - before);
      file.value.close();
      seen.push(used() - before);
      return 0;
    });
    bench.loop.run({ quiet: true });
    expect(seen).toEqual([8192, false, 8192, 0]);
  });

  it('is full at its size', () => {
    const bench = makeBench({ diskBytes: 8192 * 4 });
    const { files } = bench.host;
    const results: unknown[] = [];
    for (let index = 0; index < 8; index += 1) {
      results.push(outcome(files.write(`/tmp/${index}`, 'y'.repeat(4096))));
    }
    const refused = results.indexOf('ENOSPC');
    expect(refused).toBeGreaterThan(0);
    files.unlink('/tmp/0');
    expect(outcome(files.write('/tmp/again', 'y'))).toBe('done');
  });

  it('tells of changes in a folder, of an atomic write as of a change', () => {
    const bench = makeBench();
    const seen: string[] = [];
    run(bench, function* (process) {
      const watch = process.files.watch('/etc');
      if (!watch.ok) return 1;
      for (;;) {
        const event = yield* watch.value.receive();
        if (event === undefined) return 0;
        seen.push(`${event.change} ${event.path}`);
      }
    });
    bench.loop.run({ quiet: true });
    const { files } = bench.host;
    files.write('/etc/new', '1');
    files.writeAtomic('/etc/new', '2');
    files.rename('/etc/new', '/etc/renamed');
    files.unlink('/etc/renamed');
    files.write('/etc/systemd/deeper', '');
    bench.loop.run({ quiet: true });
    expect(seen).toEqual([
      'created /etc/new',
      'modified /etc/new',
      'modified /etc/new',
      'removed /etc/new',
      'created /etc/renamed',
      'removed /etc/renamed',
    ]);
  });
});

describe('mount views', () => {
  const TREE: ReadonlyMap<string, ImageFile> = new Map<string, ImageFile>([
    ['/etc/app.conf', { content: 'from image\n' }],
    ['/etc/passwd', { content: 'root:x:0:0::/:/bin/sh\n' }],
    [
      '/usr/bin/app',
      {
        content: program('app', function* () {
          return 7;
        }),
      },
    ],
    ['/bin', { link: 'usr/bin' }],
    ['/data', { directory: true, uid: 5 }],
    ['/data/seed', { content: 'seed' }],
  ]);

  function container(bench: Bench, name: string, layer = layerOf(TREE)) {
    const view = bench.host.kernel.newMountView(name);
    view.overlay('/', layer);
    return view;
  }

  it('shares the image, writes above it, hides what was removed', () => {
    const bench = makeBench();
    const layer = layerOf(TREE);
    const [one, two] = [container(bench, 'one', layer), container(bench, 'two', layer)];
    const before = bench.host.disk.used;
    const read = (process: Process) => [
      outcome(process.files.readText('/etc/app.conf')),
      outcome(process.files.list('/etc')),
      outcome(process.files.list('/data')),
    ];
    const changed = as(bench, { namespaces: { mount: one } }, (process) => {
      const { files } = process;
      files.append('/etc/app.conf', 'appended\n');
      files.unlink('/etc/passwd');
      files.write('/etc/new', '');
      files.removeAll('/data/seed');
      files.chmod('/data', 0o700);
      return read(process);
    });
    expect(changed).toEqual(['from image\nappended\n', ['app.conf', 'new'], []]);
    expect(bench.host.disk.used - before).toBe(4096);
    expect(as(bench, { namespaces: { mount: two } }, read)).toEqual([
      'from image\n',
      ['app.conf', 'passwd'],
      ['seed'],
    ]);
  });

  it('runs a program of the image by its symlinked path', () => {
    const bench = makeBench();
    let code = -1;
    run(bench, function* (process) {
      const child = process.spawn({
        argv: ['/bin/app'],
        namespaces: { mount: container(bench, 'c') },
      });
      if (child.ok) code = (yield* child.value.wait()).code;
      return 0;
    });
    bench.loop.run({ quiet: true });
    expect(code).toBe(7);
  });

  it('binds folders and files, read-only if told, and hides what is below', () => {
    const bench = makeBench();
    const { files } = bench.host;
    files.mkdir('/var/lib/vol');
    files.write('/var/lib/vol/a', '1');
    const view = container(bench, 'c');
    expect(outcome(view.bind('/data', bench.host.view, '/var/lib/vol', { readOnly: true }))).toBe(
      'done',
    );
    expect(outcome(view.bind('/etc/passwd', bench.host.view, '/etc/passwd'))).toBe('done');
    const seen = as(bench, { namespaces: { mount: view } }, (process) => [
      outcome(process.files.list('/data')),
      outcome(process.files.write('/data/b', '')),
      outcome(process.files.write('/data/a', '')),
      outcome(process.files.unlink('/data/a')),
      outcome(process.files.rmdir('/data')),
      outcome(process.files.readText('/etc/passwd')),
    ]);
    expect(seen).toEqual([
      ['a'],
      'EROFS',
      'EROFS',
      'EROFS',
      'ENOTEMPTY',
      outcome(files.readText('/etc/passwd')),
    ]);
    files.write('/var/lib/vol/b', '');
    expect(
      as(bench, { namespaces: { mount: view } }, (p) => outcome(p.files.list('/data'))),
    ).toEqual(['a', 'b']);
  });

  it('leads /dev/stdout to the description itself, as nginx logs', () => {
    const bench = makeBench();
    bench.host.files.symlink('/dev/stdout', '/var/log/access.log');
    const ran = run(bench, function* (process) {
      const log = process.files.open('/var/log/access.log', 'a');
      if (!log.ok) return 1;
      yield* log.value.write('GET /\n');
      log.value.close();
      process.files.append('/dev/stderr', 'err\n');
      return 0;
    });
    bench.loop.run({ quiet: true });
    expect(ran.text()).toBe('GET /\nerr\n');
  });

  it('shows processes in /proc by the namespace it was mounted for', () => {
    const bench = makeBench();
    const seen: unknown[] = [];
    run(
      bench,
      function* (process) {
        seen.push(outcome(process.files.readText('/proc/self/comm')));
        seen.push(outcome(process.files.readText('/proc/1/comm')));
        seen.push(outcome(process.files.readText('/proc/self/cgroup')));
        seen.push(outcome(process.files.readlink('/proc/self/fd/1')));
        seen.push(outcome(process.files.readText('/proc/sys/net/ipv4/ip_forward')));
        process.files.write('/proc/sys/net/ipv4/ip_forward', '1\n');
        seen.push(process.kernel.sysctl('net.ipv4.ip_forward'));
        const memory = process.files.readText('/proc/meminfo');
        seen.push(memory.ok ? memory.value.split('\n')[0] : memory.error);
        yield NEVER;
        return 0;
      },
      { cgroup: '/kubepods/a' },
    );
    bench.loop.run({ until: bench.loop.now + SECOND });
    expect(seen).toEqual([
      'body\n',
      'systemd\n',
      '0::/kubepods/a\n',
      'out',
      '0\n',
      '1',
      'MemTotal:        8131072 kB',
    ]);
  });
});
