/** What the verbs of `kubectl set` share: their flags, and sending an object's difference. */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { twoWayPatch } from '../../../ground/api/patch/index.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { ValueMap } from '../../../ground/lang/value.ts';
import { type Loose, STRATEGIC } from './api.ts';
import { recorded } from './change-cause.ts';
import { apiFailure, type Failure, textFailure } from './failure.ts';
import type { Subject } from './resource-builder.ts';
import type { Session } from './session.ts';
import { FILE_FLAGS, RECORD_FLAG, type Reporter, WRITE_FLAGS } from './write-options.ts';

export const SET_FLAGS = `${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} all=false field-manager='kubectl-set' local=false l selector=''`;

/**
 * Sends what differs and tells it. `failed` stands before a refusal, which is then a text of kubectl's;
 * `always`: an object that did not change is told as well.
 */
export function* sendChange(
  session: Session,
  reporter: Reporter,
  info: Subject,
  wanted: Loose,
  what: string,
  { failed = '', always = false } = {},
): Task<Failure | undefined> {
  const { mapping, name, namespace, object } = info;
  const changed = recorded(session, wanted);
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  const patch = twoWayPatch(
    definition,
    object as unknown as ValueMap,
    changed as unknown as ValueMap,
  );
  const nothing = Object.keys(patch).length === 0;
  if (nothing && !always && !reporter.printsObjects) return undefined;
  if (reporter.client || session.flags.bool('local') || nothing) {
    yield* reporter.tell(mapping, changed, what);
    return undefined;
  }
  const api = session.api();
  if (!api.ok) return api.error;
  const query = { manager: session.flags.text('field-manager'), dryRun: reporter.server };
  const done = yield* api.value.patch(
    mapping,
    namespace,
    name,
    STRATEGIC,
    freezeDeep(patch),
    query,
  );
  if (!done.ok && (failed === '' || done.error.status === undefined)) return apiFailure(done.error);
  if (!done.ok) return textFailure(`${failed} ${done.error.message}`);
  yield* reporter.tell(mapping, done.value, what);
  return undefined;
}
