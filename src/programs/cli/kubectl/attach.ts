/** `kubectl attach` and the attached end of `kubectl run` (k8s.io/kubectl/pkg/cmd/attach, v0.34). */
import type { Pod } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { queryOf, resourcePath } from '../../../spine/client/paths.ts';
import { exitWith, fail, failApi, messageOf, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { attachablePod, containerOf } from './pod-of.ts';
import type { Session, Verb } from './session.ts';
import { type StreamTarget, streamTo } from './streams.ts';
import { untilOne } from './watch-one.ts';

const PROMPT_HINT = "If you don't see a command prompt, try pressing enter.\n";

export const attach: Verb = {
  name: 'attach',
  usage: '(POD | TYPE/NAME) -c CONTAINER [options]',
  short: 'Attach to a running container',
  flags: flagSpecs(
    "c container='' pod-running-timeout=1m0s q quiet=false i stdin=false t tty=false",
  ),
  *run(session) {
    const { args, flags } = session;
    if (args.length === 0) return fail('at least 1 argument is required for attach');
    if (args.length > 2)
      return fail(
        `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`,
      );
    const pod = yield* attachablePod(
      session,
      args.join('/'),
      flags.duration('pod-running-timeout'),
    );
    if (!pod.ok) return pod;
    const phase = pod.value.status?.phase ?? '';
    if (phase === 'Succeeded' || phase === 'Failed') {
      return fail(`cannot attach a container in a completed pod; current phase is ${phase}`);
    }
    const container = yield* containerOf(session, pod.value, flags.bool('quiet'));
    if (!container.ok) return fail(`cannot attach to the container: ${messageOf(container.error)}`);
    return yield* streamTo(
      session,
      attachTarget(pod.value, container.value, flags.bool('stdin'), flags.bool('tty')),
      {},
      false,
      flags.bool('quiet') ? '' : PROMPT_HINT,
    );
  },
};

function attachTarget(pod: Pod, container: string, stdin: boolean, tty: boolean): StreamTarget {
  const path = resourcePath(
    kindMapping('Pod'),
    pod.metadata.namespace ?? '',
    pod.metadata.name,
    'attach',
  );
  const query = queryOf([
    ['container', container],
    ['stdin', stdin],
    ['stderr', !tty],
    ['stdout', true],
    ['tty', tty],
  ]);
  return { target: path + query, stdin, tty };
}

/** Waits for the pod to run, joins it, tells its exit code, and removes it with `--rm`. */
export function* attachToPod(session: Session, pod: Pod): Task<Outcome<number>> {
  const { flags } = session;
  const started = yield* waitRunning(session, pod);
  if (!started.ok) return started;
  const now = started.value;
  const container = now.spec?.containers[0]?.name ?? '';
  let outcome: Outcome<number> = ok(0);
  if (now.status?.phase === 'Running') {
    outcome = yield* streamTo(
      session,
      attachTarget(now, container, flags.bool('stdin'), flags.bool('tty')),
      {},
      false,
      flags.bool('quiet') ? '' : PROMPT_HINT,
    );
    // A container that was faster than we has said all that it will say.
    if (!outcome.ok && outcome.error.kind === 'text') {
      yield* session.printError(
        `warning: couldn't attach to pod/${now.metadata.name}, falling back to streaming logs: ${outcome.error.text}\n`,
      );
      outcome = yield* printWholeLog(session, now, container);
    }
  } else outcome = yield* printWholeLog(session, now, container);
  let ended: Ending | undefined;
  if (outcome.ok && flags.text('restart') !== 'Always') ended = yield* exitOf(session, now);
  if (flags.bool('rm')) {
    const removed = yield* remove(session, now);
    if (!removed.ok) return removed;
  }
  if (ended === undefined) return outcome;
  yield* session.printError(ended.text);
  return exitWith(ended.code);
}

function* waitRunning(session: Session, pod: Pod): Task<Outcome<Pod>> {
  return yield* waitFor(session, pod, flagsLimit(session), (now) => {
    const phase = now.status?.phase ?? '';
    if (phase === 'Succeeded' || phase === 'Failed') return true;
    return (
      phase === 'Running' &&
      now.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ===
        true
    );
  });
}

function flagsLimit(session: Session): number {
  return session.flags.duration('pod-running-timeout');
}

/** Follows the pod until a test holds. */
function* waitFor(
  session: Session,
  pod: Pod,
  limit: number,
  done: (now: Pod) => boolean,
): Task<Outcome<Pod>> {
  const api = session.api();
  if (!api.ok) return api;
  const { clock } = session.process;
  const { name, namespace = '' } = pod.metadata;
  const one = { mapping: kindMapping('Pod'), namespace, name };
  const end = clock.monotonic() + limit;
  let gone = false;
  const found = yield* untilOne(
    api.value,
    one,
    () => end - clock.monotonic(),
    (object) => {
      gone = object === undefined;
      if (object === undefined) return pod;
      const now = object as unknown as Pod;
      return done(now) ? now : undefined;
    },
  );
  if (!found.ok) return found;
  if (gone) return fail(`pods ${quote(name)} not found`);
  return found.value === undefined ? fail('timed out waiting for the condition') : ok(found.value);
}

function* printWholeLog(session: Session, pod: Pod, container: string): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  const path = resourcePath(
    kindMapping('Pod'),
    pod.metadata.namespace ?? '',
    pod.metadata.name,
    'log',
  );
  const text = yield* api.value.text(path + queryOf([['container', container]]));
  if (!text.ok) return failApi(text.error);
  yield* session.print(text.value);
  return ok(0);
}

interface Ending {
  readonly text: string;
  readonly code: number;
}

/** How a pod that will not restart has failed; undefined when it has not. */
function* exitOf(session: Session, pod: Pod): Task<Ending | undefined> {
  const ended = yield* waitFor(session, pod, 30_000_000, (now) =>
    ['Succeeded', 'Failed'].includes(now.status?.phase ?? ''),
  );
  if (!ended.ok || ended.value.status?.phase === 'Succeeded') return undefined;
  const state = ended.value.status?.containerStatuses?.[0]?.state?.terminated;
  const code = state?.exitCode ?? 1;
  const { name, namespace } = pod.metadata;
  return { text: `pod ${namespace}/${name} terminated (${state?.reason ?? 'Error'})\n`, code };
}

function* remove(session: Session, pod: Pod): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  const { name, namespace = '' } = pod.metadata;
  const done = yield* api.value.delete(kindMapping('Pod'), namespace, name, {
    propagationPolicy: 'Background',
  });
  if (!done.ok) return failApi(done.error);
  const where = session.profile === 'seed-era' ? '' : ` from ${namespace} namespace`;
  if (!session.flags.bool('quiet')) yield* session.print(`pod "${name}" deleted${where}\n`);
  return ok(0);
}
