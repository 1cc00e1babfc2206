/**
 * Container logs for `kubectl logs`: which file, which lines, following what comes
 * (k8s.io/kubernetes/pkg/kubelet/kuberuntime/logs/logs.go, v1.34).
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { formatRfc3339Micro, parseRfc3339, type WallTime } from '../../ground/base/time.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import { CRI_LOG, type CriLogLine, type CriLogValue, logLinesOf } from '../runtime/wire/index.ts';
import type { Core } from './core.ts';
import type { PodWorker } from './pod-worker.ts';

export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly since: WallTime | undefined;
}

const truth = (text: string | undefined): boolean => text === 'true' || text === '1' || text === '';

/** Options of the query. */
export function logOptions(query: ReadonlyMap<string, string>, now: WallTime): LogOptions {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === undefined || text === '' ? undefined : Number(text);
  };
  const seconds = number('sinceSeconds');
  const time = query.get('sinceTime');
  return {
    follow: query.has('follow') && truth(query.get('follow')),
    previous: query.has('previous') && truth(query.get('previous')),
    timestamps: query.has('timestamps') && truth(query.get('timestamps')),
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since:
      seconds !== undefined
        ? now - seconds * SECOND
        : time === undefined
          ? undefined
          : parseRfc3339(time),
  };
}

function format(line: CriLogLine, timestamps: boolean): string {
  const end = line.full ? '\n' : '';
  return timestamps
    ? `${formatRfc3339Micro(line.time).slice(0, -1)}000Z ${line.text}${end}`
    : `${line.text}${end}`;
}

/** Answers with a container's log. */
export function* serveLogs(
  core: Core,
  exchange: HttpExchange,
  worker: PodWorker,
  name: string,
  options: LogOptions,
): Task<void> {
  const attempts = worker.containers.get(name) ?? [];
  // A container that waits to run again has its last run behind it: that is the previous one.
  const waits = worker.waiting.has(name);
  const container = options.previous && !waits ? attempts[1] : attempts[0];
  const plain = new Map([['content-type', 'text/plain']]);
  const refuse = (text: string): void => exchange.respond(400, plain, utf8(`${text}\n`));
  const known = [
    ...(worker.pod.spec?.containers ?? []),
    ...(worker.pod.spec?.initContainers ?? []),
  ].some((each) => each.name === name);
  if (!known) return refuse(`container "${name}" not found in pod "${worker.pod.metadata.name}"`);
  const pod = worker.pod.metadata.name;
  if (options.previous && container?.state !== 'CONTAINER_EXITED')
    return refuse(`previous terminated container "${name}" in pod "${pod}" not found`);
  if (container === undefined) {
    const waiting = worker.waiting.get(name);
    if (waiting !== undefined && /ErrImagePull|ImagePullBackOff/.test(waiting.reason)) {
      const verb =
        waiting.reason === 'ErrImagePull'
          ? "image can't be pulled"
          : 'trying and failing to pull image';
      return refuse(`container "${name}" in pod "${pod}" is waiting to start: ${verb}`);
    }
    const initialising = (worker.pod.spec?.initContainers?.length ?? 0) > 0;
    return refuse(
      `container "${name}" in pod "${pod}" is waiting to start: ${waiting?.reason ?? (initialising ? 'PodInitializing' : 'ContainerCreating')}`,
    );
  }
  exchange.start(200, plain);
  yield* writeLog(core, exchange, container.logPath, options);
  exchange.end();
}

function* writeLog(
  core: Core,
  exchange: HttpExchange,
  path: string,
  options: LogOptions,
): Task<void> {
  const content = core.process.files.readContent(path);
  if (!content.ok) {
    exchange.post(
      utf8(
        `failed to try resolving symlinks in path "${path}": lstat ${path}: no such file or directory`,
      ),
    );
    return;
  }
  let lines = logLinesOf(content.value);
  const { since } = options;
  if (since !== undefined) lines = lines.filter((line) => line.time >= since);
  if (options.tailLines !== undefined)
    lines = options.tailLines === 0 ? [] : lines.slice(-options.tailLines);
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const send = function* (some: readonly CriLogLine[]): Task<boolean> {
    const text = some.map((line) => format(line, options.timestamps)).join('');
    if (left !== Number.POSITIVE_INFINITY) {
      const bytes = utf8(text).subarray(0, left);
      left -= bytes.length;
      return yield* exchange.write(bytes);
    }
    if (text === '') return true;
    return yield* exchange.write(utf8(text));
  };
  if (!(yield* send(lines)) || !options.follow) return;
  const live =
    'kind' in content.value && content.value.kind === CRI_LOG
      ? (content.value.value as CriLogValue)
      : undefined;
  if (live === undefined) return;
  let segment = live;
  let last = segment.lines[segment.lines.length - 1];
  while (!exchange.gone && left > 0) {
    const fresh = after(segment.lines, last);
    if (fresh.length > 0) {
      last = fresh[fresh.length - 1];
      if (!(yield* send(fresh))) return;
    } else if (segment.next !== undefined) {
      segment = segment.next;
      last = undefined;
    } else if (segment.ended) return;
    else yield* anyOf([segment.changed, exchange.whenGone]);
  }
}

/** The lines behind one that was sent; all of them when it has been rotated away. */
function after(lines: readonly CriLogLine[], last: CriLogLine | undefined): readonly CriLogLine[] {
  if (last === undefined) return lines;
  const at = lines.lastIndexOf(last);
  return at < 0 ? lines : lines.slice(at + 1);
}
