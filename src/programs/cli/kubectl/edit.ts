/**
 * `kubectl edit` (k8s.io/kubectl/pkg/cmd/edit and util/editor, v0.34): the object in the person's
 * editor; what is refused opens again with the reasons on top, as often as it takes.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { mergeDiff, twoWayPatch } from '../../../ground/api/patch/index.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { isValueMap, type Value, type ValueMap } from '../../../ground/lang/value.ts';
import { formatYaml, parseYaml } from '../../../ground/lang/yaml/index.ts';
import { type Api, type Loose, MERGE, STRATEGIC } from './api.ts';
import {
  apiFailure,
  fail,
  type Failure,
  formatFailure,
  type Outcome,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { named, qualified } from './mapper.ts';
import { listOf, shown } from './print.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS } from './write-options.ts';

const HEAD =
  "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

export const edit: Verb = {
  name: 'edit',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit a resource on the server',
  flags:
    flagSpecs(`${FILE_FLAGS} allow-missing-template-keys=true field-manager='kubectl-edit' o output='' output-patch=false
    save-config=false show-managed-fields=false subresource='' template='' validate='strict'?strict windows-line-endings=false`),
  *run(session) {
    const form = session.flags.text('output');
    if (form !== '' && form !== 'yaml' && form !== 'json') {
      return fail('The edit output format must be one of yaml or json');
    }
    const visited = yield* visit(session, { everything: session.args.length === 1 });
    if (!visited.ok) return visited;
    const failure = together(visited.value.failures);
    if (failure !== undefined) return { ok: false, error: failure };
    if (visited.value.infos.length === 0) return fail('edit cancelled, no objects found.');
    return yield* editLoop(session, visited.value.infos, form === 'json');
  },
};

function* editLoop(
  session: Session,
  infos: readonly Subject[],
  json: boolean,
): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  const original = textOf(session, infos, json);
  let text = HEAD + original;
  let problems = '';
  for (;;) {
    const edited = yield* runEditor(session, text, json);
    if (!edited.ok) return edited;
    const content = edited.value;
    const bare = withoutComments(content);
    if (bare.trim() === '') {
      yield* session.printError('Edit cancelled, saved file was empty.\n');
      return ok(0);
    }
    if (bare === withoutComments(original)) {
      yield* session.printError('Edit cancelled, no changes made.\n');
      return ok(0);
    }
    if (problems !== '' && bare === withoutComments(text)) {
      yield* session.printError(keepCopy(session, content, json));
      return fail('Edit cancelled, no valid changes were saved.');
    }
    const outcome = yield* save(session, api.value, infos, bare);
    if (outcome.ok) return outcome;
    problems = reasons(infos, outcome.error);
    yield* session.printError(refusal(infos, outcome.error));
    text = HEAD + problems + bare;
  }
}

function textOf(session: Session, infos: readonly Subject[], json: boolean): string {
  const objects = infos.map((info) => shown(session, info.object));
  const value = objects.length === 1 ? (objects[0] as Loose) : listOf(objects);
  return json ? `${formatJson(value, { indent: 4, sortKeys: true })}\n` : formatYaml(value);
}

/** Lines of comments at the top are ours. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
}

/** `# deployments.apps "web" was not valid:` and a line for each cause. */
function reasons(infos: readonly Subject[], failure: Failure): string {
  const [info] = infos;
  const told = formatFailure(failure).text.trim();
  if (info === undefined || failure.kind !== 'api') {
    return `# ${told
      .replace(/^error: /, 'The edited file had a syntax error: ')
      .split('\n')
      .join('\n# ')}\n#\n`;
  }
  const lines = told.split('\n');
  const causes =
    lines.length > 1
      ? lines.slice(1)
      : [`* ${told.replace(/^The .* is invalid: |^Error from server \(\w+\): /, '')}`];
  return `# ${qualified(info.mapping)} ${quote(info.name)} was not valid:\n${causes.map((line) => `# ${line}\n`).join('')}#\n`;
}

/** What the terminal says of a refused save, before the editor opens again. */
function refusal(infos: readonly Subject[], failure: Failure): string {
  const [info] = infos;
  if (failure.kind !== 'api' || info === undefined) return formatFailure(failure).text;
  const { reason, message } = failure.error;
  const name = `${qualified(info.mapping)} ${quote(info.name)}`;
  if (reason === 'Invalid') return `error: ${name} is invalid\n`;
  if (reason === 'NotFound') return `error: ${name} could not be found on the server\n`;
  return `error: ${name} could not be patched: ${message}\n`;
}

function keepCopy(session: Session, content: string, json: boolean): string {
  const path = temporaryPath(session, json);
  session.process.files.write(path, content, 0o600);
  return `A copy of your changes has been stored to ${quote(path)}\n`;
}

function temporaryPath(session: Session, json: boolean): string {
  const suffix = 1_000_000_000 + session.process.random.below(1_000_000_000);
  return `/tmp/kubectl-edit-${suffix}.${json ? 'json' : 'yaml'}`;
}

/** Runs $KUBE_EDITOR, $EDITOR or vi on a temporary file and reads it back. */
function* runEditor(session: Session, text: string, json: boolean): Task<Outcome<string>> {
  const { process } = session;
  const editor = process.env.get('KUBE_EDITOR') || process.env.get('EDITOR') || 'vi';
  const path = temporaryPath(session, json);
  process.files.write(path, text, 0o600);
  const words = editor.split(/\s+/).filter((word) => word !== '');
  const plain = !/["'\\]/.test(editor);
  const argv = plain ? [...words, path] : ['sh', '-c', `${editor} ${path}`];
  const child = process.spawn({ argv });
  if (!child.ok) {
    process.files.unlink(path);
    return fail(`unable to launch the editor ${quote(editor)}`);
  }
  const status = yield* child.value.wait();
  const saved = process.files.readText(path);
  process.files.unlink(path);
  if (status.code === 127) return fail(`unable to launch the editor ${quote(editor)}`);
  if (status.code !== 0) return fail(`there was a problem with the editor ${quote(editor)}`);
  return saved.ok ? ok(saved.value) : fail(`open ${path}: no such file or directory`);
}

/** Sends what was changed of each object. */
function* save(
  session: Session,
  api: Api,
  infos: readonly Subject[],
  text: string,
): Task<Outcome<number>> {
  const parsed = parseYaml(text);
  if (parsed.error !== undefined) {
    return fail(
      `error parsing edited-file: error converting YAML to JSON: ${parsed.error.message}`,
    );
  }
  const objects = parsed.documents.flatMap(({ value }) => itemsIn(value));
  for (const info of infos) {
    const edited = objects.find((each) => {
      const metadata = each['metadata'];
      return (
        metadata !== undefined &&
        isValueMap(metadata) &&
        metadata['name'] === info.name &&
        each['kind'] === info.object.kind
      );
    });
    if (edited === undefined) {
      return fail('At least one of apiVersion, kind and name was changed');
    }
    const done = yield* saveOne(session, api, info, edited);
    if (!done.ok) return done;
  }
  return ok(0);
}

function itemsIn(value: Value): readonly ValueMap[] {
  if (!isValueMap(value)) return [];
  const { items } = value;
  return Array.isArray(items) ? (items as readonly Value[]).flatMap(itemsIn) : [value];
}

function* saveOne(
  session: Session,
  api: Api,
  info: Subject,
  edited: ValueMap,
): Task<Outcome<number>> {
  const { mapping, name, namespace } = info;
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  const before = shown(session, info.object) as unknown as ValueMap;
  const patch =
    definition === undefined
      ? (mergeDiff(before, edited) as ValueMap)
      : twoWayPatch(definition, before, edited);
  if (Object.keys(patch).length === 0) {
    yield* session.print(`${named(mapping, name)} skipped\n`);
    return ok(0);
  }
  const type = definition === undefined ? MERGE : STRATEGIC;
  const query = {
    manager: session.flags.text('field-manager'),
    validation: 'Strict',
    subresource: session.flags.text('subresource'),
  };
  const done = yield* api.patch(mapping, namespace, name, type, freezeDeep(patch), query);
  if (!done.ok) return { ok: false, error: apiFailure(done.error) };
  yield* session.print(`${named(mapping, name)} edited\n`);
  return ok(0);
}
