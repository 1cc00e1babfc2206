/**
 * The simulated API server behind a real socket, so that a real client can be set beside ours: each
 * HTTP request of the client becomes one of a process on the workstation, with the administrator's
 * identity, and the lab runs while somebody waits for an answer.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SECOND } from '../../src/ground/base/event-loop.ts';
import type { Task } from '../../src/ground/base/task.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Process } from '../../src/machines/machine/process.ts';
import { bytesOf } from '../../src/machines/network/chunk.ts';
import type { HttpResponse } from '../../src/machines/network/http-types.ts';
import { openClient } from '../../src/spine/client/client.ts';
import { loadKubeconfig } from '../../src/spine/client/kubeconfig.ts';
import type { Client } from '../../src/spine/client/types.ts';

/** Simulated time that passes for one turn of Node's loop while only streams are open. */
const IDLE_SLICE = SECOND / 10;
const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** RFC 6455: what a server adds to the client's key. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class ApiBridge {
  readonly #lab: Lab;
  readonly #server: Server;
  #process: Process | undefined;
  #client: Client | undefined;
  #open = 0;
  #unanswered = 0;
  #pumping = false;
  #quietSince = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#startClient();
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket) =>
      this.#upgrade(request, socket),
    );
  }

  /** Listens on a free port of the loopback; gives its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #startClient(): void {
    const program = {
      name: 'bridge',
      version: '1',
      main: (process: Process): Task<number> => this.#main(process),
    };
    const { workstation } = this.#lab.cluster;
    workstation.files.write('/usr/local/bin/bridge', program, 0o755);
    const spawned = workstation.spawn({ argv: ['bridge'] });
    if (!spawned.ok) throw new Error(`bridge: ${spawned.error.errno}`);
    this.#lab.run({ until: this.#lab.loop.now + SECOND, when: () => this.#client !== undefined });
  }

  *#main(process: Process): Task<number> {
    const config = loadKubeconfig(process, '/home/learner/.kube/config');
    if (!config.ok) throw new Error(config.error);
    this.#process = process;
    this.#client = openClient(process, config.value, { qps: -1 });
    yield* process.sleep(1e6 * SECOND);
    return 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.url?.startsWith('/_sleep/') === true) {
      const seconds = Number(request.url.slice('/_sleep/'.length));
      this.#lab.run({ until: this.#lab.loop.now + seconds * SECOND });
      response.end();
      return;
    }
    if (request.url?.startsWith('/openapi/v2') === true) {
      // The old validation wants protobuf: a document that knows no kind lets the mapper speak.
      response.writeHead(200, { 'content-type': OPENAPI_V2 });
      response.end(Uint8Array.of(0x0a, 3, 0x32, 0x2e, 0x30));
      return;
    }
    this.#send(request, body, {
      answered: (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.flushHeaders();
        response.on('close', () => answer.cancel());
      },
      piece: (bytes) => response.write(bytes),
      ended: () => response.end(),
      failed: () => response.destroy(),
    });
  }

  #upgrade(request: IncomingMessage, socket: Socket): void {
    let upgraded = false;
    this.#send(request, new Uint8Array(0), {
      answered: (answer) => {
        const key = `${request.headers['sec-websocket-key'] ?? ''}${WEBSOCKET_GUID}`;
        const head = [...answer.headers].filter(([name]) => name !== 'sec-websocket-accept');
        upgraded = answer.status === 101;
        if (upgraded)
          head.push(['sec-websocket-accept', createHash('sha1').update(key).digest('base64')]);
        else head.push(['connection', 'close']);
        const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
        socket.write(`HTTP/1.1 ${answer.status} Switching\r\n${lines}\r\n`);
        socket.on('data', (bytes) => {
          this.#process?.start('input', sendPiece(answer, new Uint8Array(bytes)));
          this.#pump();
        });
        socket.on('close', () => answer.cancel());
        socket.on('error', () => answer.cancel());
      },
      piece: (bytes) => socket.write(bytes),
      // A close frame with code 1000 (RFC 6455 section 5.5.1), which streams of the model go without.
      ended: () => (upgraded ? socket.end(Uint8Array.of(0x88, 2, 3, 0xe8)) : socket.end()),
      failed: () => socket.destroy(),
    });
  }

  #send(request: IncomingMessage, body: Uint8Array, sink: Sink): void {
    const headers = new Map<string, string>();
    for (const [name, value] of Object.entries(request.headers)) {
      if (['host', 'accept-encoding', 'content-length', 'authorization'].includes(name)) continue;
      headers.set(name, Array.isArray(value) ? value.join(', ') : (value ?? ''));
    }
    const [client, process] = [this.#client, this.#process];
    if (client === undefined || process === undefined) throw new Error('the bridge has no client');
    this.#open += 1;
    this.#unanswered += 1;
    const bridge = this;
    process.start(
      'request',
      (function* (): Task<void> {
        const answer = yield* client.raw({
          method: request.method ?? 'GET',
          target: request.url ?? '/',
          headers,
          body: body.length === 0 ? undefined : body,
        });
        bridge.#unanswered -= 1;
        if (answer.ok) {
          sink.answered(answer.value);
          yield* relay(answer.value, sink);
        } else sink.failed();
        bridge.#open -= 1;
        bridge.#quietSince = Date.now();
      })(),
    );
    this.#pump();
  }

  /** While a client waits on its own, the lab's time passes too, faster than the client's. */
  idle(): void {
    if (this.#open === 0) this.#lab.run({ until: this.#lab.loop.now + SECOND });
  }

  /** When the last request ended, by the machine's clock. */
  get quietSince(): number {
    return this.#open > 0 ? Number.POSITIVE_INFINITY : this.#quietSince;
  }

  /** Runs the lab as long as a request is open: at once to an answer, then in small steps. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const step = (): void => {
      const before = this.#unanswered;
      const open = this.#open;
      const slice = before > 0 ? SECOND : IDLE_SLICE;
      this.#lab.run({
        until: this.#lab.loop.now + slice,
        when: () => this.#unanswered < before || this.#open < open,
      });
      if (this.#open === 0) this.#pumping = false;
      else if (this.#unanswered > 0) setImmediate(step);
      else setTimeout(step, 2);
    };
    setImmediate(step);
  }
}

interface Sink {
  answered(answer: HttpResponse): void;
  piece(bytes: Uint8Array): void;
  ended(): void;
  failed(): void;
}

function* relay(answer: HttpResponse, sink: Sink): Task<void> {
  for (;;) {
    const piece = yield* answer.receive();
    if (!piece.ok) return sink.failed();
    if (piece.value === undefined) return sink.ended();
    sink.piece(bytesOf(piece.value));
  }
}

function* sendPiece(answer: HttpResponse, bytes: Uint8Array): Task<void> {
  yield* answer.send(bytes);
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return new Uint8Array(Buffer.concat(pieces));
}
