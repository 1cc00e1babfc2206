/**
 * `kubectl logs` (k8s.io/kubectl/pkg/cmd/logs, v0.34): the log of one container or of several, as
 * text from the server, followed as it grows.
 */
import type { Pod } from '../../../ground/api/types.ts';
import { textOf } from '../../../ground/base/bytes.ts';
import { type Err, ok } from '../../../ground/base/result.ts';
import type { Running, Task } from '../../../ground/base/task.ts';
import { quote } from '../../../ground/base/text.ts';
import { parseRfc3339 } from '../../../ground/base/time.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import { queryOf, resourcePath } from '../../../spine/client/paths.ts';
import {
  apiFailure,
  fail,
  failApi,
  isNotFound,
  type Failure,
  type Outcome,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { attachablePod, containerOf, namedObject, podsOf } from './pod-of.ts';
import type { Session, Verb } from './session.ts';

/** One log to read. */
interface Source {
  readonly pod: Pod;
  readonly container: string;
  readonly prefix: string;
}

export const logs: Verb = {
  name: 'logs',
  usage: '[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]',
  short: 'Print the logs for a container in a pod',
  flags:
    flagSpecs(`all-containers=false all-pods=false c container='' f follow=false ignore-errors=false
    insecure-skip-tls-verify-backend=false limit-bytes=0 max-log-requests=5 pod-running-timeout=20s prefix=false
    p previous=false l selector='' since=0s since-time='' tail=-1 timestamps=false`),
  *run(session) {
    const problem = checkLine(session);
    if (problem !== undefined) return problem;
    const sources = yield* sourcesOf(session);
    if (!sources.ok) return sources;
    const query = queryText(session);
    if (!session.flags.bool('follow') || sources.value.length === 1) {
      return yield* printInTurn(session, sources.value, query);
    }
    const most = session.flags.int('max-log-requests');
    if (sources.value.length > most) {
      return fail(
        `you are attempting to follow ${sources.value.length} log streams, but maximum allowed concurrency is ${most}, use --max-log-requests to increase the limit`,
      );
    }
    return yield* followAll(session, sources.value, query);
  },
};

function checkLine(session: Session): Outcome<never> | undefined {
  const { args, flags } = session;
  if (args.length === 0 && flags.text('selector') === '') {
    return session.usageError(
      `expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command`,
    );
  }
  if (args.length > 0 && flags.text('selector') !== '')
    return session.usageError('only a selector (-l) or a POD name is allowed');
  if (args.length > 2)
    return session.usageError(
      `expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command`,
    );
  if (flags.has('since') && flags.text('since-time') !== '')
    return fail('at most one of `sinceTime` or `sinceSeconds` may be specified');
  if (flags.has('since') && flags.duration('since') <= 0)
    return fail('--since must be greater than 0');
  if (flags.text('since-time') !== '' && parseRfc3339(flags.text('since-time')) === undefined) {
    return fail(
      `parsing time "${flags.text('since-time')}" as "2006-01-02T15:04:05Z07:00": cannot parse "${flags.text('since-time')}" as "2006"`,
    );
  }
  if (flags.int('tail') < -1) return fail('--tail must be greater than or equal to -1');
  if (flags.bool('all-containers') && flags.text('container') !== '')
    return fail(
      `--all-containers=true should not be specified with container name ${flags.text('container')}`,
    );
  if (args.length > 1 && flags.text('container') !== '')
    return fail('only one of -c or an inline [CONTAINER] arg is allowed');
  if (flags.has('limit-bytes') && flags.int('limit-bytes') < 1)
    return fail('--limit-bytes must be greater than 0');
  return undefined;
}

function* sourcesOf(session: Session): Task<Outcome<readonly Source[]>> {
  const { args, flags } = session;
  if (flags.text('selector') !== '') return yield* selectedSources(session);
  const name = args[0] as string;
  const object = yield* namedObject(session, name);
  if (!object.ok) return notFoundIn(session, object);
  let pods: readonly Pod[];
  if (object.value.kind === 'Pod') pods = [object.value as unknown as Pod];
  else {
    const found = yield* podsOf(session, object.value, 'cannot get the logs from');
    if (!found.ok) return found;
    pods = found.value;
    if (pods.length === 0) {
      const one = yield* attachablePod(session, name, flags.duration('pod-running-timeout'));
      if (!one.ok) return one;
      pods = [one.value];
    }
    if (!flags.bool('all-pods')) {
      const first = pods[0] as Pod;
      if (pods.length > 1)
        yield* session.printError(`Found ${pods.length} pods, using pod/${first.metadata.name}\n`);
      pods = [first];
    }
  }
  return yield* containersOf(session, pods, args[1]);
}

/** `logs` wraps what the server says of a missing name in a text of its own. */
function notFoundIn(session: Session, failed: Err<Failure>): Err<Failure> {
  const { error } = failed;
  const namespace = session.namespace();
  if (error.kind !== 'api' || !isNotFound(error.error) || !namespace.ok) return failed;
  return fail(
    `error from server (NotFound): ${error.error.message} in namespace ${quote(namespace.value)}`,
  );
}

function* selectedSources(session: Session): Task<Outcome<readonly Source[]>> {
  const namespace = session.namespace();
  if (!namespace.ok) return namespace;
  const api = session.api();
  if (!api.ok) return api;
  const query = { labelSelector: session.flags.text('selector') };
  const list = yield* api.value.items(kindMapping('Pod'), namespace.value, query);
  if (!list.ok) return failApi(list.error);
  if (list.value.length === 0) {
    yield* session.printError(`No resources found in ${namespace.value} namespace.\n`);
  }
  return yield* containersOf(session, list.value as unknown as readonly Pod[], undefined);
}

function* containersOf(
  session: Session,
  pods: readonly Pod[],
  given: string | undefined,
): Task<Outcome<readonly Source[]>> {
  const sources: Source[] = [];
  const withPrefix = session.flags.bool('prefix') || session.flags.bool('all-pods');
  for (const pod of pods) {
    let names: readonly string[];
    if (session.flags.bool('all-containers')) {
      const spec = pod.spec;
      names = [
        ...(spec?.initContainers ?? []),
        ...(spec?.containers ?? []),
        ...(spec?.ephemeralContainers ?? []),
      ].map((each) => each.name);
    } else if (given !== undefined) names = [given];
    else {
      const one = yield* containerOf(session, pod, false);
      if (!one.ok) {
        if (session.flags.text('container') === '') return one;
        return fail(
          `container ${session.flags.text('container')} is not valid for pod ${pod.metadata.name}`,
        );
      }
      names = [one.value];
    }
    for (const container of names) {
      const prefix = withPrefix ? `[pod/${pod.metadata.name}/${container}] ` : '';
      sources.push({ pod, container, prefix });
    }
  }
  return ok(sources);
}

/** All of the query but the container. */
function queryText(session: Session): (container: string) => string {
  const { flags } = session;
  // With a selector the last ten lines are enough unless said otherwise.
  const tail = !flags.has('tail') && flags.text('selector') !== '' ? 10 : flags.int('tail');
  const since = flags.has('since') ? Math.ceil(flags.duration('since') / 1_000_000) : 0;
  return (container) => {
    const query = queryOf([
      ['container', container],
      ['follow', flags.bool('follow')],
      ['limitBytes', flags.int('limit-bytes')],
      ['previous', flags.bool('previous')],
      ['sinceSeconds', since],
      ['sinceTime', flags.text('since-time')],
      ['timestamps', flags.bool('timestamps')],
    ]);
    return tail >= 0 ? `${query}&tailLines=${tail}` : query;
  };
}

function* printInTurn(
  session: Session,
  sources: readonly Source[],
  query: (container: string) => string,
): Task<Outcome<number>> {
  for (const source of sources) {
    const failure = yield* printLog(session, source, query);
    if (failure === undefined) continue;
    if (!session.flags.bool('ignore-errors')) return { ok: false, error: failure };
    yield* session.printError(`error: ${failure.kind === 'api' ? failure.error.message : ''}\n`);
  }
  return ok(0);
}

function* followAll(
  session: Session,
  sources: readonly Source[],
  query: (container: string) => string,
): Task<Outcome<number>> {
  const running: Running<Failure | undefined>[] = sources.map((source) =>
    session.process.start('follow log', printLog(session, source, query)),
  );
  const failures: Failure[] = [];
  for (const each of running) {
    const failure = yield* each.finished.wait();
    if (failure !== undefined) failures.push(failure);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

/** Prints one log as it comes. */
function* printLog(
  session: Session,
  source: Source,
  query: (container: string) => string,
): Task<Failure | undefined> {
  const api = session.api();
  if (!api.ok) return api.error;
  const { pod, container, prefix } = source;
  const path = resourcePath(
    kindMapping('Pod'),
    pod.metadata.namespace ?? '',
    pod.metadata.name,
    'log',
  );
  const response = yield* api.value.open('GET', path + query(container), {
    accept: 'application/json, */*',
  });
  if (!response.ok) return apiFailure(response.error);
  let begun = false;
  for (;;) {
    const piece = yield* response.value.receive();
    if (!piece.ok || piece.value === undefined) return undefined;
    if (prefix === '') {
      const written = yield* session.process.stdout.write(piece.value);
      if (!written.ok) return undefined;
      continue;
    }
    const text = textOf(bytesOf(piece.value));
    const lines = text.replace(/\n(?=[\s\S])/g, `\n${prefix}`);
    yield* session.print(begun ? lines : prefix + lines);
    begun = !text.endsWith('\n');
  }
}
