/**
 * `kubectl delete` (k8s.io/kubectl/pkg/cmd/delete, v0.34): tells each object as it asks for its
 * deletion, then waits until all are gone.
 */
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import type { Api, Loose } from './api.ts';
import {
  apiFailure,
  fail,
  failApi,
  type Failure,
  isNotFound,
  type Outcome,
  textFailure,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { groupVersion, named } from './mapper.ts';
import {
  fileInfos,
  namespaceOf,
  PATHS_AND_ARGUMENTS,
  refuseKustomize,
  type Subject,
  targetsOf,
  visit,
} from './resource-builder.ts';
import { type Session, shownGroup, type Verb } from './session.ts';
import { dryRunOf, FILE_FLAGS } from './write-options.ts';

export const deleteVerb: Verb = {
  name: 'delete',
  usage: '([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]',
  short:
    'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  flags: flagSpecs(`${FILE_FLAGS} all=false A all-namespaces=false cascade='background'?background
    dry-run='none'?unchanged field-selector='' force=false grace-period=-1 ignore-not-found=false i interactive=false
    now=false o output='' raw='' l selector='' timeout=0s wait=true`),
  *run(session) {
    const raw = session.flags.text('raw');
    if (raw !== '') return yield* deleteRaw(session, raw);
    const options = deleteOptions(session);
    if (!options.ok) return options;
    const infos = yield* wanted(session);
    if (!infos.ok) return infos;
    const failures = [...infos.value.failures];
    if (session.flags.bool('interactive') && infos.value.infos.length > 0) {
      const agreed = yield* confirmed(session, infos.value.infos);
      if (!agreed) return ok(0);
    }
    return yield* deleteAll(session, options.value, infos.value.infos, failures);
  },
};

/** `--raw`: the answer as it came. */
function* deleteRaw(session: Session, path: string): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  const text = yield* api.value.text(path, 'DELETE');
  if (!text.ok) return failApi(text.error);
  yield* session.print(text.value);
  return ok(0);
}

export interface DeleteChoice {
  readonly body: object;
  readonly force: boolean;
  readonly wait: boolean;
  readonly dryRun: string;
}

function deleteOptions(session: Session): Outcome<DeleteChoice> {
  const { flags } = session;
  const dryRun = dryRunOf(session);
  if (!dryRun.ok) return dryRun;
  const cascade = cascadeOf(session);
  if (!cascade.ok) return cascade;
  const form = flags.text('output');
  if (form !== '' && form !== 'name')
    return fail(`unexpected -o output mode: ${form}. We only support '-o name'`);
  let grace = flags.int('grace-period');
  if (flags.bool('now')) {
    if (flags.has('grace-period'))
      return fail('--now and --grace-period cannot be specified together');
    grace = 1;
  }
  const force = flags.bool('force');
  if (force && grace > 0)
    return fail('--force and --grace-period greater than 0 cannot be specified together');
  let wait = flags.bool('wait');
  if (grace === 0 && !force) {
    // Without --force a grace period of 0 is made 1, and the deletion is waited for.
    wait = true;
    grace = 1;
  } else if (force && grace < 0) grace = 0;
  if (grace === 0 && !flags.has('wait')) wait = false;
  const body = {
    propagationPolicy: cascade.value,
    ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
    ...(dryRun.value === 'server' ? { dryRun: ['All'] } : {}),
  };
  return ok({
    body,
    force: grace === 0,
    wait: wait && dryRun.value === 'none',
    dryRun: dryRun.value,
  });
}

const CASCADES: ReadonlyMap<string, string> = new Map([
  ['background', 'Background'],
  ['foreground', 'Foreground'],
  ['orphan', 'Orphan'],
]);

/** Reads `--cascade`; booleans are of an older time, which is told. */
export function cascadeOf(session: Session): Outcome<string> {
  const value = session.flags.text('cascade');
  const known = CASCADES.get(value);
  if (known !== undefined) return ok(known);
  if (!/^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)) {
    return fail(
      `invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`,
    );
  }
  const now = /^[1tT]/.test(value) ? 'background' : 'orphan';
  session.process.stderr.post(
    `warning: --cascade=${value} is deprecated (boolean value) and can be replaced with --cascade=${now}.\n`,
  );
  return ok(CASCADES.get(now) as string);
}

function* wanted(
  session: Session,
): Task<Outcome<{ readonly infos: readonly Subject[]; readonly failures: readonly Failure[] }>> {
  const files = session.flags.list('filename');
  const kustomize = refuseKustomize(session);
  if (kustomize !== undefined) return { ok: false, error: kustomize };
  if (files.length > 0 && session.args.length === 0) return yield* fileInfos(session, files);
  if (files.length > 0) return fail(PATHS_AND_ARGUMENTS);
  const selects =
    session.flags.text('selector') !== '' || session.flags.text('field-selector') !== '';
  const slashed = session.args.some((arg) => arg.includes('/'));
  const byName = slashed || session.args.length > 1;
  const all = session.flags.bool('all');
  if (session.args.length === 0 && (selects || all)) {
    return fail('at least one resource must be specified to use a selector');
  }
  if (slashed && (selects || all)) {
    return fail('selectors and the all flag cannot be used when passing resource/name arguments');
  }
  if (byName && all) return fail('name cannot be provided when a selector is specified');
  if (!byName || selects || all) return yield* visit(session);
  // Names are deleted without being read first, so the only failure of a missing one is its deletion.
  const targets = yield* targetsOf(session, session.args);
  if (!targets.ok) return targets;
  const namespace = namespaceOf(session);
  if (!namespace.ok) return namespace;
  if (namespace.value === '' && targets.value.some((each) => each.mapping.namespaced)) {
    return fail('a resource cannot be retrieved by name across all namespaces');
  }
  const infos = targets.value.flatMap(({ mapping, names }) =>
    names.map((name) => {
      const where = mapping.namespaced ? namespace.value : '';
      const metadata = { name, ...(where === '' ? {} : { namespace: where }) };
      const object = { apiVersion: groupVersion(mapping), kind: mapping.kind, metadata } as Loose;
      return { mapping, namespace: where, name, object, source: '' };
    }),
  );
  return { ok: true, value: { infos, failures: [] } };
}

function* confirmed(session: Session, infos: readonly Subject[]): Task<boolean> {
  yield* session.print(`You are about to delete the following ${infos.length} resource(s):\n`);
  for (const info of infos) yield* session.print(`${named(info.mapping, info.name)}\n`);
  const prompt = 'Do you want to continue? (y/n): ';
  const terminal = session.process.stdin.terminal;
  if (terminal !== undefined) terminal.prompt(prompt);
  else yield* session.print(prompt);
  const line = yield* session.process.stdin.read();
  const typed =
    line.ok && line.value !== undefined ? String.fromCharCode(...line.value).trim() : '';
  if (/^(y|yes)$/i.test(typed)) return true;
  yield* session.print('deletion is cancelled\n');
  return false;
}

function* deleteAll(
  session: Session,
  choice: DeleteChoice,
  infos: readonly Subject[],
  failures: Failure[],
): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  if (choice.force && choice.dryRun === 'none' && infos.length > 0) {
    yield* session.printError(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
  }
  if (session.namespaceGiven && infos.some((info) => !info.mapping.namespaced)) {
    yield* session.printError(
      'Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n',
    );
  }
  const leaving: { readonly info: Subject; readonly uid: string }[] = [];
  for (const info of infos) {
    if (choice.dryRun === 'client') {
      yield* tellDeleted(session, info, choice);
      continue;
    }
    const answer = yield* api.value.delete(info.mapping, info.namespace, info.name, choice.body);
    if (!answer.ok) {
      const ignored =
        isNotFound(answer.error) &&
        (session.flags.bool('ignore-not-found') ||
          session.flags.bool('all') ||
          session.flags.text('selector') !== '');
      if (!ignored) failures.push(apiFailure(answer.error, doing(session, info)));
      continue;
    }
    yield* tellDeleted(session, info, choice);
    leaving.push({ info, uid: uidOf(answer.value) });
  }
  if (infos.length === 0 && failures.length === 0) {
    yield* session.print('No resources found\n');
    return ok(0);
  }
  if (choice.wait) {
    const failure = yield* waitGone(session, api.value, leaving);
    if (failure !== undefined) failures.push(failure);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

function doing(session: Session, info: Subject): string | undefined {
  return session.flags.list('filename').length === 0
    ? undefined
    : `error when deleting ${quote(info.source)}`;
}

function uidOf(answer: Loose): string {
  const details = answer['details'] as { readonly uid?: string } | undefined;
  return details?.uid ?? answer.metadata?.uid ?? '';
}

/** `pod "c" deleted from default namespace`; of the seeds: `pod "c" deleted`. */
function* tellDeleted(session: Session, info: Subject, choice: DeleteChoice): Task<void> {
  if (session.flags.text('output') === 'name') {
    yield* session.print(`${named(info.mapping, info.name)}\n`);
    return;
  }
  const { mapping } = info;
  const kind = mapping.kind.toLowerCase();
  const era = session.profile === 'seed-era';
  const type = mapping.group === '' ? kind : `${kind}.${shownGroup(session, mapping.group)}`;
  const what = choice.force ? 'force deleted' : 'deleted';
  const dry =
    choice.dryRun === 'none' ? '' : choice.dryRun === 'client' ? ' (dry run)' : ' (server dry run)';
  const where = era || !mapping.namespaced ? '' : ` from ${info.namespace} namespace`;
  yield* session.print(`${type} "${info.name}" ${what}${where}${dry}\n`);
}

/** Waits until each object is gone or another of its name is there. */
export function* waitGone(
  session: Session,
  api: Api,
  leaving: readonly { readonly info: Subject; readonly uid: string }[],
): Task<Failure | undefined> {
  const limit = session.flags.duration('timeout');
  const clock = session.process.clock;
  const end = limit > 0 ? clock.monotonic() + limit : clock.monotonic() + 7 * 24 * 3600 * SECOND;
  for (const { info, uid } of leaving) {
    const failure = yield* waitOneGone(api, info, uid, () => end - clock.monotonic());
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function* waitOneGone(
  api: Api,
  info: Subject,
  uid: string,
  left: () => number,
): Task<Failure | undefined> {
  const { mapping, name, namespace } = info;
  const timedOut = textFailure(
    `timed out waiting for the condition on ${mapping.resource}/${name}`,
  );
  for (;;) {
    const now = yield* api.get(mapping, namespace, name);
    if (!now.ok) return isNotFound(now.error) ? undefined : apiFailure(now.error);
    if (uid !== '' && now.value.metadata.uid !== uid) return undefined;
    if (left() <= 0) return timedOut;
    const watch = yield* api.watch(mapping, namespace, {
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: now.value.metadata.resourceVersion ?? '',
    });
    if (!watch.ok) return apiFailure(watch.error);
    for (;;) {
      const first = yield* anyOf([watch.value.readable], left());
      if (first.index < 0) {
        watch.value.stop();
        return timedOut;
      }
      const event = yield* watch.value.receive();
      if (event === undefined || event.type === 'ERROR') break;
      if (event.type === 'DELETED') {
        watch.value.stop();
        return undefined;
      }
    }
  }
}
