/** Saving what was edited: a patch of each object, or of its annotation, and what became of it. */
import { freezeDeep, sameValue } from '../../../ground/api/edit.ts';
import { mergeDiff, twoWayPatch } from '../../../ground/api/patch/index.ts';
import { withAnnotation } from '../../../ground/api/meta.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import type { ValueMap } from '../../../ground/lang/value.ts';
import { type Loose, MERGE, STRATEGIC } from './api.ts';
import { recorded } from './change-cause.ts';
import { type Failure, textFailure } from './failure.ts';
import { appliedText, LAST_APPLIED } from './last-applied.ts';
import { type Mapping, named, qualified } from './mapper.ts';
import { goSyntax, shown } from './print.ts';
import type { Subject } from './resource-builder.ts';
import type { Session } from './session.ts';
import type { ApiError } from '../../../spine/client/types.ts';

/** Why a file opens again, as its head tells it. */
export interface Reason {
  readonly head: string;
  readonly causes: readonly string[];
}

export function reasonLines(reasons: readonly Reason[]): string {
  const hashed = (text: string): string => text.replaceAll('\n', '\n# ');
  return reasons
    .map(({ head, causes }) => {
      const lines = causes.map((cause) => `# * ${hashed(cause)}\n`).join('');
      return `# ${hashed(head)}${causes.length > 0 ? ':' : ''}\n${lines}#\n`;
    })
    .join('');
}

/** What became of the objects of one file. */
export class EditResults {
  retryable = 0;
  notFound = 0;
  readonly reasons: Reason[] = [];

  /** Notes a refusal; gives what the terminal says of it. */
  add(error: ApiError, mapping: Mapping, name: string): string {
    if (error.reason === 'Invalid') {
      const causes = (error.status?.details?.causes ?? []).map(
        ({ field = '', message = '' }) => `${field}: ${message}`,
      );
      return this.addInvalid(mapping, name, causes);
    }
    const told = `error: ${qualified(mapping)} ${quote(name)}`;
    if (error.reason === 'NotFound') {
      this.notFound += 1;
      return `${told} could not be found on the server\n`;
    }
    this.retryable += 1;
    return `${told} could not be patched: ${error.message}\n`;
  }

  addInvalid(mapping: Mapping, name: string, causes: readonly string[]): string {
    const what = `${qualified(mapping)} ${quote(name)}`;
    this.reasons.push({ head: `${what} was not valid`, causes });
    return `error: ${what} is invalid\n`;
  }
}

/** Sends what was changed of each object; gives what ends the whole edit. */
export function* saveEdited(
  session: Session,
  originals: readonly Subject[],
  edited: readonly Subject[],
  results: EditResults,
  applied: boolean,
): Task<Failure | undefined> {
  const foreign = foreignNamespace(session, edited);
  if (foreign !== undefined) return foreign;
  for (const info of edited) {
    const { uid } = info.object.metadata;
    const original = originals.find((each) => each.object.metadata.uid === uid);
    if (original === undefined) {
      return textFailure(
        `no original object found for &unstructured.Unstructured{Object:${goSyntax(info.object)}}`,
      );
    }
    const failure = yield* saveOne(session, original, info, results, applied);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function foreignNamespace(session: Session, edited: readonly Subject[]): Failure | undefined {
  const namespace = session.namespace();
  if (!namespace.ok) return namespace.error;
  const stray = edited.find(
    (info) => info.mapping.namespaced && info.namespace !== namespace.value,
  )?.namespace;
  if (stray === undefined) return undefined;
  return textFailure(
    `the namespace from the provided object ${quote(stray)} does not match the namespace ${quote(namespace.value)}. You must pass '--namespace=${stray}' to perform this operation.`,
  );
}

function* saveOne(
  session: Session,
  original: Subject,
  info: Subject,
  results: EditResults,
  applied: boolean,
): Task<Failure | undefined> {
  const { mapping, name, namespace } = info;
  const before = shown(session, original.object) as unknown as ValueMap;
  const wanted = annotated(session, info.object) as unknown as ValueMap;
  if (sameValue(before, wanted)) {
    yield* session.print(`${named(mapping, name)} skipped\n`);
    return undefined;
  }
  const { object } = original;
  const moved =
    object.apiVersion !== info.object.apiVersion ||
    object.kind !== info.object.kind ||
    original.name !== name;
  if (moved && !applied)
    return textFailure('At least one of apiVersion, kind and name was changed');
  const api = session.api();
  if (!api.ok) return api.error;
  const { type, patch } = applied ? appliedPatch(info) : patchOf(mapping, before, wanted);
  if (!applied && session.flags.bool('output-patch'))
    yield* session.print(`Patch: ${formatJson(patch, { sortKeys: true })}\n`);
  const query = {
    manager: session.flags.text('field-manager'),
    ...(applied ? {} : { validation: 'Strict', subresource: session.flags.text('subresource') }),
  };
  const done = yield* api.value.patch(mapping, namespace, name, type, freezeDeep(patch), query);
  if (!done.ok) yield* session.printError(results.add(done.error, mapping, name));
  else yield* session.print(`${named(mapping, name)} edited\n`);
  return undefined;
}

/** `--save-config` and `--record` annotate what was edited. */
function annotated(session: Session, object: Loose): Loose {
  const saved = session.flags.bool('save-config')
    ? withAnnotation(object, LAST_APPLIED, appliedText(object))
    : object;
  return recorded(session, saved);
}

function patchOf(mapping: Mapping, before: ValueMap, wanted: ValueMap) {
  const definition = definitionOfKind(mapping.group, mapping.version, mapping.kind);
  return definition === undefined
    ? { type: MERGE, patch: mergeDiff(before, wanted) as ValueMap }
    : { type: STRATEGIC, patch: twoWayPatch(definition, before, wanted) };
}

function appliedPatch(info: Subject) {
  const annotations = { [LAST_APPLIED]: appliedText(info.object, false) };
  return { type: MERGE, patch: { metadata: { annotations } } as ValueMap };
}
