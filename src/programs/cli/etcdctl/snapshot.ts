/**
 * Snapshots (etcd 3.6, etcdctl snapshot_command.go and etcdutl/snapshot_command.go): `etcdctl snapshot
 * save` writes the database to a file, `etcdutl snapshot status` looks at one, `etcdutl snapshot
 * restore` makes a data directory of a new member of it. The hash stands for the content; it is not
 * bolt's CRC.
 */
import { concatBytes, utf8 } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { fnv1a } from '../../../ground/base/hash.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRfc3339 } from '../../../ground/base/time.ts';
import { hexOf } from '../../../ground/base/bytes.ts';
import { sha256 } from '../../../ground/pki/digest.ts';
import { goError } from '../../../machines/network/errno.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import { type SnapshotFile, snapshotFileOf } from '../../../spine/etcd/wire/snapshot.ts';
import { type Arguments, parseArguments } from './flags.ts';
import { sizeText } from './numbers.ts';
import { table } from './print.ts';
import { endpointsOf, EXIT_BAD_ARGUMENTS, fail, failCall, type Session } from './session.ts';

const VERSION = '3.6.4';

/** `etcdctl snapshot save FILE`. */
export function* snapshot(session: Session, words: readonly string[]): Task<number> {
  const { process, client, args } = session;
  const [command, path, ...more] = words;
  if (command === 'status' || command === 'restore') {
    return yield* fail(process, `"snapshot ${command}" is a command of etcdutl since 3.6`);
  }
  if (command !== 'save') {
    return yield* fail(process, `unknown command "${command ?? ''}" for "etcdctl snapshot"`);
  }
  if (path === undefined || more.length > 0) {
    return yield* fail(process, 'snapshot save expects one argument', EXIT_BAD_ARGUMENTS);
  }
  if (endpointsOf(args).length > 1) {
    const text = 'snapshot must be requested to one selected node, not multiple';
    return yield* fail(process, text, EXIT_BAD_ARGUMENTS);
  }
  const answer = yield* client.call<SnapshotFile>('/etcdserverpb.Maintenance/Snapshot', {});
  if (!answer.ok) return yield* failCall(session, answer.error);
  const written = process.files.writeAtomic(path, answer.value, 0o600);
  if (!written.ok) {
    const text = `could not open ${path}.part (open ${path}.part: ${goError(written.error)})`;
    return yield* fail(process, text);
  }
  yield* process.fsync();
  yield* process.print(`Snapshot saved at ${path}\nServer version 3.6.0\n`);
  return 0;
}

const USAGE = `Usage:
  etcdutl [command]

Available Commands:
  snapshot    Manages etcd node snapshots
  version     Prints the version of etcdutl
`;

export const etcdutl: Program = {
  name: 'etcdutl',
  version: VERSION,
  *main(process) {
    yield* process.work(process.costs.smallToolMicros);
    const args = parseArguments(process.argv.slice(1), new Map());
    if (!args.ok) return yield* fail(process, args.error);
    const [name, ...words] = args.value.words;
    if (name === undefined || name === 'help') {
      yield* process.print(USAGE);
      return 0;
    }
    if (name === 'version') {
      yield* process.print(`etcdutl version: ${VERSION}\nAPI version: 3.6\n`);
      return 0;
    }
    if (name !== 'snapshot') {
      const known = ['backup', 'defrag', 'hashkv', 'check', 'completion', 'migrate'];
      const text = known.includes(name)
        ? `${name} is not supported by this simulator`
        : `unknown command "${name}" for "etcdutl"`;
      return yield* fail(process, text);
    }
    if (words[0] === 'status') return yield* status(process, args.value, words.slice(1));
    if (words[0] === 'restore') return yield* restore(process, args.value, words.slice(1));
    return yield* fail(process, `unknown command "${words[0] ?? ''}" for "etcdutl snapshot"`);
  },
};

function openSnapshot(process: Process, path: string): Result<SnapshotFile, string> {
  const content = process.files.readContent(path);
  if (!content.ok) {
    return err(
      content.error === 'ENOENT'
        ? `snapshot file "${path}" does not exist`
        : `open ${path}: ${goError(content.error)}`,
    );
  }
  const file = snapshotFileOf(content.value);
  return file === undefined ? err('invalid database') : ok(file);
}

function* status(process: Process, args: Arguments, words: readonly string[]): Task<number> {
  const [path, ...more] = words;
  if (path === undefined || more.length > 0) {
    return yield* fail(
      process,
      'snapshot status requires exactly one argument',
      EXIT_BAD_ARGUMENTS,
    );
  }
  const file = openSnapshot(process, path);
  if (!file.ok) return yield* fail(process, file.error);
  const { revision, totalKeys, sizeBytes } = file.value;
  const hash = fnv1a(hexOf(sha256(file.value.render())));
  const format = args.flags.get('write-out') ?? 'simple';
  const row = [
    hash.toString(16),
    String(revision),
    String(totalKeys),
    sizeText(sizeBytes),
    '3.6.0',
  ];
  if (format === 'json') {
    yield* process.print(
      `{"hash":${hash},"revision":${revision},"totalKey":${totalKeys},"totalSize":${sizeBytes},"version":"3.6.0"}\n`,
    );
  } else if (format === 'table') {
    const head = ['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE', 'STORAGE VERSION'];
    yield* process.print(table(head, [row]));
  } else yield* process.print(`${row.join(', ')}\n`);
  return 0;
}

function* restore(process: Process, args: Arguments, words: readonly string[]): Task<number> {
  const [path, ...more] = words;
  if (path === undefined || more.length > 0) {
    return yield* fail(
      process,
      'snapshot restore requires exactly one argument',
      EXIT_BAD_ARGUMENTS,
    );
  }
  const text = (name: string, otherwise: string): string => args.flags.get(name) || otherwise;
  const name = text('name', 'default');
  const folder = text('data-dir', `${name}.etcd`);
  const peers = text('initial-advertise-peer-urls', 'http://localhost:2380');
  const cluster = text('initial-cluster', `${name}=${peers}`);
  const token = text('initial-cluster-token', 'etcd-cluster');
  if (!cluster.split(',').some((each) => each.startsWith(`${name}=`))) {
    return yield* fail(
      process,
      `couldn't find local name "${name}" in the initial cluster configuration`,
    );
  }
  const file = openSnapshot(process, path);
  if (!file.ok) return yield* fail(process, file.error);
  if (process.files.exists(`${folder}/member`)) {
    return yield* fail(process, `data-dir "${folder}" not empty or could not be read`);
  }
  for (const part of ['member/snap', 'member/wal']) {
    const made = process.files.mkdir(`${folder}/${part}`, { parents: true, mode: 0o700 });
    if (!made.ok && made.error !== 'EEXIST') {
      return yield* fail(process, `mkdir ${folder}: ${goError(made.error)}`);
    }
  }
  const line = (message: string, more: string): string =>
    `${formatRfc3339(process.clock.wall())}\tinfo\tsnapshot/v3_snapshot.go\t${message}\t{${more}}\n`;
  const about = `"path": "${path}", "data-dir": "${folder}"`;
  yield* process.printError(line('restoring snapshot', about));
  const id = (of: string): string => hexOf(sha256(concatBytes([utf8(of)]))).slice(0, 16);
  const document = file.value.restoredAs({
    clusterId: id(`${cluster} ${token}`),
    memberId: id(`${peers} ${token}`),
    name,
    peerUrls: peers.split(','),
  });
  process.files.write(`${folder}/member/snap/db`, document, 0o600);
  process.files.write(`${folder}/member/wal/0000000000000000-0000000000000000.wal`, '', 0o600);
  yield* process.fsync();
  yield* process.printError(line('restored snapshot', about));
  return 0;
}
