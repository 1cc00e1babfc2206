/** `kubectl scale` (k8s.io/kubectl/pkg/cmd/scale, v0.34): a merge patch of the scale subresource. */
import { ok } from '../../../ground/base/result.ts';
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
import { visit } from './resource-builder.ts';
import type { Verb } from './session.ts';
import { FILE_FLAGS, Reporter, WRITE_FLAGS } from './write-options.ts';

/** What kept every object from being found, as one error. */
function nothing(failures: readonly Failure[]): Outcome<never> {
  const texts = failures.map((each) =>
    each.kind === 'api' ? each.error.message : messageOf(each),
  );
  const all = texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '');
  return fail(`no objects passed to scale ${all}`.trimEnd());
}

export const scale: Verb = {
  name: 'scale',
  usage:
    '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  flags: flagSpecs(
    `${FILE_FLAGS} ${WRITE_FLAGS} all=false current-replicas=-1 replicas=0 resource-version='' l selector='' timeout=0s`,
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
    if (visited.value.infos.length === 0) return nothing(visited.value.failures);
    const failures: Failure[] = [...visited.value.failures];
    for (const { mapping, name, namespace, object } of visited.value.infos) {
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
      }
      yield* reporter.value.tell(mapping, object, 'scaled');
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};
