/**
 * `kubectl cp` (k8s.io/kubectl/pkg/cmd/cp, v0.34): files and trees to and from a container, by way of
 * the `tar` that runs there; an image without one fails as exec does.
 */
import type { Pod } from '../../../ground/api/types.ts';
import { concatBytes } from '../../../ground/base/bytes.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { goError } from '../../../machines/network/errno.ts';
import type { OpenFile } from '../../../machines/machine/files-types.ts';
import {
  formatTar,
  packTree,
  parseTar,
  type TarEntry,
  unpackEntry,
} from '../../../machines/machine/tar.ts';
import { execTarget } from './exec.ts';
import { fail, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { attachablePod, containerOf } from './pod-of.ts';
import type { Session, Verb } from './session.ts';
import { streamTo } from './streams.ts';

/** One side: a local path, or a path in a pod. */
interface FileSpec {
  readonly namespace: string;
  readonly pod: string;
  readonly path: string;
}

interface Place {
  readonly pod: Pod;
  readonly container: string;
}

export const cp: Verb = {
  name: 'cp',
  usage: '<file-spec-src> <file-spec-dest> [options]',
  short: 'Copy files and directories to and from containers',
  flags: flagSpecs("c container='' no-preserve=false retries=0"),
  *run(session) {
    const [from, to, ...more] = session.args;
    if (from === undefined || to === undefined || more.length > 0)
      return fail('source and destination are required');
    const source = specOf(from);
    const target = specOf(to);
    if (source === undefined || target === undefined) {
      return fail('filespec must match the canonical format: [[namespace/]pod:]file/path');
    }
    if (source.pod !== '' && target.pod !== '')
      return fail('one of src or dest must be a local file specification');
    if (source.path === '' || target.path === '') return fail('filepath can not be empty');
    if (source.pod !== '') return yield* copyFrom(session, source, target.path);
    if (target.pod !== '') return yield* copyTo(session, source.path, target);
    return fail('one of src or dest must be a remote file specification');
  },
};

/** `pod:path`, `namespace/pod:path`, `path`; undefined for what is none of them. */
function specOf(text: string): FileSpec | undefined {
  const colon = text.indexOf(':');
  if (colon === 0) return undefined;
  if (colon < 0) return { namespace: '', pod: '', path: text };
  const parts = text.slice(0, colon).split('/');
  const path = text.slice(colon + 1);
  if (parts.length === 1) return { namespace: '', pod: parts[0] as string, path };
  if (parts.length === 2) return { namespace: parts[0] as string, pod: parts[1] as string, path };
  return undefined;
}

function* placeOf(session: Session, spec: FileSpec): Task<Outcome<Place>> {
  const pod = yield* attachablePod(session, spec.pod, 0, spec.namespace);
  if (!pod.ok) return pod;
  const named = session.flags.text('container');
  const container = named === '' ? yield* containerOf(session, pod.value, false) : ok(named);
  return container.ok ? ok({ pod: pod.value, container: container.value }) : container;
}

function run(
  session: Session,
  { pod, container }: Place,
  command: readonly string[],
  stdin: OpenFile | undefined,
  streams: { readonly stdout?: OpenFile; readonly stderr?: OpenFile } = {},
): Task<Outcome<number>> {
  const target = execTarget(pod, container, command, stdin !== undefined, false);
  return streamTo(session, target, { ...streams, ...(stdin === undefined ? {} : { stdin }) });
}

function baseOf(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? '';
}

function* copyTo(session: Session, source: string, target: FileSpec): Task<Outcome<number>> {
  const { files } = session.process;
  if (!files.exists(source)) return fail(`${source} doesn't exist in local filesystem`);
  const place = yield* placeOf(session, target);
  if (!place.ok) return place;
  const isFolder = yield* quietly(session, place.value, ['test', '-d', target.path]);
  const bare = target.path.replace(/(?!^)\/+$/, '');
  const path = isFolder ? `${bare === '/' ? '' : bare}/${baseOf(source)}` : bare;
  const packed = packTree(files, source, baseOf(path));
  if (!packed.ok) return fail(`open ${packed.error.path}: ${goError(packed.error.errno)}`);
  const bytes = formatTar(packed.value);
  if (!bytes.ok)
    return fail(`archive/tar: cannot encode header: ${quote(bytes.error)} is too long`);
  const [reader, writer] = session.process.pipe();
  session.process.start('tar', fill(writer, bytes.value));
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.';
  const options = session.flags.bool('no-preserve')
    ? ['--no-same-permissions', '--no-same-owner']
    : [];
  const command = ['tar', ...options, '-xmf', '-', '-C', folder];
  return yield* run(session, place.value, command, reader);
}

function* fill(writer: OpenFile, bytes: Uint8Array): Task<void> {
  yield* writer.write(bytes);
  writer.close();
}

/** Whether a command succeeds; nobody hears of its output. */
function* quietly(session: Session, place: Place, command: readonly string[]): Task<boolean> {
  const [, writer] = session.process.pipe();
  const silent = { stdout: writer, stderr: writer };
  const target = execTarget(place.pod, place.container, command, false, false);
  const done = yield* streamTo(session, target, silent, true);
  writer.close();
  return done.ok;
}

function* copyFrom(session: Session, source: FileSpec, target: string): Task<Outcome<number>> {
  const place = yield* placeOf(session, source);
  if (!place.ok) return place;
  const [reader, writer] = session.process.pipe();
  const parts: Uint8Array[] = [];
  const draining = session.process.start('untar', drain(reader, parts));
  const done = yield* run(session, place.value, ['tar', 'cf', '-', source.path], undefined, {
    stdout: writer,
  });
  writer.close();
  yield draining.finished;
  if (!done.ok) return done;
  const entries = parseTar(concatBytes(parts));
  if (!entries.ok)
    return fail(entries.error === 'cut off' ? 'unexpected EOF' : 'archive/tar: invalid tar header');
  return yield* untar(session, source, target, entries.value);
}

function* drain(reader: OpenFile, parts: Uint8Array[]): Task<void> {
  for (;;) {
    const piece = yield* reader.read();
    if (!piece.ok || piece.value === undefined) return;
    parts.push(piece.value);
  }
}

function* untar(
  session: Session,
  source: FileSpec,
  target: string,
  entries: readonly TarEntry[],
): Task<Outcome<number>> {
  const prefix = source.path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/^(\.\.?\/)+/, '');
  for (const entry of entries) {
    if (!entry.name.startsWith(prefix)) return fail('tar contents corrupted');
    const rest = entry.name.slice(prefix.length).replace(/\/+$/, '');
    const path = `${target.replace(/(?!^)\/+$/, '')}${rest}`;
    if (entry.type === 'symlink') {
      const { namespace, pod, path: whole } = source;
      yield* session.printError(
        `warning: skipping symlink: ${quote(path)} -> ${quote(entry.target)} (consider using "kubectl exec -n ${quote(namespace)} ${quote(pod)} -- tar cf - ${quote(whole)} | tar xf -")\n`,
      );
      continue;
    }
    const done: Result<void, Parameters<typeof goError>[0]> = unpackEntry(
      session.process.files,
      entry,
      path,
    );
    if (!done.ok && !(entry.type === 'directory' && done.error === 'EEXIST')) {
      return fail(`open ${path}: ${goError(done.error)}`);
    }
  }
  return ok(0);
}
