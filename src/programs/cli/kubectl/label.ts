/**
 * `kubectl label` and `kubectl annotate` (k8s.io/kubectl/pkg/cmd/label and pkg/cmd/annotate, v0.34): a
 * merge patch of one map in the metadata.
 */
import type { KubeObject } from '../../../ground/api/object.ts';
import { entriesOf, entryOf, withMeta } from '../../../ground/api/meta.ts';
import { isLabelValue, labelValueProblem } from '../../../ground/api/validation/names.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote, sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { MERGE } from './api.ts';
import { apiFailure, fail, type Failure, type Outcome, textFailure, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { splitPairs } from './pairs.ts';
import { type Info, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, Reporter, WRITE_FLAGS } from './write-options.ts';

type Texts = Readonly<Record<string, string>>;

/** What differs between the two verbs. */
interface Keyed {
  readonly field: 'labels' | 'annotations';
  /** `label`, `annotation`: in messages. */
  readonly what: string;
  parse(pairs: readonly string[]): Outcome<Changes>;
  /** What is wrong with setting keys that have another value. */
  overwritten(taken: readonly string[]): string;
  told(before: Texts, after: Texts, overwrite: boolean): string;
}

interface Changes {
  readonly set: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

const FLAGS = `${FILE_FLAGS} ${WRITE_FLAGS} all=false A all-namespaces=false field-selector='' list=false local=false overwrite=false resource-version='' l selector=''`;

export const label: Verb = {
  name: 'label',
  usage:
    '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  short: 'Update the labels on a resource',
  flags: flagSpecs(`${FLAGS} field-manager='kubectl-label'`),
  run: (session) =>
    change(session, {
      field: 'labels',
      what: 'label',
      parse: parseLabels,
      overwritten: (taken) => `${taken[0]}, and --overwrite is false`,
      told: (before, after, overwrite) => {
        const [old, now] = [entriesOf(before).length, entriesOf(after).length];
        if (sameTexts(before, after)) return 'not labeled';
        return !overwrite && now < old ? 'unlabeled' : 'labeled';
      },
    }),
};

export const annotate: Verb = {
  name: 'annotate',
  usage:
    '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  short: 'Update the annotations on a resource',
  flags: flagSpecs(`${FLAGS} field-manager='kubectl-annotate'`),
  run: (session) =>
    change(session, {
      field: 'annotations',
      what: 'annotation',
      parse: parseAnnotations,
      overwritten: (taken) =>
        `--overwrite is false but found the following declared annotation(s): ${taken.join('; ')}`,
      told: () => 'annotated',
    }),
};

function* change(session: Session, keyed: Keyed): Task<Outcome<number>> {
  const { flags } = session;
  const split = splitPairs(session.args, keyed.what);
  if (!split.ok) return split;
  const { resources, pairs } = split.value;
  if (resources.length === 0 && flags.list('filename').length === 0) {
    return fail('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  const changes = keyed.parse(pairs);
  if (!changes.ok) return changes;
  const listing = flags.bool('list');
  if (pairs.length === 0 && !listing) return fail(`at least one ${keyed.what} update is required`);
  if (flags.bool('local')) return fail(`--local is not supported by this simulator: use --dry-run=client`);
  const reporter = Reporter.of(session);
  if (!reporter.ok) return reporter;
  const visited = yield* visit(session, { args: resources });
  if (!visited.ok) return visited;
  const failures: Failure[] = [...visited.value.failures];
  for (const info of visited.value.infos) {
    const done =
      listing && pairs.length === 0
        ? yield* list(session, keyed, info, visited.value.single)
        : yield* changeOne(session, keyed, reporter.value, info, changes.value);
    if (!done.ok) failures.push(done.error);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

function* list(session: Session, keyed: Keyed, info: Info, single: boolean): Task<Outcome<number>> {
  const entries = entriesOf(textsOf(keyed, info.object));
  const { group, kind } = info.mapping;
  const place = group === '' ? kind : `${kind}.${group}`;
  if (!single) yield* session.print(`Listing ${keyed.field} for ${place}/${info.name}:\n`);
  for (const [key, value] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield* session.print(`${single ? '' : ' '}${key}=${value}\n`);
  }
  return ok(0);
}

function* changeOne(
  session: Session,
  keyed: Keyed,
  reporter: Reporter,
  info: Info,
  changes: Changes,
): Task<Outcome<number>> {
  const { flags } = session;
  const overwrite = flags.bool('overwrite');
  const before = textsOf(keyed, info.object);
  const taken = [...changes.set]
    .filter(([key, value]) => (entryOf(before, key) ?? value) !== value)
    .map(([key]) => `'${key}' already has a value (${entryOf(before, key)})`);
  if (!overwrite && taken.length > 0) return fail(keyed.overwritten(taken));
  if (keyed.field === 'labels') {
    for (const key of changes.removed) {
      if (entryOf(before, key) === undefined) yield* session.print(`label ${quote(key)} not found.\n`);
    }
  }
  const after = applied(before, changes);
  let object: KubeObject = withMeta(info.object, { [keyed.field]: after });
  if (!reporter.client) {
    const api = session.api();
    if (!api.ok) return api;
    const version = flags.text('resource-version');
    const patch = {
      metadata: {
        ...(sameTexts(before, after) ? {} : { [keyed.field]: patchOf(before, changes) }),
        ...(version === '' ? {} : { resourceVersion: version }),
      },
    };
    const query = { manager: flags.text('field-manager'), dryRun: reporter.server };
    const done = yield* api.value.patch(info.mapping, info.namespace, info.name, MERGE, patch, query);
    if (!done.ok) return { ok: false, error: apiFailure(done.error) };
    object = done.value;
  }
  return yield* reporter.tell(info.mapping, object, keyed.told(before, after, overwrite));
}

function textsOf(keyed: Keyed, object: KubeObject): Texts {
  return object.metadata[keyed.field] ?? {};
}

function applied(before: Texts, changes: Changes): Texts {
  const gone = new Set(changes.removed);
  const kept = entriesOf(before).filter(([key]) => !gone.has(key));
  return Object.fromEntries([...kept, ...changes.set]);
}

function patchOf(before: Texts, changes: Changes): Readonly<Record<string, string | null>> {
  const gone = changes.removed.filter((key) => entryOf(before, key) !== undefined);
  return Object.fromEntries([...changes.set, ...gone.map((key) => [key, null] as const)]);
}

function sameTexts(a: Texts, b: Texts): boolean {
  const [left, right] = [entriesOf(a), entriesOf(b)];
  return left.length === right.length && left.every(([key, value]) => entryOf(b, key) === value);
}

function parseLabels(pairs: readonly string[]): Outcome<Changes> {
  const set = new Map<string, string>();
  const removed: string[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals >= 0) {
      const value = pair.slice(equals + 1);
      if (value.includes('=')) return fail(`invalid label spec: ${pair}`);
      if (!isLabelValue(value)) return fail(`invalid label value: ${quote(value)}: ${labelValueProblem()}`);
      set.set(pair.slice(0, equals), value);
    } else removed.push(pair.slice(0, -1));
  }
  if (removed.some((key) => set.has(key))) return fail('can not both modify and remove a label in the same command');
  return ok({ set, removed });
}

function parseAnnotations(pairs: readonly string[]): Outcome<Changes> {
  const set = new Map<string, string>();
  const removed: string[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals >= 0) set.set(pair.slice(0, equals), pair.slice(equals + 1));
    else removed.push(pair.slice(0, -1));
  }
  const both = sortedText(removed.filter((key) => set.has(key)));
  if (both.length > 0) {
    return fail(
      `can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`,
    );
  }
  return ok({ set, removed });
}
