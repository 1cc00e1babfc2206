/** etcd and an API server joined by hand, without machines: for unit tests of both. */
import { EventLoop } from '../../src/ground/base/event-loop.ts';
import { ok } from '../../src/ground/base/result.ts';
import type { Task } from '../../src/ground/base/task.ts';
import { textOf } from '../../src/ground/base/bytes.ts';
import { Recorder } from '../../src/ground/trace/recorder.ts';
import { bytesOf, type Chunk } from '../../src/machines/network/chunk.ts';
import type { HttpConnection } from '../../src/machines/network/http-types.ts';
import { objectMessage, objectOf } from '../../src/spine/client/api-body.ts';
import { Database } from '../../src/spine/etcd/database.ts';
import { ProposalLog } from '../../src/spine/etcd/log.ts';
import { Service } from '../../src/spine/etcd/service.ts';
import { type EtcdClient, openEtcd } from '../../src/spine/etcd/wire/index.ts';
import { fakeConnection } from './fake-http.ts';
import { fakeProcess } from './fake-process.ts';

export interface FakeEtcd {
  readonly loop: EventLoop;
  readonly trace: Recorder;
  readonly database: Database;
  readonly service: Service;
  readonly client: EtcdClient;
  run<T>(task: Task<T>): T;
}

/** A running member and a client of it. */
export function fakeEtcd(loop = new EventLoop()): FakeEtcd {
  const trace = new Recorder(loop);
  const { process } = fakeProcess(loop, 'etcd', trace);
  const database = new Database({
    clusterId: '0000000000000001',
    memberId: '0000000000000002',
    name: 'cp-1',
    peerUrls: [],
  });
  const log = new ProposalLog(database, loop);
  const service = new Service(database, log, {
    version: '3.6.4',
    clientUrls: ['https://127.0.0.1:2379'],
    monotonic: () => loop.now,
    random: process.random,
    onLease: () => {},
    limits: { txnOps: 128, requestBytes: 1_572_864 },
    quotaBytes: 2_147_483_648,
  });
  process.start('log', log.run(process));
  const connection = fakeConnection(loop, (exchange) => service.handle(exchange));
  const client = openEtcd(function* () {
    return ok(connection);
  }, '127.0.0.1:2379');
  return { loop, trace, database, service, client, run: (task) => runTask(loop, task) };
}

/** Runs a task to its end; fails when it never ends. */
export function runTask<T>(loop: EventLoop, task: Task<T>): T {
  let result: { readonly value: T } | undefined;
  const { process } = fakeProcess(loop, 'test');
  process.start(
    'test',
    (function* (): Task<void> {
      result = { value: yield* task };
    })(),
  );
  const end = loop.now + 60_000_000;
  loop.run({ until: end, when: () => result !== undefined });
  if (result === undefined) throw new Error('the task did not end within a minute');
  return result.value;
}

export interface Reply {
  readonly code: number;
  readonly headers: ReadonlyMap<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came.
  readonly body: any;
}

/** A request to an API server over a connection, as a test writes it. */
export function* request(
  connection: HttpConnection,
  method: string,
  target: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Task<Reply> {
  const chunk: Chunk | undefined = body === undefined ? undefined : objectMessage(body);
  const sent = yield* connection.request({
    method,
    target,
    host: 'test',
    headers: new Map(Object.entries(headers)),
    body: chunk,
  });
  if (!sent.ok) throw new Error(`no answer: ${JSON.stringify(sent.error)}`);
  const whole = yield* sent.value.whole();
  const content = whole.ok ? whole.value : undefined;
  const object = content === undefined ? undefined : objectOf(content);
  const value =
    object?.ok === true
      ? object.value
      : content === undefined
        ? undefined
        : textOf(bytesOf(content));
  return { code: sent.value.status, headers: sent.value.headers, body: value };
}
