/**
 * Sends a scenario's requests from inside a pod: a small HTTP client started as a process of the pod's
 * node in the namespaces of one of the pod's containers, so that its names, rules and routes are the
 * pod's own. One request after the other, a connection each, as a shell loop of curl would.
 */
import { textOf } from '../ground/base/bytes.ts';
import { type Micros, SECOND } from '../ground/base/event-loop.ts';
import { err, ok, type Result } from '../ground/base/result.ts';
import type { Task } from '../ground/base/task.ts';
import { annotationOf } from '../ground/api/meta.ts';
import type { Pod } from '../ground/api/types.ts';
import { nullFile } from '../machines/machine/files/open-file.ts';
import type { Host } from '../machines/machine/host.ts';
import type { Namespaces } from '../machines/machine/kernel.ts';
import type { Process } from '../machines/machine/process.ts';
import { resolveErrorText, resolveHost } from '../machines/machine/resolver.ts';
import { bytesOf } from '../machines/network/chunk.ts';
import { strerror } from '../machines/network/errno.ts';
import { openHttp } from '../machines/network/http-client.ts';
import type { HttpError } from '../machines/network/http-types.ts';

/** One request's outcome; `error` is empty when there was an answer. */
export interface SampleAnswer {
  readonly status: number;
  readonly body: string;
  readonly error: string;
}

/** The requests of one `send`. */
export interface Sample {
  readonly from: string;
  readonly url: string;
  readonly times: number;
  readonly started: Micros;
  readonly answers: readonly SampleAnswer[];
  /** When the last answer was there; undefined while it runs, and for ever when its node died. */
  readonly ended: Micros | undefined;
  /** Why nothing was sent; empty: it was. */
  readonly refused: string;
}

interface RunningSample extends Sample {
  readonly answers: SampleAnswer[];
  ended: Micros | undefined;
  refused: string;
}

const CONFIG_HASH = 'kubernetes.io/config.hash';
const SAMPLES_MAX = 100;
const BODY_MAX = 4096;
/** A connection that is not made, or an answer that does not come, is given up after this. */
const PATIENCE = 3 * SECOND;

/** What the sender needs of a cluster. */
export interface SenderWorld {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly now: () => Micros;
  stored<T>(key: string): T | undefined;
}

export class Sender {
  readonly #world: SenderWorld;
  #samples: RunningSample[] = [];

  constructor(world: SenderWorld) {
    this.#world = world;
  }

  /** The newest samples, oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Starts sending: `from` is `pod/name` or `pod/namespace/name`. */
  send(from: string, url: string, times: number): void {
    const sample: RunningSample = {
      from,
      url,
      times,
      started: this.#world.now(),
      answers: [],
      ended: undefined,
      refused: '',
    };
    this.#samples = [...this.#samples.slice(1 - SAMPLES_MAX), sample];
    const started = this.#start(sample);
    if (started.ok) return;
    sample.refused = started.error;
    sample.ended = sample.started;
  }

  #start(sample: RunningSample): Result<void, string> {
    const parts = sample.from.split('/');
    const [namespace = '', name = ''] = parts.length === 3 ? parts.slice(1) : ['default', parts[1]];
    const pod = this.#world.stored<Pod>(`/registry/pods/${namespace}/${name}`);
    const host = this.#world.hosts.get(pod?.spec?.nodeName ?? '');
    if (pod === undefined || host === undefined)
      return err(`pod ${namespace}/${name} is not there`);
    if (!host.powered) return err(`${host.name} has no power`);
    const place = placeOf(host, pod);
    if (place === undefined) return err(`pod ${namespace}/${name} runs no container`);
    const nothing = nullFile();
    const spawned = host.spawn({
      argv: ['send', sample.url],
      env: new Map(),
      namespaces: { network: place.network, mount: place.mount, uts: place.uts },
      descriptors: new Map([0, 1, 2].map((number) => [number, nothing] as const)),
      newGroup: true,
      comm: 'send',
      fork: (process) => this.#program(process, sample),
    });
    nothing.close();
    return spawned.ok ? ok(undefined) : err(spawned.error.errno);
  }

  *#program(process: Process, sample: RunningSample): Task<number> {
    for (let index = 0; index < sample.times; index += 1) {
      sample.answers.push(yield* requestOnce(process, sample.url));
    }
    sample.ended = this.#world.now();
    return 0;
  }
}

/** The namespaces of the pod's first container that lives. */
function placeOf(host: Host, pod: Pod): Namespaces | undefined {
  // A static pod's own UID is a hash of its manifest; its mirror in the API has another.
  const uid = (annotationOf(pod, CONFIG_HASH) ?? pod.metadata.uid ?? '').replaceAll('-', '_');
  if (uid === '') return undefined;
  const { kernel } = host;
  const inPod = kernel
    .processes()
    .find((one) => one.state !== 'Z' && one.comm !== 'pause' && one.cgroup.includes(uid));
  const found = inPod === undefined ? undefined : kernel.namespacesOf(inPod.pid);
  return found?.ok === true ? found.value : undefined;
}

function* requestOnce(process: Process, url: string): Task<SampleAnswer> {
  const address = /^http:\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(url);
  if (address === null) return failed(`no address: ${url}`);
  const [, host = '', port = '80', target = '/'] = address;
  const resolved = yield* resolveHost(process, host);
  if (!resolved.ok) return failed(`${host}: ${resolveErrorText(resolved.error)}`);
  const ip = resolved.value[0];
  if (ip === undefined) return failed(`${host}: ${resolveErrorText('EAI_NODATA')}`);
  const opened = yield* openHttp(process, { ip, port: Number(port), dialTimeout: PATIENCE });
  if (!opened.ok) return failed(errorText(opened.error));
  const connection = opened.value;
  const headers = new Map([
    ['user-agent', 'drydock-send/1'],
    ['accept', '*/*'],
  ]);
  const named = address[2] === undefined ? host : `${host}:${port}`;
  const request = { method: 'GET', target, host: named, headers, body: undefined };
  const response = yield* connection.request(request, PATIENCE);
  if (!response.ok) {
    connection.close();
    return failed(errorText(response.error));
  }
  const body = yield* response.value.whole();
  connection.close();
  if (!body.ok) return failed(errorText(body.error));
  const text = body.value === undefined ? '' : textOf(bytesOf(body.value)).slice(0, BODY_MAX);
  return { status: response.value.status, body: text, error: '' };
}

function failed(error: string): SampleAnswer {
  return { status: 0, body: '', error };
}

function errorText(error: HttpError): string {
  switch (error.kind) {
    case 'socket':
      return strerror(error.errno);
    case 'timeout':
      return `no answer within ${PATIENCE / SECOND} s`;
    case 'eof':
      return 'the connection was closed without an answer';
    default:
      return error.message;
  }
}
