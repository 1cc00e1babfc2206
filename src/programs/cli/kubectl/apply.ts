/**
 * `kubectl apply` (k8s.io/kubectl/pkg/cmd/apply, v0.34), client-side: the manifest as last applied is
 * kept in an annotation; the patch holds what the manifest changes against the live object and what it
 * has dropped since. Built-in kinds get a strategic patch, others a merge patch.
 *
 * Not supported: --server-side and --prune, which say so.
 */
import { annotationOf, withAnnotation } from '../../../ground/api/meta.ts';
import {
  applyMergePatch,
  applyStrategicPatch,
  mergeDiff,
  threeWayPatch,
} from '../../../ground/api/patch/index.ts';
import { type Definition, definitionOfKind } from '../../../ground/api/schema.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson, parseJson } from '../../../ground/lang/json.ts';
import type { Value, ValueMap } from '../../../ground/lang/value.ts';
import type { ApiResult } from '../../../spine/client/types.ts';
import { type Api, type Loose, MERGE, STRATEGIC } from './api.ts';
import { lastAppliedVerbs } from './apply-last-applied.ts';
import {
  apiFailure,
  fail,
  type Failure,
  failApi,
  isNotFound,
  type Outcome,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { appliedText, LAST_APPLIED } from './last-applied.ts';
import { recorded } from './change-cause.ts';
import { inOrder } from './manifest.ts';
import { fileInfos, type Subject, refuseKustomize, selectedInfos } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import {
  FILE_FLAGS,
  invalidValidation,
  RECORD_FLAG,
  Reporter,
  unversioned,
  validationOf,
  WRITE_FLAGS,
} from './write-options.ts';

const MANAGER = 'kubectl-client-side-apply';
/** A conflict is tried again so often (maxPatchRetry). */
const PATCH_RETRIES = 5;

export const apply: Verb = {
  name: 'apply',
  usage: '(-f FILENAME | -k DIRECTORY) [options]',
  short: 'Apply a configuration to a resource by file name or stdin',
  flags:
    flagSpecs(`${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} all=false cascade='background'?background
    field-manager='${MANAGER}' force=false force-conflicts=false grace-period=-1 openapi-patch=true overwrite=true
    prune=false prune-allowlist=[] l selector='' server-side=false subresource='' timeout=0s
    validate='strict'?strict wait=false`),
  verbs: lastAppliedVerbs,
  *run(session) {
    const { flags, args } = session;
    const kustomize = refuseKustomize(session);
    if (kustomize !== undefined) return { ok: false, error: kustomize };
    if (flags.list('filename').length === 0) return fail('must specify one of -f and -k');
    if (args.length > 0) return session.usageError(`Unexpected args: [${args.join(' ')}]`);
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const invalid = invalidValidation(session) ?? misfit(session, reporter.value);
    if (invalid !== undefined) return fail(invalid);
    const files = yield* fileInfos(session, flags.list('filename'));
    if (!files.ok) return files;
    const chosen = selectedInfos(session, files.value);
    if (!chosen.ok) return chosen;
    return yield* applyAll(session, reporter.value, chosen.value.infos, chosen.value.failures);
  },
};

/** Flags that do not go together, in upstream's order; then what is not modelled. */
function misfit({ flags }: Session, reporter: Reporter): string | undefined {
  const serverSide = flags.bool('server-side');
  const [all, prune, force] = [flags.bool('all'), flags.bool('prune'), flags.bool('force')];
  const selector = flags.text('selector');
  if (flags.bool('force-conflicts') && !serverSide)
    return '--force-conflicts only works with --server-side';
  if (reporter.client && serverSide)
    return "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)";
  if (force && serverSide) return '--force cannot be used with --server-side';
  if (force && reporter.server) return '--dry-run=server cannot be used with --force';
  if (all && selector !== '') return 'cannot set --all and --selector at the same time';
  if (prune && !all && selector === '')
    return 'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector';
  if (serverSide) return '--server-side is not supported by this simulator yet: apply without it';
  if (prune)
    return '--prune is not supported by this simulator yet: delete what is no longer wanted with kubectl delete';
  if (!flags.bool('overwrite'))
    return '--overwrite=false is not supported by this simulator: what the manifest says wins';
  return undefined;
}

function* applyAll(
  session: Session,
  reporter: Reporter,
  infos: readonly Subject[],
  given: readonly Failure[],
): Task<Outcome<number>> {
  const failures = [...given];
  if (infos.length === 0 && failures.length === 0) return fail('no objects passed to apply');
  const api = session.api();
  if (!api.ok) return api;
  const done: Loose[] = [];
  for (const info of infos) {
    const applied = yield* applyOne(session, api.value, reporter, info);
    if (!applied.ok) failures.push(applied.error);
    else if (reporter.printsObjects) done.push(applied.value);
  }
  if (done.length > 0) {
    const list = { kind: 'List', apiVersion: 'v1', metadata: {}, items: done } as unknown as Loose;
    // Several objects stand in a list that is a Go struct, each of them a map.
    if (done.length > 1 && session.flags.text('output') === 'json') {
      const items = inOrder(done as unknown as Value);
      yield* session.print(`${formatJson({ ...list, items }, { indent: 4 })}\n`);
    } else
      yield* reporter.tell(
        (infos[0] as Subject).mapping,
        done.length === 1 ? (done[0] as Loose) : list,
        '',
      );
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

function* applyOne(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
): Task<Outcome<Loose>> {
  const { mapping, source } = info;
  const object = recorded(session, info.object);
  const modified = withAnnotation(object, LAST_APPLIED, appliedText(object));
  if (info.name === '' || info.name === undefined) {
    if (object.metadata.generateName !== undefined) {
      return fail(`from ${object.metadata.generateName}: cannot use generate name with apply`);
    }
    const nameless = describeRequest({ ...info, name: '' });
    return fail(
      `error when retrieving current configuration of:\n${nameless}\nfrom server for: ${quote(source)}: resource name may not be empty`,
    );
  }
  const got = yield* api.get(mapping, info.namespace, info.name);
  if (!got.ok && !isNotFound(got.error)) {
    return failApi(
      got.error,
      `error when retrieving current configuration of:\n${describeRequest(info)}\nfrom server for: ${quote(source)}`,
    );
  }
  if (!got.ok) return yield* createOne(session, api, reporter, info, modified);
  return yield* patchOne(session, api, reporter, info, got.value, modified);
}

/** As upstream prints the object of a failed request. */
function describeRequest(info: Subject): string {
  const { mapping, name, namespace } = info;
  const group =
    mapping.group === '' ? `/${mapping.version}` : `${mapping.group}/${mapping.version}`;
  return `Resource: "${group}, Resource=${mapping.resource}", GroupVersionKind: "${group}, Kind=${mapping.kind}"\nName: ${quote(name)}, Namespace: ${quote(namespace)}`;
}

function* createOne(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
  modified: Loose,
): Task<Outcome<Loose>> {
  let made: Loose = modified;
  if (!reporter.client) {
    const created = yield* api.create(
      info.mapping,
      unversioned(modified),
      writeQuery(session, reporter),
    );
    if (!created.ok) return failApi(created.error, `error when creating ${quote(info.source)}`);
    made = created.value;
  }
  if (!reporter.printsObjects) yield* reporter.tell(info.mapping, made, 'created');
  return ok(made);
}

function writeQuery(session: Session, reporter: Reporter) {
  return {
    manager: session.flags.text('field-manager'),
    dryRun: reporter.server,
    validation: validationOf(session),
  };
}

function* patchOne(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
  live: Loose,
  modified: Loose,
): Task<Outcome<Loose>> {
  const { mapping } = info;
  if (annotationOf(live, LAST_APPLIED) === undefined) {
    yield* session.printError(
      `Warning: resource ${mapping.resource}/${info.name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  const patch = applyPatchOf(definition, live, modified);
  if (Object.keys(patch).length === 0 && !reporter.client) {
    if (!reporter.printsObjects) yield* reporter.tell(mapping, live, 'unchanged');
    return ok(live);
  }
  if (reporter.client) {
    const merged =
      definition === undefined
        ? ok(applyMergePatch(live as unknown as ValueMap, patch))
        : applyStrategicPatch(definition, live as unknown as ValueMap, patch);
    const object = (merged.ok ? merged.value : live) as unknown as Loose;
    if (!reporter.printsObjects) yield* reporter.tell(mapping, object, 'configured');
    return ok(object);
  }
  const patched = yield* sendPatch(session, api, reporter, info, live, modified, patch, definition);
  if (!patched.ok) {
    if (session.flags.bool('force'))
      return yield* recreate(session, api, reporter, info, modified, patched.error);
    return { ok: false, error: patched.error };
  }
  if (!reporter.printsObjects) yield* reporter.tell(mapping, patched.value, 'configured');
  return patched;
}

/** The three-way patch of a live object, without what cannot be patched. */
export function applyPatchOf(
  definition: Definition | undefined,
  live: Loose,
  modified: Loose,
): ValueMap {
  const last = annotationOf(live, LAST_APPLIED);
  const parsed = last === undefined ? undefined : parseJson(last);
  const original = parsed?.ok === true ? (parsed.value.value as ValueMap) : {};
  const current = live as unknown as ValueMap;
  const wanted = modified as unknown as ValueMap;
  return definition === undefined
    ? mergeThreeWay(original, wanted, current)
    : threeWayPatch(definition, original, wanted, current);
}

/** jsonmergepatch.CreateThreeWayJSONMergePatch: additions against the live object, deletions against the last. */
function mergeThreeWay(original: ValueMap, modified: ValueMap, current: ValueMap): ValueMap {
  const changes = keep(mergeDiff(current, modified) as ValueMap, false);
  const deletions = keep(mergeDiff(original, modified) as ValueMap, true);
  return applyKept(deletions, changes);
}

/** Only the nulls of a merge patch, or all but them. */
function keep(patch: ValueMap, nulls: boolean): ValueMap {
  const kept: Record<string, ValueMap[string]> = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      if (nulls) kept[key] = null;
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      const inner = keep(value as ValueMap, nulls);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    } else if (!nulls) kept[key] = value;
  }
  return kept;
}

function applyKept(first: ValueMap, second: ValueMap): ValueMap {
  const both: Record<string, ValueMap[string]> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const old = both[key];
    const deep =
      old !== null &&
      typeof old === 'object' &&
      !Array.isArray(old) &&
      value !== null &&
      typeof value === 'object' &&
      !Array.isArray(value);
    both[key] = deep ? applyKept(old as ValueMap, value as ValueMap) : value;
  }
  return both;
}

/** Sends the patch; after a conflict it is made again of the newer object. */
function* sendPatch(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
  live: Loose,
  modified: Loose,
  first: ValueMap,
  definition: Definition | undefined,
): Task<Outcome<Loose>> {
  const type = definition === undefined ? MERGE : STRATEGIC;
  const query = writeQuery(session, reporter);
  let patch = first;
  let answer: ApiResult<Loose> = ok(live);
  for (let attempt = 0; attempt < PATCH_RETRIES; attempt += 1) {
    answer = yield* api.patch(info.mapping, info.namespace, info.name, type, patch, query);
    if (answer.ok) return answer;
    if (answer.error.code !== 409) break;
    if (attempt > 0) yield* session.process.sleep(1_000_000);
    const again = yield* api.get(info.mapping, info.namespace, info.name);
    if (!again.ok) return failApi(again.error);
    patch = applyPatchOf(definition, again.value, modified);
  }
  if (answer.ok) return answer;
  return { ok: false, error: apiFailure(answer.error, patchDoing(info, patch)) };
}

function patchDoing(info: Subject, patch: ValueMap): string {
  return `error when applying patch:\n${formatJson(patch, { sortKeys: true })}\nto:\n${describeRequest(info)}\nfor: ${quote(info.source)}: error when patching ${quote(info.source)}`;
}

/** `--force`: what cannot be patched is deleted and made again. */
function* recreate(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
  modified: Loose,
  why: Failure,
): Task<Outcome<Loose>> {
  if (why.kind !== 'api' || ![409, 422].includes(why.error.code)) return { ok: false, error: why };
  const { mapping, name, namespace } = info;
  const deleted = yield* api.delete(mapping, namespace, name, { propagationPolicy: 'Background' });
  if (!deleted.ok && !isNotFound(deleted.error)) return failApi(deleted.error);
  for (;;) {
    const left = yield* api.get(mapping, namespace, name);
    if (!left.ok) break;
    yield* session.process.sleep(1_000_000);
  }
  const made = yield* api.create(mapping, modified, writeQuery(session, reporter));
  if (!made.ok) return failApi(made.error);
  if (!reporter.printsObjects) yield* reporter.tell(mapping, made.value, 'configured');
  return made;
}
