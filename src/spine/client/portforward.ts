/**
 * The stream protocol of port-forward (k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go, v0.34):
 * an upgraded stream of channel frames, two channels per port: 2i for data, 2i + 1 for errors. The
 * server opens both with the number of the port. One stream carries one connection to each port, so
 * whoever forwards opens a stream per connection that it accepts. API server and kubelet pass the
 * frames on (`proxyStream`).
 *
 * Not modelled: SPDY tunnelled through WebSocket (SPDY/3.1+portforward.k8s.io), by which kubectl 1.30+
 * carries many connections in one stream.
 */
import { textOf, utf8 } from '../../ground/base/bytes.ts';
import { DONE, err, type Result } from '../../ground/base/result.ts';
import { Condition, type Task } from '../../ground/base/task.ts';
import { bytesOf, type Chunk } from '../../machines/network/chunk.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import type { Connection } from '../../machines/network/socket.ts';
import type { Process } from '../../machines/machine/process.ts';
import { CLOSE, channelMessage, FrameReader } from './channel-frames.ts';
import { failureOf } from './client.ts';
import type { Client } from './types.ts';

const PROTOCOL = 'v4.channel.k8s.io';

const UPGRADED: ReadonlyMap<string, string> = new Map([
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-protocol', PROTOCOL],
]);

/** The server's connection to one port. */
export interface ForwardEnd {
  post(chunk: Chunk): void;
  closeWrite(): void;
  /** The next chunk; undefined at the end; an error text when the port could not be reached. */
  receive(): Task<Result<Chunk | undefined, string>>;
  close(): void;
}

/** True when the request asks for an upgrade to the channel protocol. */
export function isForwardRequest(exchange: HttpExchange): boolean {
  const { headers } = exchange.request;
  return (
    headers.get('upgrade')?.toLowerCase() === 'websocket' &&
    (headers.get('sec-websocket-protocol') ?? '')
      .split(',')
      .some((protocol) => protocol.trim() === PROTOCOL)
  );
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port & 255, port >>> 8);
}

/** Accepts the upgrade and copies between the client's channels and the ports, until all have ended. */
export function* serveForward(
  process: Process,
  exchange: HttpExchange,
  ports: readonly number[],
  open: (port: number) => ForwardEnd,
): Task<void> {
  exchange.start(101, UPGRADED);
  const ends = ports.map(open);
  for (const [index, port] of ports.entries()) {
    exchange.post(channelMessage(index * 2, portBytes(port)));
    exchange.post(channelMessage(index * 2 + 1, portBytes(port)));
  }
  const changed = new Condition('the end of a forwarded connection');
  let left = ends.length;
  const tasks = ends.map((end, index) =>
    process.start(
      'forward',
      copyDown(exchange, index, end, () => {
        left -= 1;
        changed.notify();
      }),
    ),
  );
  tasks.push(
    process.start(
      'forward input',
      copyIn(exchange, ends, () => {
        left = 0;
        changed.notify();
      }),
    ),
  );
  while (left > 0) yield changed;
  for (const task of tasks) task.kill();
  for (const end of ends) end.close();
  if (!exchange.gone) exchange.end();
}

function* copyDown(
  exchange: HttpExchange,
  index: number,
  end: ForwardEnd,
  over: () => void,
): Task<void> {
  for (;;) {
    const received = yield* end.receive();
    if (!received.ok) {
      yield* exchange.write(channelMessage(index * 2 + 1, utf8(received.error)));
      break;
    }
    if (received.value === undefined) break;
    if (!(yield* exchange.write(channelMessage(index * 2, received.value)))) break;
  }
  over();
}

function* copyIn(
  exchange: HttpExchange,
  ends: readonly ForwardEnd[],
  over: () => void,
): Task<void> {
  const reader = new FrameReader();
  for (;;) {
    const piece = yield* exchange.receive();
    if (!piece.ok || piece.value === undefined) break;
    for (const frame of reader.push(piece.value)) {
      if (frame.channel === CLOSE) ends[(bytesOf(frame.data)[0] ?? 0) >>> 1]?.closeWrite();
      else if (frame.channel % 2 === 0) ends[frame.channel >>> 1]?.post(frame.data);
    }
  }
  over();
}

/**
 * Joins an accepted connection to a port of a pod: `target` is the path of the portforward subresource.
 * Ends when either side has; an error is what the server said on the error channel, or the text of a
 * request that failed. Used by kubectl port-forward, once per connection.
 */
export function* forwardConnection(
  process: Process,
  client: Client,
  target: string,
  port: number,
  connection: Connection,
): Task<Result<void, string>> {
  const path = `${target}?ports=${port}`;
  const headers = new Map([...UPGRADED, ['sec-websocket-version', '13'] as const]);
  const opened = yield* client.raw({ method: 'GET', target: path, headers, body: undefined });
  if (!opened.ok) return err(opened.error.message);
  const response = opened.value;
  if (response.status !== 101) return err((yield* failureOf('GET', path, response)).message);
  const sender = process.start(
    'forward',
    (function* () {
      for (;;) {
        const received = yield* connection.receive();
        if (!received.ok || received.value === undefined) break;
        const sent = yield* response.send(channelMessage(0, received.value));
        if (!sent.ok) return;
      }
      yield* response.send(channelMessage(CLOSE, Uint8Array.of(0)));
    })(),
  );
  const failed = yield* copyOut(response, connection);
  sender.kill();
  response.cancel();
  connection.close();
  return failed === undefined ? DONE : err(failed);
}

/** Copies what the port says to the connection; gives the text of the error channel, if any. */
function* copyOut(
  response: { receive(): Task<Result<Chunk | undefined, unknown>> },
  connection: Connection,
): Task<string | undefined> {
  const reader = new FrameReader();
  const opened = new Set<number>();
  for (;;) {
    const piece = yield* response.receive();
    if (!piece.ok || piece.value === undefined) return undefined;
    for (const frame of reader.push(piece.value)) {
      // The first frame of each channel names the port.
      if (!opened.has(frame.channel)) opened.add(frame.channel);
      else if (frame.channel === 1) return textOf(bytesOf(frame.data));
      else if (!(yield* connection.send(frame.data)).ok) return undefined;
    }
  }
}
