/** `kubectl scale` (k8s.io/kubectl/pkg/cmd/scale, v0.34): a merge patch of the scale subresource. */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import {
  apiFailure,
  fail,
  type Failure,
  messageOf,
  type Outcome,
  textFailure,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { MERGE } from './api.ts';
import { CHANGE_CAUSE, commandLine } from './change-cause.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, RECORD_FLAG, Reporter, WRITE_FLAGS } from './write-options.ts';

/** What kept every object from being found, as one error. */
function nothing(failures: readonly Failure[]): Outcome<never> {
  const texts = failures.map((each) =>
    each.kind === 'api' ? each.error.message : messageOf(each),
  );
  const all = texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '');
  return fail(`no objects passed to scale ${all}`.trimEnd());
}

/** `--timeout`: waits until the replicas are there. */
function* waitScaled(session: Session, info: Subject, replicas: number): Task<Failure | undefined> {
  const limit = session.flags.duration('timeout');
  const api = session.api();
  if (limit <= 0 || !api.ok) return undefined;
  const { mapping, name, namespace } = info;
  const end = session.process.clock.monotonic() + limit;
  for (;;) {
    const scaled = yield* api.value.get(mapping, namespace, name, 'scale');
    if (!scaled.ok) return apiFailure(scaled.error);
    const { spec, status } = scaled.value as unknown as Scale;
    if ((spec?.replicas ?? 0) !== replicas || (status?.replicas ?? 0) === replicas)
      return undefined;
    if (session.process.clock.monotonic() >= end)
      return textFailure(`timed out waiting for ${quote(name)} to be synced`);
    yield* session.process.sleep(SYNC_POLL);
  }
}

/** `--record`: the cause of the change, as a patch of its own. */
function* recordChange(session: Session, info: Subject): Task<void> {
  const api = session.api();
  if (!api.ok) return;
  const annotations = { [CHANGE_CAUSE]: commandLine(session) };
  const { mapping, name, namespace } = info;
  yield* api.value.patch(mapping, namespace, name, MERGE, { metadata: { annotations } });
}

interface Scale {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

/** How often upstream looks (scale.go). */
const SYNC_POLL = SECOND / 10;

export const scale: Verb = {
  name: 'scale',
  usage:
    '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  flags: flagSpecs(
    `${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} all=false current-replicas=-1 replicas=0 resource-version='' l selector='' timeout=0s`,
  ),
  required: ['replicas'],
  *run(session) {
    const { flags } = session;
    const replicas = flags.int('replicas');
    if (replicas < 0)
      return fail(
        'The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0',
      );
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const visited = yield* visit(session);
    if (!visited.ok) return visited;
    const api = session.api();
    if (!api.ok) return api;
    const [first] = visited.value.failures;
    if (
      flags.list('filename').length > 0 &&
      visited.value.infos.length === 0 &&
      first !== undefined
    )
      return { ok: false, error: first };
    if (visited.value.infos.length === 0) return nothing(visited.value.failures);
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const { mapping, name, namespace, object } = info;
      const spec = object['spec'] as { readonly replicas?: number } | undefined;
      const current = flags.int('current-replicas');
      if (current !== -1 && current !== spec?.replicas) {
        failures.push(
          textFailure(`Expected replicas to be ${current}, was ${spec?.replicas ?? 0}`),
        );
        continue;
      }
      const version = flags.text('resource-version');
      if (version !== '' && version !== object.metadata.resourceVersion) {
        failures.push(
          textFailure(
            `Expected resource version to be ${version}, was ${object.metadata.resourceVersion}`,
          ),
        );
        continue;
      }
      if (!reporter.value.client) {
        const query = { subresource: 'scale', dryRun: reporter.value.server };
        const done = yield* api.value.patch(
          mapping,
          namespace,
          name,
          MERGE,
          { spec: { replicas } },
          query,
        );
        if (!done.ok) {
          failures.push(apiFailure(done.error));
          continue;
        }
        const late = yield* waitScaled(session, info, replicas);
        if (late !== undefined) {
          failures.push(late);
          continue;
        }
        if (flags.bool('record')) yield* recordChange(session, info);
      }
      yield* reporter.value.tell(mapping, object, 'scaled');
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};
