/** The Job and the CronJob of `kubectl create` (create_job.go, create_cronjob.go, v0.34). */
import { ok } from '../../../../ground/base/result.ts';
import type { Task } from '../../../../ground/base/task.ts';
import type { Loose } from '../api.ts';
import { fail, type Outcome } from '../failure.ts';
import { visit } from '../resource-builder.ts';
import type { Session } from '../session.ts';

/** A Job of an image, or one that a CronJob would have made. */
export function* generatedJob(session: Session, name: string): Task<Outcome<object>> {
  const { flags } = session;
  const from = flags.text('from');
  if ((flags.text('image') === '') === (from === ''))
    return fail('either --image or --from must be specified');
  if (from === '') return ok(jobOf(name, podTemplate(session, name, 'Never')));
  if (commandOf(session).length > 0) return fail('cannot specify --from and command');
  const visited = yield* visit(session, { args: [from] });
  if (!visited.ok) return visited;
  const [failure] = visited.value.failures;
  if (failure !== undefined) return { ok: false, error: failure };
  const object = visited.value.infos[0]?.object as Loose;
  if (object.kind !== 'CronJob') return fail('from must be an existing cronjob');
  const { spec } = object as unknown as {
    readonly spec: { readonly jobTemplate: { readonly metadata?: Loose; readonly spec: object } };
  };
  const { labels, annotations } = (spec.jobTemplate.metadata ?? {}) as Loose['metadata'];
  return ok({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', ...annotations },
      ownerReferences: [
        {
          apiVersion: object.apiVersion,
          kind: object.kind,
          name: object.metadata.name,
          uid: object.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: spec.jobTemplate.spec,
    status: {},
  });
}

/** A CronJob of an image and a schedule. */
export function* generatedCronJob(session: Session, name: string): Task<Outcome<object>> {
  const { flags } = session;
  const restart = flags.text('restart');
  const template = podTemplate(session, name, restart === '' ? 'OnFailure' : restart);
  return ok({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: {
      schedule: flags.text('schedule'),
      jobTemplate: { metadata: { name }, spec: { template } },
    },
    status: {},
  });
}

function jobOf(name: string, template: object): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template },
    status: {},
  };
}

function commandOf({ args, dash }: Session): readonly string[] {
  return dash >= 0 ? args.slice(dash) : [];
}

function podTemplate(session: Session, name: string, restartPolicy: string): object {
  const command = commandOf(session);
  const container = {
    name,
    image: session.flags.text('image'),
    ...(command.length > 0 ? { command } : {}),
    resources: {},
  };
  return { metadata: {}, spec: { containers: [container], restartPolicy } };
}
