/**
 * `kubectl rollout status` (k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go, v0.34): one line
 * at each change of the deployment, until it is done or has failed.
 */
import { conditionOf } from '../../../ground/api/meta.ts';
import type { Deployment } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import type { Api } from './api.ts';
import { fail, failApi, type Failure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS } from './write-options.ts';

export const rolloutStatus: Verb = {
  name: 'status',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'Show the status of the rollout',
  flags: flagSpecs(`${FILE_FLAGS} revision=0 l selector='' timeout=0s w watch=true`),
  *run(session) {
    const visited = yield* visit(session, {
      missing: 'required resource not specified',
      everything: true,
    });
    if (!visited.ok) return visited;
    const api = session.api();
    if (!api.ok) return api;
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const done = yield* follow(session, api.value, info);
      if (!done.ok) failures.push(done.error);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

interface Progress {
  readonly text: string;
  readonly done: boolean;
}

function* follow(session: Session, api: Api, info: Subject): Task<Outcome<number>> {
  const { mapping, name, namespace } = info;
  if (mapping.kind !== 'Deployment') {
    const type = mapping.group === '' ? mapping.kind : `${mapping.kind}.${mapping.group}`;
    return fail(`no status viewer has been implemented for ${type}`);
  }
  const revision = session.flags.int('revision');
  const limit = session.flags.duration('timeout');
  const clock = session.process.clock;
  const end = limit > 0 ? clock.monotonic() + limit : undefined;
  const query = { fieldSelector: `metadata.name=${name}` };
  for (;;) {
    const list = yield* api.list(mapping, namespace, query);
    if (!list.ok) return failApi(list.error);
    const items = (list.value['items'] ?? []) as readonly Deployment[];
    for (const item of items) {
      const step = yield* tell(session, item, revision);
      if (!step.ok) return step;
      if (step.value || !session.flags.bool('watch')) return ok(0);
    }
    const watch = yield* api.watch(mapping, namespace, {
      ...query,
      resourceVersion: list.value.metadata.resourceVersion ?? '',
    });
    if (!watch.ok) return failApi(watch.error);
    for (;;) {
      const first = yield* anyOf(
        [watch.value.readable],
        end === undefined ? undefined : end - clock.monotonic(),
      );
      if (first.index < 0) {
        watch.value.stop();
        return fail(`timed out waiting for the condition`);
      }
      const event = yield* watch.value.receive();
      if (event === undefined || event.type === 'ERROR') break;
      if (event.type === 'DELETED') {
        watch.value.stop();
        return fail('object has been deleted');
      }
      if (event.type === 'BOOKMARK') continue;
      const step = yield* tell(session, event.object as unknown as Deployment, revision);
      if (!step.ok || step.value) {
        watch.value.stop();
        return step.ok ? ok(0) : step;
      }
    }
  }
}

/** Prints where the rollout stands; true when it is over. */
function* tell(session: Session, deployment: Deployment, revision: number): Task<Outcome<boolean>> {
  const progress = progressOf(deployment, revision);
  if (!progress.ok) return progress;
  yield* session.print(progress.value.text);
  return ok(progress.value.done);
}

/** DeploymentStatusViewer.Status. */
export function progressOf(deployment: Deployment, revision: number): Outcome<Progress> {
  const { metadata, spec, status } = deployment;
  const { name } = metadata;
  if (revision > 0) {
    const now = Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '0');
    if (now !== revision)
      return fail(`desired revision (${revision}) is different from the running revision (${now})`);
  }
  if ((metadata.generation ?? 0) > (status?.observedGeneration ?? 0)) {
    return ok({ text: 'Waiting for deployment spec update to be observed...\n', done: false });
  }
  if (conditionOf(status?.conditions, 'Progressing')?.reason === 'ProgressDeadlineExceeded') {
    return fail(`deployment "${name}" exceeded its progress deadline`);
  }
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status ?? {};
  const waiting = (what: string): Outcome<Progress> =>
    ok({ text: `Waiting for deployment "${name}" rollout to finish: ${what}...\n`, done: false });
  if (spec?.replicas !== undefined && updatedReplicas < spec.replicas) {
    return waiting(`${updatedReplicas} out of ${spec.replicas} new replicas have been updated`);
  }
  if (replicas > updatedReplicas)
    return waiting(`${replicas - updatedReplicas} old replicas are pending termination`);
  if (availableReplicas < updatedReplicas) {
    return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  }
  return ok({ text: `deployment "${name}" successfully rolled out\n`, done: true });
}
