/** `kubectl taint` (k8s.io/kubectl/pkg/cmd/taint, v0.34): a strategic merge patch of spec.taints. */
import type { Node, Taint } from '../../../ground/api/types.ts';
import { isLabelValue, isQualifiedName } from '../../../ground/api/validation/names.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type Loose, STRATEGIC } from './api.ts';
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { apiFailure, fail, type Failure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { Reporter, WRITE_FLAGS } from './write-options.ts';

const EFFECTS: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

interface Changes {
  readonly added: readonly Taint[];
  /** An empty effect stands for all of them. */
  readonly removed: readonly Taint[];
}

export const taint: Verb = {
  name: 'taint',
  usage: 'NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]',
  short: 'Update the taints on one or more nodes',
  flags: flagSpecs(
    `${WRITE_FLAGS} all=false field-manager='kubectl-taint' overwrite=false l selector='' validate='strict'`,
  ),
  *run(session) {
    const { flags } = session;
    const first = session.args.findIndex(isChange);
    const resources = first < 0 ? session.args : session.args.slice(0, first);
    const words = first < 0 ? [] : session.args.slice(first);
    if (resources.length === 0)
      return fail('one or more resources must be specified as <resource> <name>');
    if (words.length === 0) return fail('at least one taint update is required');
    const changes = parseTaints(words);
    if (!changes.ok) return session.usageError(changes.error);
    const doubled = changes.value.added.find((taint, index) =>
      changes.value.added.some((each, at) => at < index && same(each, taint)),
    );
    if (doubled !== undefined) {
      const { key, value = '', effect } = doubled;
      return session.usageError(
        `duplicated taints with the same key and effect: {${key} ${value} ${effect} <nil>}`,
      );
    }
    const both = changes.value.added.filter((taint) =>
      changes.value.removed.some(
        (gone) => gone.key === taint.key && (gone.effect === '' || gone.effect === taint.effect),
      ),
    );
    if (both.length > 0) {
      const texts = both.map(({ key }) => `${key}=`).join(',');
      return fail(
        `can not both modify and remove the following taint(s) in the same command: ${texts}`,
      );
    }
    if (resources.length < 2 && !flags.bool('all') && flags.text('selector') === '') {
      return fail(`at least one resource name must be specified since 'all' parameter is not set`);
    }
    if (flags.bool('all') && flags.text('selector') !== '')
      return fail("setting 'all' parameter with a non empty selector is prohibited");
    const mapping = yield* session.mapping(resources[0] as string);
    if (!mapping.ok) return mapping;
    if (mapping.value.kind !== 'Node') {
      return fail(`invalid resource type ${resources[0]}, only node types are supported`);
    }
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const visited = yield* visit(session, { args: resources });
    if (!visited.ok) return visited;
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const done = yield* taintOne(session, reporter.value, info, changes.value);
      if (!done.ok) failures.push(done.error);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

function isChange(arg: string): boolean {
  return arg.includes('=') || arg.endsWith('-') || arg.includes(':');
}

function* taintOne(
  session: Session,
  reporter: Reporter,
  info: Subject,
  changes: Changes,
): Task<Outcome<number>> {
  const node = info.object as unknown as Node;
  const overwrite = session.flags.bool('overwrite');
  const made = changedTaints(node.spec?.taints ?? [], changes, overwrite, info.name);
  if (!made.ok) return made;
  const spec = { ...node.spec, taints: made.value };
  let result = withFields(info.object, { spec: freezeDeep(spec) } as Partial<Loose>);
  if (!reporter.client) {
    const api = session.api();
    if (!api.ok) return api;
    // The list has no merge key, so the patch replaces it as a whole.
    const taints = made.value.length === 0 ? null : made.value;
    const query = { manager: session.flags.text('field-manager'), dryRun: reporter.server };
    const done = yield* api.value.patch(
      info.mapping,
      '',
      info.name,
      STRATEGIC,
      { spec: { taints } },
      query,
    );
    if (!done.ok) return { ok: false, error: apiFailure(done.error) };
    result = done.value;
  }
  const { added, removed } = changes;
  const what =
    added.length > 0 && (removed.length > 0 || overwritten(node, added))
      ? 'modified'
      : added.length > 0
        ? 'tainted'
        : 'untainted';
  return yield* reporter.tell(info.mapping, result, what, '');
}

function same(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}

/** A taint of the same key and effect is there: only `--overwrite` comes so far. */
function overwritten(node: Node, added: readonly Taint[]): boolean {
  return (node.spec?.taints ?? []).some((old) => added.some((each) => same(each, old)));
}

/** reorganizeTaints: new ones first, then those that stay. */
function changedTaints(
  old: readonly Taint[],
  changes: Changes,
  overwrite: boolean,
  node: string,
): Outcome<readonly Taint[]> {
  const taken = changes.added.filter((taint) => old.some((each) => same(each, taint)));
  if (taken.length > 0 && !overwrite) {
    const texts = taken.map((each) => each.key).join(',');
    return fail(
      `node ${node} already has ${texts} taint(s) with same effect(s) and --overwrite is false`,
    );
  }
  const isGone = (taint: Taint): boolean =>
    changes.removed.some(
      (gone) => gone.key === taint.key && (gone.effect === '' || gone.effect === taint.effect),
    );
  const absent = changes.removed.find(
    (gone) =>
      !old.some(
        (each) => each.key === gone.key && (gone.effect === '' || gone.effect === each.effect),
      ),
  );
  if (absent !== undefined) {
    return fail(
      `taint "${absent.key}${absent.effect === '' ? '' : `:${absent.effect}`}" not found`,
    );
  }
  const kept = old.filter(
    (each) => !isGone(each) && !changes.added.some((taint) => same(taint, each)),
  );
  return ok([...changes.added, ...kept]);
}

/** `key=value:effect`, `key:effect`, `key:effect-`, `key-`; the error is parseTaint's. */
function parseTaints(
  words: readonly string[],
): { ok: true; value: Changes } | { ok: false; error: string } {
  const added: Taint[] = [];
  const removed: Taint[] = [];
  for (const word of words) {
    const removes = word.endsWith('-');
    const text = removes ? word.slice(0, -1) : word;
    const parts = text.split(':');
    if (parts.length > 2) return { ok: false, error: `invalid taint spec: ${text}` };
    const [pair = '', effect = ''] = parts;
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    if (value.includes('=')) return { ok: false, error: `invalid taint spec: ${text}` };
    const problems = [
      ...isLabelValue(value),
      ...(parts.length === 1 && !removes ? isQualifiedName(text) : isQualifiedName(key)),
    ];
    if (problems.length > 0)
      return { ok: false, error: `invalid taint spec: ${text}, ${problems.join('; ')}` };
    if (effect !== '' && !EFFECTS.includes(effect)) {
      return { ok: false, error: `invalid taint effect: ${effect}, unsupported taint effect` };
    }
    if (!removes && effect === '') return { ok: false, error: `invalid taint spec: ${text}` };
    const taint = { key, effect, ...(value === '' ? {} : { value }) } as Taint;
    (removes ? removed : added).push(taint);
  }
  return { ok: true, value: { added, removed } };
}
