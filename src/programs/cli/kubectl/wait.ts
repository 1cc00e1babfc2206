/** `kubectl wait` (k8s.io/kubectl/pkg/cmd/wait, v0.34): until a condition, a field, a creation or a deletion. */
import { findJsonPath, type JsonPath, printValue } from '../../../ground/lang/jsonpath.ts';
import { SECOND, type Micros } from '../../../ground/base/event-loop.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Api, Loose } from './api.ts';
import {
  apiFailure,
  fail,
  type Failure,
  isNotFound,
  type Outcome,
  textFailure,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { relaxedPath } from './print.ts';
import { fileInfos, type Subject, namespaceOf, targetsOf, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { untilOne } from './watch-one.ts';
import { FILE_FLAGS, Reporter, PRINT_FLAGS } from './write-options.ts';

const WEEK = 7 * 24 * 3600 * SECOND;
/** How often a creation is looked for. */
const CREATE_POLL = SECOND / 2;

/** What is waited for, read out of `--for`. */
type Goal =
  | { readonly kind: 'create' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'met'; test(object: Loose): Outcome<boolean> };

export const wait: Verb = {
  name: 'wait',
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  short: 'Experimental: Wait for a specific condition on one or many resources',
  flags: flagSpecs(
    `${FILE_FLAGS} ${PRINT_FLAGS} all=false A all-namespaces=false field-selector='' for='' local=false l selector='' timeout=30s`,
  ),
  *run(session) {
    const goal = goalOf(session.flags.text('for'));
    if (!goal.ok) return goal;
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const api = session.api();
    if (!api.ok) return api;
    const left = deadlineOf(session);
    if (goal.value.kind === 'create') {
      const created = yield* waitCreated(session, left);
      if (!created.ok) return created;
    }
    const visited = yield* visit(session);
    if (!visited.ok) return visited;
    const deleting = goal.value.kind === 'delete';
    const failures: Failure[] = visited.value.failures.filter(
      (each) => !(deleting && isMissing(each)),
    );
    if (visited.value.infos.length === 0 && failures.length === 0) {
      return deleting ? ok(0) : fail('no matching resources found');
    }
    const late: Failure[] = [];
    for (const info of visited.value.infos) {
      const failure = yield* waitOne(api.value, info, goal.value, left);
      if (failure !== undefined)
        late.push(session.flags.duration('timeout') === 0 ? notMet(info) : failure);
      else yield* reporter.value.tell(info.mapping, info.object, 'condition met');
    }
    const failure = together([...late, ...failures]);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

function isMissing(failure: Failure): boolean {
  return failure.kind === 'api' && isNotFound(failure.error);
}

/** The time that is left; a negative time-out is a week. */
function deadlineOf(session: Session): () => Micros {
  const limit = session.flags.duration('timeout');
  const { clock } = session.process;
  const end = clock.monotonic() + (limit < 0 ? WEEK : limit);
  return () => end - clock.monotonic();
}

function* waitCreated(session: Session, left: () => Micros): Task<Outcome<number>> {
  const wanted = yield* creationsOf(session);
  if (!wanted.ok) return wanted;
  const api = session.api();
  if (!api.ok) return api;
  for (const { mapping, namespace, name } of wanted.value) {
    for (;;) {
      const got = yield* api.value.get(mapping, namespace, name);
      if (got.ok) break;
      if (!isNotFound(got.error)) return { ok: false, error: apiFailure(got.error) };
      if (left() <= 0) return fail('timed out waiting for the condition');
      yield* session.process.sleep(Math.min(CREATE_POLL, left()));
    }
  }
  return ok(0);
}

type Wanted = Pick<Subject, 'mapping' | 'namespace' | 'name'>;

function* creationsOf(session: Session): Task<Outcome<readonly Wanted[]>> {
  const files = session.flags.list('filename');
  if (files.length > 0) {
    const local = yield* fileInfos(session, files);
    return local.ok ? ok(local.value.infos) : local;
  }
  const targets = yield* targetsOf(session, session.args);
  if (!targets.ok) return targets;
  const namespace = namespaceOf(session);
  if (!namespace.ok) return namespace;
  return ok(
    targets.value.flatMap(({ mapping, names }) =>
      names.map((name) => ({
        mapping,
        namespace: mapping.namespaced ? namespace.value : '',
        name,
      })),
    ),
  );
}

function* waitOne(
  api: Api,
  info: Subject,
  goal: Goal,
  left: () => Micros,
): Task<Failure | undefined> {
  if (goal.kind === 'create') return undefined;
  const { uid } = info.object.metadata;
  let problem: Failure | undefined;
  const done = yield* untilOne(api, info, left, (object) => {
    if (goal.kind === 'delete')
      return object === undefined || object.metadata.uid !== uid ? true : undefined;
    if (object === undefined) return undefined;
    const met = goal.test(object);
    if (!met.ok) {
      problem = met.error;
      return true;
    }
    return met.value ? true : undefined;
  });
  if (!done.ok) return done.error;
  return problem ?? (done.value === undefined ? timedOut(info) : undefined);
}

/** `--timeout=0` only looks. */
function notMet({ mapping, name }: Subject): Failure {
  return textFailure(`condition not met for ${mapping.resource}/${name}`);
}

function timedOut({ mapping, name }: Pick<Subject, 'mapping' | 'name'>): Failure {
  return textFailure(`timed out waiting for the condition on ${mapping.resource}/${name}`);
}

function goalOf(text: string): Outcome<Goal> {
  const lower = text.toLowerCase();
  if (lower === 'delete') return ok({ kind: 'delete' });
  if (lower === 'create') return ok({ kind: 'create' });
  if (text.startsWith('condition=')) return ok(conditionGoal(text.slice('condition='.length)));
  if (text.startsWith('jsonpath=')) return jsonPathGoal(text.slice('jsonpath='.length));
  return fail(`unrecognized condition: ${quote(text)}`);
}

interface ConditionShape {
  readonly type?: string;
  readonly status?: string;
  readonly observedGeneration?: number;
}

function conditionGoal(text: string): Goal {
  const equals = text.indexOf('=');
  const name = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
  const wanted =
    equals < 0
      ? 'true'
      : text
          .slice(equals + 1)
          .replace(/^"|"$/g, '')
          .toLowerCase();
  const test = (object: Loose): Outcome<boolean> => {
    const status = object['status'] as
      | { readonly conditions?: readonly ConditionShape[]; readonly observedGeneration?: number }
      | undefined;
    const condition = status?.conditions?.find((each) => each.type?.toLowerCase() === name);
    if (condition === undefined) return ok(false);
    const { generation } = object.metadata;
    const observed = condition.observedGeneration ?? status?.observedGeneration;
    if (generation !== undefined && observed !== undefined && observed < generation)
      return ok(false);
    return ok(condition.status?.toLowerCase() === wanted);
  };
  return { kind: 'met', test };
}

/** `{.status.phase}=Running`, or an expression alone: any value will do. */
function jsonPathGoal(text: string): Outcome<Goal> {
  const split = splitExpression(text);
  if (split.wanted === '')
    return fail(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  if (split.expression === '') return fail('jsonpath expression cannot be empty');
  if (split.expression.startsWith('{') !== split.expression.endsWith('}'))
    return fail(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    );
  const path = relaxedPath(split.expression);
  if (!path.ok) return fail(path.error);
  return ok({ kind: 'met', test: (object) => holds(path.value, object, split.wanted) });
}

function splitExpression(text: string): {
  readonly expression: string;
  readonly wanted: string | undefined;
} {
  // The last '=' outside of brackets and braces parts the value from the expression.
  const match = /^(\{.*\}|[^=]*)(?:=(.*))?$/s.exec(text);
  const wanted = match?.[2]?.replace(/^['"]|['"]$/g, '');
  return { expression: (match?.[1] ?? text).replace(/^'|'$/g, ''), wanted };
}

function holds(path: JsonPath, object: Loose, wanted: string | undefined): Outcome<boolean> {
  const found = findJsonPath(path, object);
  if (!found.ok || found.value.length === 0) return ok(false);
  if (wanted === undefined) return ok(true);
  if (found.value.length > 1) return fail('given jsonpath expression matches more than one value');
  const [value] = found.value;
  if (typeof value === 'object' && value !== null)
    return fail('jsonpath leads to a nested object or list which is not supported');
  return ok(printValue(value).trim() === wanted.trim());
}
