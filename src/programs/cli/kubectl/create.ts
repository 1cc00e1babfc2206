/** `kubectl create -f` (k8s.io/kubectl/pkg/cmd/create/create.go, v0.34). The generators stand in files of their own. */
import { withAnnotation } from '../../../ground/api/meta.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { apiFailure, fail, type Failure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { generatorVerbs } from './generator-verbs.ts';
import { recorded } from './change-cause.ts';
import { appliedText, LAST_APPLIED } from './last-applied.ts';
import { fileInfos, type Subject, refuseKustomize, selectedInfos } from './resource-builder.ts';
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

export const create: Verb = {
  name: 'create',
  usage: '-f FILENAME [options]',
  short: 'Create a resource from a file or from stdin',
  flags:
    flagSpecs(`${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} edit=false field-manager='kubectl-create' raw='' save-config=false
    l selector='' validate='strict'?strict windows-line-endings=false`),
  verbs: generatorVerbs,
  *run(session) {
    const { flags, args } = session;
    const kustomize = refuseKustomize(session);
    if (kustomize !== undefined) return { ok: false, error: kustomize };
    if (args.length > 0) return session.usageError(`Unexpected args: [${args.join(' ')}]`);
    if (flags.list('filename').length === 0) return fail('must specify one of -f and -k');
    if (flags.text('raw') !== '') return yield* writeRaw(session, 'POST');
    if (flags.bool('edit'))
      return fail('--edit is not supported by this simulator: edit the file first');
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const invalid = invalidValidation(session);
    if (invalid !== undefined) return fail(invalid);
    const files = yield* fileInfos(session, flags.list('filename'));
    if (!files.ok) return files;
    const chosen = selectedInfos(session, files.value);
    if (!chosen.ok) return chosen;
    const { infos, failures } = chosen.value;
    if (infos.length === 0 && failures.length === 0) return fail('no objects passed to create');
    return yield* createAll(session, reporter.value, infos, failures);
  },
};

function* createAll(
  session: Session,
  reporter: Reporter,
  infos: readonly Subject[],
  given: readonly Failure[],
): Task<Outcome<number>> {
  const failures = [...given];
  const api = session.api();
  if (!api.ok) return api;
  for (const info of infos) {
    let object = recorded(session, info.object);
    if (session.flags.bool('save-config')) {
      object = withAnnotation(object, LAST_APPLIED, appliedText(object));
    }
    if (!reporter.client) {
      const made = yield* api.value.create(info.mapping, unversioned(object), {
        manager: session.flags.text('field-manager'),
        dryRun: reporter.server,
        validation: validationOf(session),
      });
      if (!made.ok) {
        failures.push(apiFailure(made.error, `error when creating ${quote(info.source)}`));
        continue;
      }
      object = made.value;
    }
    const told = yield* reporter.tell(info.mapping, object, 'created');
    if (!told.ok) failures.push(told.error);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}
