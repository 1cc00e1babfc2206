/**
 * `kubectl edit` and `kubectl apply edit-last-applied` (k8s.io/kubectl/pkg/cmd/edit and
 * util/editor/editoptions.go, v0.34): objects in the person's editor. A file that cannot be read or
 * that the server finds invalid opens again with the reasons on top; what can be tried again, or was
 * deleted meanwhile, is left in the file.
 */
import { annotationOf } from '../../../ground/api/meta.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { formatYaml, parseYaml } from '../../../ground/lang/yaml/index.ts';
import type { Loose } from './api.ts';
import { type EditedFile, runEditor, withoutComments } from './edit-file.ts';
import { EditResults, reasonLines, saveEdited } from './edit-save.ts';
import { exitWith, fail, type Failure, formatFailure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { LAST_APPLIED } from './last-applied.ts';
import { validationProblem } from './manifest.ts';
import { listOf, shown } from './print.ts';
import { type Subject, textInfos, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, invalidValidation, RECORD_FLAG } from './write-options.ts';

const HEAD =
  "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";
const APPLIED_HEAD =
  "# Please edit the 'last-applied-configuration' annotations below.\n# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n";

const FLAGS = `${FILE_FLAGS} ${RECORD_FLAG} allow-missing-template-keys=true field-manager='kubectl-edit' o output=''
  show-managed-fields=false template='' validate='strict'?strict windows-line-endings=false`;

export const edit: Verb = {
  name: 'edit',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit a resource on the server',
  flags: flagSpecs(`${FLAGS} output-patch=false save-config=false subresource=''`),
  *run(session) {
    const found = yield* subjectsOf(session);
    if (!found.ok) return found;
    if (found.value.length === 0) return fail('edit cancelled, no objects found');
    return yield* editLoop(session, found.value, false);
  },
};

export const editLastApplied: Verb = {
  name: 'edit-last-applied',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit latest last-applied-configuration annotations of a resource/object',
  flags: flagSpecs(FLAGS),
  *run(session) {
    const found = yield* subjectsOf(session);
    if (!found.ok) return found;
    const applied: Subject[] = [];
    for (const { object } of found.value) {
      const text = annotationOf(object, LAST_APPLIED);
      if (text === undefined) continue;
      const infos = yield* textInfos(session, text, 'edited-file');
      if (!infos.ok) return infos;
      applied.push(...infos.value.infos);
    }
    if (applied.length === 0) {
      return fail(
        'no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`',
      );
    }
    return yield* editLoop(session, applied, true);
  },
};

function* subjectsOf(session: Session): Task<Outcome<readonly Subject[]>> {
  const { flags, args } = session;
  const form = flags.text('output');
  if (form !== '' && form !== 'yaml' && form !== 'json') {
    return fail(
      `unable to match a printer suitable for the output format ${quote(form)}, allowed formats are: json,yaml`,
    );
  }
  const invalid = invalidValidation(session);
  if (invalid !== undefined) return fail(invalid);
  const subresource = flags.text('subresource');
  const visited = yield* visit(session, { everything: args.length === 1, subresource });
  if (!visited.ok) return visited;
  const failure = together(visited.value.failures);
  return failure === undefined ? ok(visited.value.infos) : { ok: false, error: failure };
}

function* editLoop(
  session: Session,
  infos: readonly Subject[],
  applied: boolean,
): Task<Outcome<number>> {
  const json = session.flags.text('output') === 'json';
  const original = textOf(session, infos, json);
  let results = new EditResults();
  let last: EditedFile | undefined;
  for (;;) {
    const head = json ? '' : (applied ? APPLIED_HEAD : HEAD) + reasonLines(results.reasons);
    const body = last === undefined ? original : withoutComments(last.text);
    const saved = yield* runEditor(session, head + body, json);
    if (!saved.ok) return yield* kept(session, last, saved.error);
    const file = saved.value;
    if (last !== undefined && canonical(last.text) === canonical(file.text)) {
      last.remove();
      return yield* kept(session, file, unsaved());
    }
    last?.remove();
    last = file;
    results = new EditResults();
    const problem = validationProblem(withoutComments(file.text));
    if (problem !== undefined && session.flags.text('validate') !== 'false') {
      const cause = `<nil>: Invalid value: "The edited file failed validation": ${problem}`;
      const [first] = infos;
      if (first !== undefined)
        yield* session.printError(results.addInvalid(first.mapping, first.name, [cause]));
      continue;
    }
    if (canonical(original) === canonical(file.text)) {
      file.remove();
      yield* session.printError('Edit cancelled, no changes made.\n');
      return ok(0);
    }
    const updated = yield* textInfos(session, withoutComments(file.text), 'edited-file');
    if (!updated.ok) return updated;
    const [wrong] = updated.value.failures;
    if (wrong !== undefined) {
      const text = formatFailure(wrong)
        .text.trimEnd()
        .replace(/^error: /, '');
      results.reasons.push({ head: `The edited file had a syntax error: ${text}`, causes: [] });
      continue;
    }
    const failure = yield* saveEdited(session, infos, updated.value.infos, results, applied);
    if (failure !== undefined) return yield* kept(session, file, failure);
    if (results.retryable > 0) {
      yield* session.printError(
        `You can run \`kubectl replace -f ${file.path}\` to try this update again.\n`,
      );
      return exitWith(1);
    }
    if (results.notFound > 0) {
      yield* session.printError(
        `The edits you made on deleted resources have been saved to ${quote(file.path)}\n`,
      );
      return exitWith(1);
    }
    if (results.reasons.length === 0) {
      file.remove();
      return ok(0);
    }
  }
}

function unsaved(): Failure {
  return { kind: 'text', text: 'Edit cancelled, no valid changes were saved.' };
}

/** Says where the person's work is, and fails. */
function* kept(
  session: Session,
  file: EditedFile | undefined,
  failure: Failure,
): Task<Outcome<never>> {
  if (file !== undefined) {
    yield* session.printError(`A copy of your changes has been stored to ${quote(file.path)}\n`);
  }
  return { ok: false, error: failure };
}

function textOf(session: Session, infos: readonly Subject[], json: boolean): string {
  const objects = infos.map((info) => shown(session, info.object));
  const value = objects.length === 1 ? (objects[0] as Loose) : { ...listOf(objects), metadata: {} };
  return json ? `${formatJson(value, { indent: 4, sortKeys: true })}\n` : formatYaml(value);
}

/** What a text says, whatever its form; a text that says nothing stands for itself. */
function canonical(text: string): string {
  const bare = withoutComments(text);
  const parsed = parseYaml(bare);
  if (parsed.error !== undefined || parsed.documents.length !== 1) return bare;
  return formatJson(parsed.documents[0]?.value ?? null, { sortKeys: true });
}
