/**
 * `kubectl rollout` (k8s.io/kubectl/pkg/cmd/rollout and pkg/polymorphichelpers, v0.34) of deployments.
 * Rolling back is kubectl's own work: it puts the template of an older ReplicaSet into the deployment.
 */
import { annotationOf, entryOf, isControlledBy } from '../../../ground/api/meta.ts';
import { freezeDeep, sameValue, withoutEntry } from '../../../ground/api/edit.ts';
import { formatSelector, selectorOf } from '../../../ground/api/selector.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../../ground/api/types.ts';
import { formatRfc3339 } from '../../../ground/base/time.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type Api, JSON_PATCH, type Loose, STRATEGIC } from './api.ts';
import { describeTemplate } from './describe/pod-spec.ts';
import { DescribeWriter } from './describe/writer.ts';
import { fail, failApi, type Failure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { printerFor } from './print.ts';
import { type Subject, visit } from './resource-builder.ts';
import { rolloutStatus } from './rollout-status.ts';
import { type Session, shownGroup, type Verb } from './session.ts';
import { FILE_FLAGS, PRINT_FLAGS, Reporter, WRITE_FLAGS } from './write-options.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const CHANGE_CAUSE = 'kubernetes.io/change-cause';
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const HASH = 'pod-template-hash';
const MISSING = 'required resource not specified';
const MANAGER = 'kubectl-rollout';

/** Does its work on one deployment and says what was done. */
type Step = (
  session: Session,
  api: Api,
  info: Subject,
  reporter: Reporter,
) => Task<Outcome<string>>;

function stepVerb(name: string, short: string, flags: string, step: Step): Verb {
  return {
    name,
    usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
    short,
    flags: flagSpecs(`${FILE_FLAGS} ${writeFlags(name)} l selector='' ${flags}`),
    *run(session) {
      const reporter = Reporter.of(session);
      if (!reporter.ok) return reporter;
      const visited = yield* visit(session, { missing: MISSING, everything: true });
      if (!visited.ok) return visited;
      const api = session.api();
      if (!api.ok) return api;
      const failures: Failure[] = [...visited.value.failures];
      if (name === 'restart' && visited.value.infos.length === 0 && failures.length === 0) {
        const namespace = session.namespace();
        yield* session.printError(
          `No resources found in ${namespace.ok ? namespace.value : ''} namespace.\n`,
        );
      }
      for (const info of visited.value.infos) {
        const problem = unsupported(info, name);
        const done = problem ?? (yield* step(session, api.value, info, reporter.value));
        if (!done.ok) failures.push(done.error);
        else if (done.value !== '')
          yield* reporter.value.tell(info.mapping, info.object, done.value);
      }
      const failure = together(failures);
      return failure === undefined ? ok(0) : { ok: false, error: failure };
    },
  };
}

/** Only `undo` has dry runs. */
function writeFlags(name: string): string {
  return name === 'undo' ? WRITE_FLAGS : `${PRINT_FLAGS} field-manager='${MANAGER}'`;
}

const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ['restart', 'restarting is not supported'],
  ['pause', 'pausing is not supported'],
  ['resume', 'resuming is not supported'],
]);

function unsupported(info: Subject, verb: string): Outcome<string> | undefined {
  if (info.mapping.kind === 'Deployment') return undefined;
  const { kind, group } = info.mapping;
  const type = `${info.mapping.resource}${group === '' ? '' : `.${group}`}`;
  const words = UNSUPPORTED.get(verb);
  if (words !== undefined) return fail(`${type} "${info.name}" ${words}`);
  return fail(
    `error retrieving ${verb === 'undo' ? 'rollbacker' : 'history'} for ${quote(groupKind(kind, group))}, no visitor method exists for {${group} ${kind}}`,
  );
}

function groupKind(kind: string, group: string): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function patched(
  session: Session,
  api: Api,
  info: Subject,
  reporter: Reporter,
  patch: object,
  type = STRATEGIC,
) {
  const query = { manager: session.flags.text('field-manager'), dryRun: reporter.server };
  return api.patch(info.mapping, info.namespace, info.name, type, patch, query);
}

/** Sets or takes away `paused`; refuses where it is so already. */
function pausing(name: string, paused: boolean, done: string, already: string): Verb {
  return stepVerb(
    name,
    paused ? 'Mark the provided resource as paused' : 'Resume a paused resource',
    '',
    function* (session, api, info, reporter) {
      const spec = info.object['spec'] as Deployment['spec'];
      if ((spec?.paused === true) === paused)
        return fail(
          `deployments.${shownGroup(session, info.mapping.group)} "${info.name}" is ${already}`,
        );
      if (reporter.client) return ok(done);
      const patch = { spec: { paused: paused ? true : null } };
      const answer = yield* patched(session, api, info, reporter, patch);
      return answer.ok ? ok(done) : failApi(answer.error);
    },
  );
}

const pause = pausing('pause', true, 'paused', 'already paused');
const resume = pausing('resume', false, 'resumed', 'not paused');

const restart = stepVerb(
  'restart',
  'Restart a resource',
  '',
  function* (session, api, info, reporter) {
    const spec = info.object['spec'] as Deployment['spec'];
    if (spec?.paused === true) {
      return fail(
        `deployments.${shownGroup(session, info.mapping.group)} "${info.name}" can't restart paused deployment (run rollout resume first)`,
      );
    }
    if (reporter.client) return ok('restarted');
    const annotations = { [RESTARTED_AT]: formatRfc3339(session.now) };
    const last = entryOf(spec?.template?.metadata?.annotations, RESTARTED_AT);
    if (last === annotations[RESTARTED_AT]) {
      return fail(
        `failed to create patch for ${info.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
      );
    }
    const done = yield* patched(session, api, info, reporter, {
      spec: { template: { metadata: { annotations } } },
    });
    return done.ok ? ok('restarted') : failApi(done.error);
  },
);

const undo = stepVerb(
  'undo',
  'Undo a previous rollout',
  'to-revision=0',
  function* (session, api, info, reporter) {
    const wanted = session.flags.int('to-revision');
    const sets = yield* setsOf(api, info.object);
    if (!sets.ok) return sets;
    const target = targetSet(sets.value, wanted, info.name);
    if (!target.ok) return target;
    if (reporter.client) {
      const writer = new DescribeWriter(session.now);
      describeTemplate(writer, target.value.spec?.template);
      return ok(writer.rawText());
    }
    const template = withoutHash(target.value.spec?.template);
    const spec = info.object['spec'] as Deployment['spec'];
    if (spec?.paused === true) {
      return fail(
        `you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`,
      );
    }
    if (sameValue(template, spec?.template)) {
      return ok(`skipped rollback (current template already matches revision ${wanted})`);
    }
    // Annotations of the set become the deployment's, its own bookkeeping excepted.
    const annotations = rolledAnnotations(info.object, target.value);
    const patch = freezeDeep([
      { op: 'replace', path: '/spec/template', value: template },
      { op: 'replace', path: '/metadata/annotations', value: annotations },
    ]);
    const done = yield* api.patch(info.mapping, info.namespace, info.name, JSON_PATCH, patch, {
      dryRun: reporter.server,
    });
    return done.ok
      ? ok('rolled back')
      : fail(`failed restoring revision ${wanted}: ${done.error.message}`);
  },
);

const SKIPPED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

function rolledAnnotations(deployment: Loose, set: ReplicaSet): object {
  const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) =>
    SKIPPED.has(key),
  );
  const taken = Object.entries(set.metadata.annotations ?? {}).filter(([key]) => !SKIPPED.has(key));
  return Object.fromEntries([...kept, ...taken]);
}

function revisionOf(set: ReplicaSet): number {
  return Number(annotationOf(set, REVISION) ?? '0');
}

/** The set of a revision; 0 means the one before the latest. */
function targetSet(sets: readonly ReplicaSet[], wanted: number, name: string): Outcome<ReplicaSet> {
  const sorted = [...sets].sort((a, b) => revisionOf(b) - revisionOf(a));
  if (wanted === 0) {
    const previous = sorted[1];
    return previous === undefined
      ? fail(`no rollout history found for deployment ${quote(name)}`)
      : ok(previous);
  }
  const found = sorted.find((set) => revisionOf(set) === wanted);
  return found === undefined
    ? fail(`unable to find specified revision ${wanted} in history`)
    : ok(found);
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (template?.metadata === undefined) return template;
  const labels = withoutEntry(template.metadata.labels, HASH);
  return freezeDeep({ ...template, metadata: { ...template.metadata, labels } }) as PodTemplateSpec;
}

/** The ReplicaSets that a deployment controls. */
function* setsOf(api: Api, deployment: Loose): Task<Outcome<readonly ReplicaSet[]>> {
  const { selector } = deployment['spec'] as NonNullable<Deployment['spec']>;
  const made = selectorOf(selector);
  const query = { labelSelector: made.ok ? formatSelector(made.value) : '' };
  const list = yield* api.items(
    kindMapping('ReplicaSet'),
    deployment.metadata.namespace ?? '',
    query,
  );
  if (!list.ok) return failApi(list.error);
  const sets = list.value as unknown as readonly ReplicaSet[];
  return ok(sets.filter((set) => isControlledBy(set, deployment.metadata.uid ?? '')));
}

const history: Verb = {
  name: 'history',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'View rollout history',
  flags: flagSpecs(`${FILE_FLAGS} ${PRINT_FLAGS} revision=0 l selector=''`),
  *run(session) {
    const revision = session.flags.int('revision');
    if (revision < 0) return fail(`revision must be a positive integer: ${revision}`);
    const visited = yield* visit(session, { missing: MISSING, everything: true });
    if (!visited.ok) return visited;
    const api = session.api();
    if (!api.ok) return api;
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const shown =
        unsupported(info, 'history') ?? (yield* showHistory(session, api.value, info, revision));
      if (!shown.ok) failures.push(shown.error);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

function* showHistory(
  session: Session,
  api: Api,
  info: Subject,
  revision: number,
): Task<Outcome<string>> {
  const sets = yield* setsOf(api, info.object);
  if (!sets.ok) return sets;
  const byRevision = new Map(sets.value.map((set) => [revisionOf(set), set]));
  const form = session.flags.text('output');
  if (form !== '') return yield* printRevision(session, byRevision, revision, form);
  const name = `${info.mapping.singular}.${shownGroup(session, info.mapping.group)}/${info.name}`;
  if (revision > 0) {
    const set = byRevision.get(revision);
    if (set === undefined) return fail('unable to find the specified revision');
    const writer = new DescribeWriter(session.now);
    describeTemplate(writer, set.spec?.template);
    yield* session.print(`${name} with revision #${revision}\n${writer.rawText()}\n`);
    return ok('');
  }
  if (byRevision.size === 0) {
    yield* session.print(`${name} \nNo rollout history found.\n`);
    return ok('');
  }
  const writer = new DescribeWriter(session.now);
  writer.write(0, 'REVISION\tCHANGE-CAUSE\n');
  for (const each of [...byRevision.keys()].sort((a, b) => a - b)) {
    const cause = annotationOf(byRevision.get(each) as ReplicaSet, CHANGE_CAUSE) ?? '';
    writer.write(0, `${each}\t${cause === '' ? '<none>' : cause}\n`);
  }
  yield* session.print(`${name} \n${writer.text()}\n`);
  return ok('');
}

function* printRevision(
  session: Session,
  sets: ReadonlyMap<number, ReplicaSet>,
  revision: number,
  form: string,
): Task<Outcome<string>> {
  const printer = printerFor(session, form);
  if (!printer.ok) return printer;
  const latest = Math.max(...sets.keys());
  const set = sets.get(revision > 0 ? revision : latest);
  if (set === undefined || printer.value === undefined)
    return fail('unable to find the specified revision');
  const text = printer.value(set as unknown as Loose, true);
  if (!text.ok) return fail(text.error);
  yield* session.print(text.value);
  return ok('');
}

export const rollout: Verb = {
  name: 'rollout',
  usage: 'SUBCOMMAND [options]',
  short: 'Manage the rollout of a resource',
  flags: [],
  verbs: [history, pause, restart, resume, rolloutStatus, undo],
};
