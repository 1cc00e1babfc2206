/**
 * `kubectl label` and `kubectl annotate` (k8s.io/kubectl/pkg/cmd/label and annotate, v0.34): pairs to
 * set, `key-` to remove; a merge patch of what differs.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { entryOf, withMeta } from '../../../ground/api/meta.ts';
import { isLabelValue } from '../../../ground/api/validation/names.ts';
import type { ObjectMeta } from '../../../ground/api/types.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type Api, type Loose, MERGE } from './api.ts';
import { CHANGE_CAUSE, commandLine } from './change-cause.ts';
import { apiFailure, fail, type Failure, type Outcome, textFailure, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { type Pairs, parsePairs, resourcesAndPairs } from './pairs.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, RECORD_FLAG, Reporter, WRITE_FLAGS } from './write-options.ts';

interface Words {
  readonly field: 'labels' | 'annotations';
  /** `label`, `annotation` */
  readonly one: string;
  readonly set: string;
  readonly removed: string;
  readonly unchanged: string;
}

const MISSING = 'one or more resources must be specified as <resource> <name> or <resource>/<name>';

function mapVerb(name: string, short: string, words: Words): Verb {
  return {
    name,
    usage: `[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]`,
    short,
    flags:
      flagSpecs(`${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} all=false A all-namespaces=false field-manager='kubectl-${name}'
      field-selector='' list=false local=false overwrite=false resource-version='' l selector=''`),
    *run(session) {
      return yield* changeMaps(session, words);
    },
  };
}

export const label = mapVerb('label', 'Update the labels on a resource', {
  field: 'labels',
  one: 'label',
  set: 'labeled',
  removed: 'unlabeled',
  unchanged: 'not labeled',
});

export const annotate = mapVerb('annotate', 'Update the annotations on a resource', {
  field: 'annotations',
  one: 'annotation',
  set: 'annotated',
  removed: 'annotated',
  unchanged: 'annotated',
});

function* changeMaps(session: Session, words: Words): Task<Outcome<number>> {
  const { flags } = session;
  const split = resourcesAndPairs(session.args, words.one);
  if (!split.ok) return split;
  const { resources, pairs: given } = split.value;
  if (resources.length < 1 && flags.list('filename').length === 0) return fail(MISSING);
  if (given.length === 0 && !flags.bool('list'))
    return fail(`at least one ${words.one} update is required`);
  if (words.field === 'labels' && flags.bool('all') && flags.text('selector') !== '') {
    return fail('cannot set --all and --selector at the same time');
  }
  const changes = parseChanges(withCause(session, given, words), words);
  if (!changes.ok) return changes;
  const reporter = Reporter.of(session);
  if (!reporter.ok) return reporter;
  const visited = yield* visit(session, { args: resources, missing: MISSING });
  if (!visited.ok) return visited;
  const api = session.api();
  if (!api.ok) return api;
  const failures: Failure[] = [...visited.value.failures];
  if (flags.text('resource-version') !== '' && !visited.value.single)
    return fail('--resource-version may only be used with a single resource');
  for (const info of visited.value.infos) {
    const failure = flags.bool('list')
      ? yield* listMap(session, info, words, visited.value.single)
      : yield* changeOne(session, api.value, reporter.value, info, changes.value, words);
    if (failure !== undefined) failures.push(failure);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

/** `annotate --record` annotates its own line, too. */
function withCause(session: Session, given: readonly string[], words: Words): readonly string[] {
  if (words.field !== 'annotations' || !session.flags.bool('record')) return given;
  return [...given, `${CHANGE_CAUSE}=${commandLine(session)}`];
}

function parseChanges(given: readonly string[], words: Words): Outcome<Pairs> {
  const parsed = parsePairs(given, words.one);
  if (!parsed.ok) return parsed;
  const { set, remove } = parsed.value;
  const both = remove.filter((key) => set.has(key));
  if (words.field === 'annotations') {
    if (both.length === 0) return parsed;
    return fail(
      `can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`,
    );
  }
  const doubled = given.find((word) => word.split('=').length > 2);
  if (doubled !== undefined) return fail(`invalid label spec: ${doubled}`);
  for (const [key, value] of set) {
    const problems = isLabelValue(value);
    if (problems.length > 0) {
      return fail(`invalid label value: ${quote(`${key}=${value}`)}: ${problems.join(';')}`);
    }
  }
  if (both.length > 0) return fail('can not both modify and remove a label in the same command');
  return parsed;
}

function* listMap(session: Session, info: Subject, words: Words, single: boolean): Task<undefined> {
  const { kind, metadata } = info.object;
  if (!single) {
    const many = words.field === 'labels' ? 'labels' : 'annotations';
    yield* session.print(`Listing ${many} for ${kind}.${info.mapping.group}/${metadata.name}:\n`);
  }
  const indent = single ? '' : ' ';
  for (const [key, value] of Object.entries(info.object.metadata[words.field] ?? {})) {
    yield* session.print(`${indent}${key}=${value}\n`);
  }
  return undefined;
}

function* changeOne(
  session: Session,
  api: Api,
  reporter: Reporter,
  info: Subject,
  changes: Pairs,
  words: Words,
): Task<Failure | undefined> {
  const { mapping, name, namespace, object } = info;
  const old = object.metadata[words.field];
  if (!session.flags.bool('overwrite')) {
    const clashes = [...changes.set].filter(
      ([key, value]) => key !== CHANGE_CAUSE && (entryOf(old, key) ?? value) !== value,
    );
    if (clashes.length > 0) {
      const texts = clashes.map(([key]) =>
        words.field === 'labels'
          ? `'${key}' already has a value (${entryOf(old, key)}), and --overwrite is false`
          : `--overwrite is false but found the following declared annotation(s): '${key}' already has a value (${entryOf(old, key)})`,
      );
      return together(texts.map(textFailure));
    }
  }
  const patch = new Map<string, string | null>();
  for (const [key, value] of changes.set) if (entryOf(old, key) !== value) patch.set(key, value);
  for (const key of changes.remove) {
    if (entryOf(old, key) === undefined) {
      if (words.field === 'labels') yield* session.print(`label ${quote(key)} not found.\n`);
      continue;
    }
    patch.set(key, null);
  }
  const what = whatChanged(session, words, old, changed(object, words, patch).metadata);
  let result =
    reporter.client || session.flags.bool('local') ? changed(object, words, patch) : object;
  if (
    !reporter.client &&
    !session.flags.bool('local') &&
    (patch.size > 0 || words.field === 'annotations')
  ) {
    const version = session.flags.text('resource-version');
    const metadata = {
      [words.field]: Object.fromEntries(patch),
      ...(version === '' ? {} : { resourceVersion: version }),
    };
    const query = { manager: session.flags.text('field-manager'), dryRun: reporter.server };
    const done = yield* api.patch(mapping, namespace, name, MERGE, { metadata }, query);
    if (!done.ok) return apiFailure(done.error);
    result = done.value;
  }
  yield* reporter.tell(mapping, result, what);
  return undefined;
}

/**
 * `labeled`, `unlabeled` or `not labeled`, as upstream finds out: by whether the object's JSON has
 * changed, an empty map in place of none included, and whether it has become shorter.
 */
function whatChanged(
  session: Session,
  words: Words,
  old: Readonly<Record<string, string>> | undefined,
  metadata: ObjectMeta,
): string {
  const before = old === undefined ? '' : formatJson(old, { sortKeys: true });
  const after = formatJson(metadata[words.field] ?? {}, { sortKeys: true });
  if (before === after) return words.unchanged;
  const shorter = after.length < before.length && !session.flags.bool('overwrite');
  return shorter ? words.removed : words.set;
}

/** The object with the changes, made on this side. */
function changed(object: Loose, words: Words, patch: ReadonlyMap<string, string | null>): Loose {
  const next = new Map(Object.entries(object.metadata[words.field] ?? {}));
  for (const [key, value] of patch) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  return withMeta(object, { [words.field]: freezeDeep(Object.fromEntries(next)) });
}
