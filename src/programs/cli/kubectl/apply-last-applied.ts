/** `kubectl apply view-last-applied`, `set-last-applied` and `edit-last-applied` (pkg/cmd/apply, v0.34). */
import { annotationOf } from '../../../ground/api/meta.ts';
import { freezeDeep } from '../../../ground/api/edit.ts';
import { ok } from '../../../ground/base/result.ts';
import { formatJson, parseJson } from '../../../ground/lang/json.ts';
import { formatYaml } from '../../../ground/lang/yaml/index.ts';
import { MERGE } from './api.ts';
import { editLastApplied } from './edit.ts';
import { apiFailure, fail, type Failure, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { appliedText, LAST_APPLIED } from './last-applied.ts';
import { fileInfos, visit } from './resource-builder.ts';
import type { Verb } from './session.ts';
import { FILE_FLAGS, Reporter, WRITE_FLAGS } from './write-options.ts';

const view: Verb = {
  name: 'view-last-applied',
  usage: '(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]',
  short: 'View the latest last-applied-configuration annotations of a resource/object',
  flags: flagSpecs(`${FILE_FLAGS} all=false o output='yaml' l selector=''`),
  *run(session) {
    const form = session.flags.text('output');
    if (form !== 'yaml' && form !== 'json') {
      return fail(
        `Unexpected -o output mode: ${form}, the flag 'output' must be one of yaml|json\nSee '${session.path} -h' for help and examples`,
      );
    }
    const visited = yield* visit(session, { everything: true });
    if (!visited.ok) return visited;
    for (const { object } of visited.value.infos) {
      const text = annotationOf(object, LAST_APPLIED);
      if (text === undefined) continue;
      const parsed = parseJson(text);
      if (!parsed.ok) return fail(parsed.error.message);
      const { value } = parsed.value;
      yield* session.print(
        form === 'json'
          ? `${formatJson(value, { indent: 2, sortKeys: true })}\n`
          : formatYaml(value),
      );
    }
    const failure = together(visited.value.failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

const set: Verb = {
  name: 'set-last-applied',
  usage: '-f FILENAME [options]',
  short:
    'Set the last-applied-configuration annotation on a live object to match the contents of a file',
  flags: flagSpecs(`${FILE_FLAGS} ${WRITE_FLAGS} create-annotation=false`),
  *run(session) {
    if (session.flags.list('filename').length === 0) return fail('must specify one of -f and -k');
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const files = yield* fileInfos(session, session.flags.list('filename'));
    if (!files.ok) return files;
    const api = session.api();
    if (!api.ok) return api;
    const failures: Failure[] = [...files.value.failures];
    for (const { mapping, name, namespace, object } of files.value.infos) {
      const live = yield* api.value.get(mapping, namespace, name);
      if (!live.ok) {
        failures.push(apiFailure(live.error));
        continue;
      }
      if (
        annotationOf(live.value, LAST_APPLIED) === undefined &&
        !session.flags.bool('create-annotation')
      ) {
        return fail(
          `no last-applied-configuration annotation found on resource: ${name}, to create the annotation, run the command with --create-annotation`,
        );
      }
      const text = appliedText(object, false);
      if (annotationOf(live.value, LAST_APPLIED) === text) {
        yield* session.print(`set-last-applied ${name}: no changes required.\n`);
        continue;
      }
      const metadata = { annotations: { [LAST_APPLIED]: text } };
      let result = live.value;
      if (!reporter.value.client) {
        const done = yield* api.value.patch(
          mapping,
          namespace,
          name,
          MERGE,
          freezeDeep({ metadata }),
          { dryRun: reporter.value.server },
        );
        if (!done.ok) {
          failures.push(apiFailure(done.error));
          continue;
        }
        result = done.value;
      }
      yield* reporter.value.tell(mapping, result, 'configured');
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

export const lastAppliedVerbs: readonly Verb[] = [editLastApplied, set, view];
