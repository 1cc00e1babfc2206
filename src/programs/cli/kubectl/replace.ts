/** `kubectl replace` (k8s.io/kubectl/pkg/cmd/replace, v0.34): the whole object; with --force deleted and made again. */
import { annotationOf, withAnnotation } from '../../../ground/api/meta.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Api } from './api.ts';
import { cascadeOf, waitGone } from './delete.ts';
import { apiFailure, fail, type Failure, isNotFound, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { recorded } from './change-cause.ts';
import { appliedText, LAST_APPLIED } from './last-applied.ts';
import { fileInfos, type Subject, refuseKustomize } from './resource-builder.ts';
import { writeRaw } from './raw-write.ts';
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

export const replace: Verb = {
  name: 'replace',
  usage: '-f FILENAME [options]',
  short: 'Replace a resource by file name or stdin',
  flags:
    flagSpecs(`${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} cascade='background'?background field-manager='kubectl-replace' force=false
    grace-period=-1 raw='' save-config=false subresource='' timeout=0s validate='strict'?strict wait=false`),
  *run(session) {
    const { flags } = session;
    const kustomize = refuseKustomize(session);
    if (kustomize !== undefined) return { ok: false, error: kustomize };
    if (flags.list('filename').length === 0) return fail('must specify one of -f and -k');
    if (flags.text('raw') !== '') return yield* writeRaw(session, 'PUT');
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    if (flags.int('grace-period') >= 0 && !flags.bool('force'))
      return fail('--grace-period must have --force specified');
    if (flags.duration('timeout') !== 0 && !flags.bool('force'))
      return fail('--timeout must have --force specified');
    if (flags.bool('force') && reporter.value.server)
      return fail('--dry-run=server cannot be used with --force');
    const cascade = cascadeOf(session);
    if (!cascade.ok) return cascade;
    const invalid = invalidValidation(session);
    if (invalid !== undefined) return fail(invalid);
    const files = yield* fileInfos(session, flags.list('filename'));
    if (!files.ok) return files;
    const failures: Failure[] = [...files.value.failures];
    if (files.value.infos.length === 0 && failures.length === 0)
      return fail('no objects passed to replace');
    const api = session.api();
    if (!api.ok) return api;
    for (const info of files.value.infos) {
      const failure = flags.bool('force')
        ? yield* replaceByForce(session, api.value, reporter.value, info)
        : yield* replaceOne(session, api.value, reporter.value, info);
      if (failure !== undefined) failures.push(failure);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

function* replaceOne(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
): Task<Failure | undefined> {
  const { mapping, namespace, name, source } = info;
  const doing = `error when replacing ${quote(source)}`;
  const live = yield* api.get(mapping, namespace, name);
  if (!live.ok) return apiFailure(live.error, doing);
  let object = recorded(session, info.object);
  // An object that apply knows keeps its annotation true.
  if (session.flags.bool('save-config') || annotationOf(live.value, LAST_APPLIED) !== undefined) {
    object = withAnnotation(object, LAST_APPLIED, appliedText(object));
  }
  if (reporter.client) {
    yield* reporter.tell(mapping, object, 'replaced');
    return undefined;
  }
  const done = yield* api.replace(mapping, object, queryOf(session, reporter));
  if (!done.ok) return apiFailure(done.error, doing);
  yield* reporter.tell(mapping, done.value, 'replaced');
  return undefined;
}

function queryOf(session: Session, reporter: Reporter) {
  const { flags } = session;
  return {
    manager: flags.text('field-manager'),
    dryRun: reporter.server,
    validation: validationOf(session),
    subresource: flags.text('subresource'),
  };
}

function* replaceByForce(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
): Task<Failure | undefined> {
  const { mapping, namespace, name, source } = info;
  const grace = session.flags.int('grace-period');
  const body = {
    propagationPolicy: 'Background',
    ...(grace >= 0 ? { gracePeriodSeconds: grace } : { gracePeriodSeconds: 0 }),
  };
  const deleted = yield* api.delete(mapping, namespace, name, body);
  if (!deleted.ok && !isNotFound(deleted.error))
    return apiFailure(deleted.error, `error when deleting ${quote(source)}`);
  if (deleted.ok) {
    const where = mapping.namespaced ? ` from ${namespace} namespace` : '';
    const group = mapping.group === '' ? '' : `.${mapping.group}`;
    yield* session.print(`${mapping.kind.toLowerCase()}${group} "${name}" deleted${where}\n`);
    const failure = yield* waitGone(session, api, [{ info, uid: '' }]);
    if (failure !== undefined) return failure;
  }
  const made = yield* api.create(mapping, unversioned(info.object), queryOf(session, reporter));
  if (!made.ok) return apiFailure(made.error, `error when replacing ${quote(source)}`);
  yield* reporter.tell(mapping, made.value, 'replaced');
  return undefined;
}
