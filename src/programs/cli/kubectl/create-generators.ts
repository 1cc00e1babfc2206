/**
 * `kubectl create namespace`, `deployment`, … : objects made of flags (k8s.io/kubectl/pkg/cmd/create,
 * v0.34). Each generator gives the object; sending it, dry runs and printing are shared.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { withAnnotation } from '../../../ground/api/meta.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Loose } from './api.ts';
import { appliedText, LAST_APPLIED } from './last-applied.ts';
import { fail, failApi, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { namedByContent } from './generate/name-hash.ts';
import { kindMapping } from './kinds.ts';
import type { Mapping } from './mapper.ts';
import type { Session, Verb } from './session.ts';
import { invalidValidation, Reporter, validationOf, WRITE_FLAGS } from './write-options.ts';

/** What a generator makes: an object without a namespace of its own, or why it cannot. */
export type Generate = (session: Session, name: string) => Task<Outcome<object>>;

/** The object of a `create` verb, sent and told. */
export function generator(
  name: string,
  aliases: readonly string[],
  short: string,
  usage: string,
  flags: string,
  kind: string,
  generate: Generate,
  required: readonly string[] = [],
): Verb {
  return {
    name,
    aliases,
    short,
    usage: `${usage} [options]`,
    flags: flagSpecs(
      `${WRITE_FLAGS} field-manager='kubectl-create' save-config=false validate='strict'?strict ${flags}`,
    ),
    required,
    *run(session) {
      const [given, ...more] = session.args;
      const rest = session.dash >= 0 ? session.args.slice(1, Math.max(1, session.dash)) : more;
      if (given === undefined || rest.length > 0) {
        return session.usageError(`exactly one NAME is required, got ${session.args.length}`);
      }
      const invalid = invalidValidation(session);
      if (invalid !== undefined) return fail(invalid);
      const made = yield* generate(session, given);
      if (!made.ok) return made;
      const object = session.flags.bool('append-hash') ? namedByContent(made.value) : made.value;
      return yield* sendObject(session, kind, object, 'created');
    },
  };
}

/** Sends an object of a kind (`Deployment.apps/v1`) and tells it. */
function* sendObject(
  session: Session,
  kind: string,
  value: object,
  what: string,
): Task<Outcome<number>> {
  const reporter = Reporter.of(session, true);
  if (!reporter.ok) return reporter;
  const sent = yield* createObject(session, reporter.value, kind, value);
  if (!sent.ok) return sent;
  return yield* reporter.value.tell(sent.value.mapping, sent.value.object, what);
}

export interface Sent {
  readonly mapping: Mapping;
  readonly object: Loose;
}

/** Creates the object on the server, unless the run is dry on the client. */
export function* createObject(
  session: Session,
  reporter: Reporter,
  kind: string,
  value: object,
  doing = doingOf(kind, value),
): Task<Outcome<Sent>> {
  const mapping = kindMapping(kind);
  let object = freezeDeep(value) as Loose;
  if (mapping.namespaced) {
    const namespace = placed(session, reporter);
    if (!namespace.ok) return namespace;
    if (namespace.value !== '') {
      object = freezeDeep({
        ...object,
        metadata: { ...object.metadata, namespace: namespace.value },
      }) as Loose;
    }
  }
  if (session.flags.bool('save-config'))
    object = withAnnotation(object, LAST_APPLIED, appliedText(object));
  if (reporter.client) return ok({ mapping, object });
  const api = session.api();
  if (!api.ok) return api;
  const made = yield* api.value.create(mapping, object as KubeObject, {
    manager: session.flags.text('field-manager'),
    dryRun: reporter.server,
    validation: validationOf(session),
  });
  // Upstream tells these as text of its own, not as the server's answer.
  if (!made.ok) return doing === '' ? failApi(made.error) : fail(`${doing} ${made.error.message}`);
  return ok({ mapping, object: made.value });
}

/** What upstream puts before a failure; nothing where it passes the failure on. */
function doingOf(kind: string, value: object): string {
  if (kind === 'Namespace' || kind === 'ClusterRole') return '';
  if (kind === 'Secret') return 'failed to create secret';
  if (kind !== 'Service') return `failed to create ${NAMED.get(kind) ?? kind.toLowerCase()}:`;
  const { spec } = value as { readonly spec?: { readonly type?: string } };
  return `failed to create ${spec?.type ?? ''} service:`;
}

/** Kinds that a failure names otherwise. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['PodDisruptionBudget', 'poddisruptionbudgets'],
  ['ResourceQuota', 'quota'],
]);

/** Dry runs on the client print a namespace only when one was asked for. */
function placed(session: Session, reporter: Reporter): Outcome<string> {
  if (reporter.client && !session.namespaceGiven) return ok('');
  return session.namespace();
}
