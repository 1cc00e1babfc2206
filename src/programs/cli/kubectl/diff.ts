/**
 * `kubectl diff` (k8s.io/kubectl/pkg/cmd/diff, v0.34): the live objects and what apply would make of
 * them (a dry run on the server) as files in two folders, compared by the `diff` program. Exit code 1
 * when they differ, more when something went wrong.
 */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { isValueMap, type ValueMap } from '../../../ground/lang/value.ts';
import { formatYaml } from '../../../ground/lang/yaml/index.ts';
import { type Api, type Loose, MERGE, STRATEGIC } from './api.ts';
import { applyPatchOf } from './apply.ts';
import {
  apiFailure,
  exitWith,
  fail,
  type Failure,
  formatFailure,
  isNotFound,
  type Outcome,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { withoutApplied } from './last-applied.ts';
import { fileInfos, type Subject, refuseKustomize } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS } from './write-options.ts';

const MASK = '***';
const MASK_BEFORE = '*** (before)';
const MASK_AFTER = '*** (after)';

export const diff: Verb = {
  name: 'diff',
  usage: '-f FILENAME [options]',
  short: 'Diff the live version against a would-be applied version',
  flags:
    flagSpecs(`${FILE_FLAGS} concurrency=1 field-manager='kubectl-client-side-apply' force-conflicts=false prune=false
    prune-allowlist=[] l selector='' server-side=false show-managed-fields=false`),
  *run(session) {
    const { flags, args } = session;
    const kustomize = refuseKustomize(session);
    if (kustomize !== undefined) return { ok: false, error: kustomize };
    if (flags.list('filename').length === 0)
      return failDiff({ kind: 'text', text: 'must specify one of -f and -k' });
    if (args.length > 0) return session.usageError(`Unexpected args: [${args.join(' ')}]`);
    if (flags.bool('server-side') || flags.bool('prune')) {
      return fail('--server-side and --prune are not supported by this simulator yet');
    }
    const api = session.api();
    if (!api.ok) return api;
    const files = yield* fileInfos(session, flags.list('filename'));
    if (!files.ok) return failDiff(files.error);
    const failures: Failure[] = [...files.value.failures];
    const folders = makeFolders(session);
    for (const info of files.value.infos) {
      const failure = yield* writePair(session, api.value, info, folders);
      if (failure !== undefined) failures.push(failure);
    }
    const failure = together(failures);
    const outcome = failure === undefined ? yield* compare(session, folders) : failDiff(failure);
    session.process.files.removeAll(folders.live);
    session.process.files.removeAll(folders.merged);
    return outcome;
  },
};

/** Any failure of diff itself is told and ends with more than 1. */
function failDiff(failure: Failure): Outcome<never> {
  return { ok: false, error: { kind: 'plain', text: formatFailure(failure).text, code: 2 } };
}

interface Folders {
  readonly live: string;
  readonly merged: string;
}

function makeFolders(session: Session): Folders {
  const { files, random } = session.process;
  const suffix = (): number => 1_000_000_000 + random.below(1_000_000_000);
  const folders = { live: `/tmp/LIVE-${suffix()}`, merged: `/tmp/MERGED-${suffix()}` };
  files.mkdir(folders.live, { parents: true, mode: 0o700 });
  files.mkdir(folders.merged, { parents: true, mode: 0o700 });
  return folders;
}

function* writePair(
  session: Session,
  api: Api,
  info: Subject,
  folders: Folders,
): Task<Failure | undefined> {
  const { mapping, name, namespace } = info;
  const live = yield* api.get(mapping, namespace, name);
  if (!live.ok && !isNotFound(live.error)) return apiFailure(live.error);
  const merged = live.ok
    ? yield* mergedOf(session, api, info, live.value)
    : yield* createdOf(session, api, info);
  if (!merged.ok) return merged.error;
  const version = mapping.group === '' ? mapping.version : `${mapping.group}.${mapping.version}`;
  const file = `${version}.${mapping.kind}.${namespace}.${name}`;
  let [from, to] = [live.ok ? live.value : undefined, merged.value];
  if (mapping.kind === 'Secret') [from, to] = masked(from, to);
  const { files } = session.process;
  if (from !== undefined) files.write(`${folders.live}/${file}`, formatYaml(bare(session, from)));
  files.write(`${folders.merged}/${file}`, formatYaml(bare(session, to)));
  return undefined;
}

function bare(session: Session, object: Loose): Loose {
  return session.flags.bool('show-managed-fields')
    ? object
    : withMeta(object, { managedFields: undefined });
}

function* mergedOf(session: Session, api: Api, info: Subject, live: Loose): Task<Outcome<Loose>> {
  const { mapping, name, namespace } = info;
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  // The annotation itself is not part of what is compared.
  const modified = withoutApplied(info.object);
  const patch = withVersion(applyPatchOf(definition, live, modified), live);
  const type = definition === undefined ? MERGE : STRATEGIC;
  const query = { manager: session.flags.text('field-manager'), dryRun: true };
  const done = yield* api.patch(mapping, namespace, name, type, freezeDeep(patch), query);
  return done.ok ? done : { ok: false, error: apiFailure(done.error) };
}

/** The patch holds for this version of the object only. */
function withVersion(patch: ValueMap, live: Loose): ValueMap {
  const metadata = patch['metadata'];
  const known = metadata !== undefined && isValueMap(metadata) ? metadata : {};
  return { ...patch, metadata: { ...known, resourceVersion: live.metadata.resourceVersion ?? '' } };
}

function* createdOf(session: Session, api: Api, info: Subject): Task<Outcome<Loose>> {
  const query = { manager: session.flags.text('field-manager'), dryRun: true };
  const done = yield* api.create(info.mapping, info.object, query);
  return done.ok ? done : { ok: false, error: apiFailure(done.error) };
}

/** Secrets are not shown: equal values as one mask, different ones as two. */
function masked(from: Loose | undefined, to: Loose): [Loose | undefined, Loose] {
  const old = (from?.['data'] ?? {}) as Readonly<Record<string, string>>;
  const next = (to['data'] ?? {}) as Readonly<Record<string, string>>;
  const cover = (
    data: Readonly<Record<string, string>>,
    other: Readonly<Record<string, string>>,
    differs: string,
  ) =>
    freezeDeep(
      Object.fromEntries(
        Object.keys(data).map((key) => [
          key,
          Object.hasOwn(other, key) && other[key] !== data[key] ? differs : MASK,
        ]),
      ),
    );
  const withData = (object: Loose, data: object): Loose =>
    withFields(object, { data } as Partial<Loose>);
  return [
    from === undefined ? undefined : withData(from, cover(old, next, MASK_BEFORE)),
    withData(to, cover(next, old, MASK_AFTER)),
  ];
}

/** Runs $KUBECTL_EXTERNAL_DIFF, or `diff -u -N`. */
function* compare(session: Session, folders: Folders): Task<Outcome<number>> {
  const { process } = session;
  const external = (process.env.get('KUBECTL_EXTERNAL_DIFF') ?? '')
    .split(/\s+/)
    .filter((word) => word !== '');
  const argv = [
    ...(external.length > 0 ? external : ['diff', '-u', '-N']),
    folders.live,
    folders.merged,
  ];
  const child = process.spawn({ argv });
  if (!child.ok)
    return fail(`failed to run ${quote(argv[0] ?? '')}: executable file not found in $PATH`);
  const status = yield* child.value.wait();
  return status.code === 0 ? ok(0) : exitWith(status.code);
}
