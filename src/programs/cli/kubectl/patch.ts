/** `kubectl patch` (k8s.io/kubectl/pkg/cmd/patch, v0.34). */
import { freezeDeep, sameValue } from '../../../ground/api/edit.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import { applyPatch } from '../../../ground/api/patch/index.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import { parseJson } from '../../../ground/lang/json.ts';
import type { Value } from '../../../ground/lang/value.ts';
import { parseYaml } from '../../../ground/lang/yaml/index.ts';
import type { Loose } from './api.ts';
import { apiFailure, fail, type Failure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { localMapping } from './kinds.ts';
import { PATCH_TYPES } from './patch-types.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, RECORD_FLAG, Reporter, WRITE_FLAGS } from './write-options.ts';

export const patch: Verb = {
  name: 'patch',
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  short: 'Update fields of a resource',
  flags: flagSpecs(
    `${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} field-manager='kubectl-patch' local=false p patch='' patch-file='' subresource='' type='strategic'`,
  ),
  *run(session) {
    const { flags } = session;
    if (flags.has('patch') && flags.has('patch-file')) {
      return fail('cannot specify --patch and --patch-file together');
    }
    if (flags.text('patch') === '' && flags.text('patch-file') === '') {
      return fail('must specify --patch or --patch-file containing the contents of the patch');
    }
    const type = PATCH_TYPES.get(flags.text('type').toLowerCase());
    if (type === undefined) {
      return fail(`--type must be one of [json merge strategic], not ${quote(flags.text('type'))}`);
    }
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const body = readPatch(session);
    if (!body.ok) return body;
    const visited = yield* visit(session, { subresource: flags.text('subresource') });
    if (!visited.ok) return visited;
    const api = session.api();
    if (!api.ok) return api;
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const { mapping, namespace, name, object } = info;
      if (flags.bool('local') || reporter.value.client) {
        const made = patchedHere(info, type, body.value);
        if (made.ok) yield* reporter.value.tell(mapping, made.value, 'patched', '');
        else failures.push(made.error);
        continue;
      }
      const query = {
        manager: flags.text('field-manager'),
        dryRun: reporter.value.server,
        subresource: flags.text('subresource'),
      };
      const done = yield* api.value.patch(mapping, namespace, name, type, body.value, query);
      if (!done.ok) {
        failures.push(apiFailure(done.error));
        continue;
      }
      const what = isSame(object, done.value) ? 'patched (no change)' : 'patched';
      // A subresource may be an object of another kind: `scale.autoscaling/web patched`.
      const told = done.value.kind === mapping.kind ? mapping : localMapping(done.value);
      yield* reporter.value.tell(told, done.value, what, '');
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

/** The patch applied on this side: `--local` and a client's dry run. */
function patchedHere({ mapping, object }: Subject, type: string, body: unknown): Outcome<Loose> {
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  const made = applyPatch(type, definition, object as unknown as Value, body as Value);
  return made.ok ? ok(freezeDeep(made.value) as unknown as Loose) : fail(made.error.message);
}

function isSame(before: Loose, after: Loose): boolean {
  const bare = (object: Loose): unknown =>
    withMeta(object, { managedFields: undefined, resourceVersion: undefined } as object);
  return sameValue(bare(before), bare(after));
}

function readPatch(session: Session): Outcome<unknown> {
  let text = session.flags.text('patch');
  const file = session.flags.text('patch-file');
  if (file !== '') {
    const read = session.process.files.readText(file);
    if (!read.ok) return fail(`unable to read patch file: open ${file}: no such file or directory`);
    text = read.value;
  }
  // What looks like JSON is sent as it is: the server tells what is wrong with it.
  if (/^\s*\{/.test(text)) {
    const json = parseJson(text);
    return ok(json.ok ? json.value.value : utf8(text));
  }
  const parsed = parseYaml(text);
  if (parsed.error !== undefined)
    return fail(
      `unable to parse ${quote(text)}: yaml: ${parsed.error.message.replace(/^yaml: /, '')}`,
    );
  return ok(parsed.documents[0]?.value ?? null);
}
