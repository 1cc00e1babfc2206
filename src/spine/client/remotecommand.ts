/**
 * The stream protocol of exec and attach (k8s.io/client-go/tools/remotecommand and
 * k8s.io/kubelet/pkg/cri/streaming/remotecommand, v0.34): a GET that is upgraded (101) to a duplex
 * stream of channel frames. The client sends STDIN, RESIZE and CLOSE; the server sends STDOUT, STDERR
 * and, last, one Status on ERROR that tells the exit code. In between, API server and kubelet pass
 * frames through.
 *
 *     kubectl ── streamExec ──▶ apiserver ── proxyStream ──▶ kubelet ── proxyStream ──▶ runtime ── serveExec
 */
import type { Status } from '../../ground/api/types.ts';
import { concatBytes, textOf, utf8 } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Queue, type Task, type Wait } from '../../ground/base/task.ts';
import { formatJson, parseJson } from '../../ground/lang/json.ts';
import { bytesOf, type Chunk } from '../../machines/network/chunk.ts';
import type { HttpExchange, HttpResponse } from '../../machines/network/http-types.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { isTerminalControl } from '../../machines/machine/terminal-control.ts';
import { relayTerminal, type TerminalStream } from '../../machines/machine/terminal-relay.ts';
import { localFailure } from './api-error.ts';
import {
  type ChannelMessage,
  CLOSE,
  channelMessage,
  ERROR,
  FrameReader,
  RESIZE,
  STDERR,
  STDIN,
  STDOUT,
} from './channel-frames.ts';
import { failureOf } from './client.ts';
import type { ApiError, Client } from './types.ts';

export { STDERR, STDIN, STDOUT } from './channel-frames.ts';

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The client's side of the streams. */
export interface ExecStreams {
  readonly stdin?: OpenFile;
  readonly stdout?: OpenFile;
  readonly stderr?: OpenFile;
  readonly tty: boolean;
  /** Sizes of the client's terminal, the first at once. */
  readonly sizes?: Queue<TerminalSize>;
}

/** How it ended: the exit code, and the message of the Status when it is a failure of another kind. */
export interface ExecOutcome {
  readonly code: number;
  readonly message: string;
}

/** The server's side of the streams, handed to whoever runs the command. */
export interface ServerStreams extends StreamOptions {
  /** The next input of the client; undefined at its end. A terminal's controls come by reference. */
  receive(): Task<Chunk | undefined>;
  /** Sends to STDOUT or STDERR; false when the client has gone. */
  write(channel: number, chunk: Chunk): Task<boolean>;
  readonly sizes: Queue<TerminalSize>;
  readonly whenGone: Wait;
}

const PROTOCOL = 'v5.channel.k8s.io';

/** The headers that ask for the upgrade. */
function streamHeaders(): ReadonlyMap<string, string> {
  return new Map([
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-version', '13'],
    ['sec-websocket-protocol', PROTOCOL],
  ]);
}

/** True when the request asks for an upgrade to the channel protocol. */
export function isStreamRequest(exchange: HttpExchange): boolean {
  const { headers } = exchange.request;
  const protocols = (headers.get('sec-websocket-protocol') ?? '').split(',');
  return (
    headers.get('upgrade')?.toLowerCase() === 'websocket' &&
    protocols.some((protocol) => protocol.trim() === PROTOCOL)
  );
}

/**
 * Runs an exec or attach from the client's side: upgrades `target` (path with query), copies streams
 * until the server's Status comes. Used by kubectl.
 */
export function* streamExec(
  process: Process,
  client: Client,
  target: string,
  streams: ExecStreams,
): Task<Result<ExecOutcome, ApiError>> {
  const opened = yield* client.raw({
    method: 'GET',
    target,
    headers: streamHeaders(),
    body: undefined,
  });
  if (!opened.ok) return opened;
  const response = opened.value;
  if (response.status !== 101) return err(yield* failureOf('GET', target, response));
  if (streams.tty && streams.stdin?.terminal !== undefined && streams.stdout !== undefined) {
    const far = new FarTerminal(response);
    yield* relayTerminal(process, streams.stdin, streams.stdout, far);
    response.cancel();
    return far.outcome();
  }
  const pumps = [];
  if (streams.stdin !== undefined) {
    pumps.push(process.start('send stdin', sendInput(response, streams.stdin)));
  }
  if (streams.sizes !== undefined) {
    pumps.push(process.start('send sizes', sendSizes(response, streams.sizes)));
  }
  const outcome = yield* receiveOutput(response, streams);
  for (const pump of pumps) pump.kill();
  response.cancel();
  return outcome;
}

/** The terminal at the other end, as the local one is joined to it. */
class FarTerminal implements TerminalStream {
  readonly #response: HttpResponse;
  readonly #reader = new FrameReader();
  readonly #frames: ChannelMessage[] = [];
  readonly #errors: Uint8Array[] = [];

  constructor(response: HttpResponse) {
    this.#response = response;
  }

  *send(chunk: Chunk): Task<Result<void, unknown>> {
    if (isTerminalControl(chunk) && chunk.value.type === 'resize') {
      const { columns, rows } = chunk.value;
      return yield* this.#response.send(sizeMessage({ width: columns, height: rows }));
    }
    return yield* this.#response.send(channelMessage(STDIN, chunk));
  }

  *receive(): Task<Result<Chunk | undefined, unknown>> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame?.channel === ERROR) this.#errors.push(bytesOf(frame.data));
      else if (frame !== undefined) return ok(frame.data);
      else {
        const piece = yield* this.#response.receive();
        if (!piece.ok || piece.value === undefined) return piece.ok ? ok(undefined) : piece;
        this.#frames.push(...this.#reader.push(piece.value));
      }
    }
  }

  closeWrite(): void {
    // The person's Ctrl-D is a byte to the far terminal; the stream ends with the session.
  }

  outcome(): Result<ExecOutcome, ApiError> {
    return outcomeOfErrors(this.#errors);
  }
}

function sizeMessage(size: TerminalSize): ChannelMessage {
  return channelMessage(RESIZE, utf8(`{"Width":${size.width},"Height":${size.height}}\n`));
}

function* sendInput(response: HttpResponse, input: OpenFile): Task<void> {
  for (;;) {
    const chunk = yield* input.readChunk();
    if (!chunk.ok || chunk.value === undefined) break;
    const sent = yield* response.send(channelMessage(STDIN, chunk.value));
    if (!sent.ok) return;
  }
  yield* response.send(channelMessage(CLOSE, Uint8Array.of(STDIN)));
}

function* sendSizes(response: HttpResponse, sizes: Queue<TerminalSize>): Task<void> {
  for (;;) {
    const size = yield* sizes.receive();
    if (size === undefined) return;
    const sent = yield* response.send(sizeMessage(size));
    if (!sent.ok) return;
  }
}

/** Writes what the server sends until its Status, or until the stream breaks. */
function* receiveOutput(
  response: HttpResponse,
  streams: ExecStreams,
): Task<Result<ExecOutcome, ApiError>> {
  const reader = new FrameReader();
  const errors: Uint8Array[] = [];
  for (;;) {
    const piece = yield* response.receive();
    if (!piece.ok || piece.value === undefined) break;
    for (const frame of reader.push(piece.value)) {
      if (frame.channel === ERROR) errors.push(bytesOf(frame.data));
      const file =
        frame.channel === STDOUT
          ? streams.stdout
          : frame.channel === STDERR
            ? streams.stderr
            : undefined;
      if (file !== undefined) yield* file.write(frame.data);
    }
  }
  return outcomeOfErrors(errors);
}

/** What stood on the error channel; nothing there: the stream broke. */
function outcomeOfErrors(errors: readonly Uint8Array[]): Result<ExecOutcome, ApiError> {
  if (errors.length === 0) {
    return err(localFailure('websocket: close 1006 (abnormal closure): unexpected EOF'));
  }
  return ok(outcomeOf(textOf(concatBytes(errors))));
}

/** What the Status on the error channel means. */
function outcomeOf(text: string): ExecOutcome {
  const parsed = parseJson(text);
  if (!parsed.ok) return { code: 1, message: `error stream protocol error: ${text}` };
  const status = parsed.value.value as unknown as Status;
  if (status.status === 'Success') return { code: 0, message: '' };
  if (status.reason === 'NonZeroExitCode') {
    const cause = status.details?.causes?.find((each) => each.reason === 'ExitCode');
    const code = Number(cause?.message ?? '');
    if (Number.isInteger(code) && code > 0) return { code, message: '' };
  }
  return { code: 1, message: status.message ?? '' };
}

/**
 * Accepts the upgrade, runs the command with the streams, and ends with the Status that stands for
 * what it returns. Used by the runtime's streaming server.
 */
export function* serveExec(
  process: Process,
  exchange: HttpExchange,
  options: StreamOptions,
  run: (streams: ServerStreams) => Task<ExecOutcome>,
): Task<void> {
  exchange.start(101, upgraded());
  const input = new Queue<Chunk>('stdin of the client');
  const sizes = new Queue<TerminalSize>('sizes of the terminal');
  const demux = process.start('receive stdin', receiveInput(exchange, input, sizes));
  const outcome = yield* run({
    ...options,
    receive: () => input.receive(),
    write: (channel, chunk) => exchange.write(channelMessage(channel, chunk)),
    sizes,
    whenGone: exchange.whenGone,
  });
  demux.kill();
  if (exchange.gone) return;
  yield* exchange.write(channelMessage(ERROR, utf8(formatJson(exitStatus(outcome)))));
  exchange.end();
}

function upgraded(): ReadonlyMap<string, string> {
  return new Map([
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-protocol', PROTOCOL],
  ]);
}

function* receiveInput(
  exchange: HttpExchange,
  input: Queue<Chunk>,
  sizes: Queue<TerminalSize>,
): Task<void> {
  const reader = new FrameReader();
  for (;;) {
    const piece = yield* exchange.receive();
    if (!piece.ok || piece.value === undefined) break;
    for (const frame of reader.push(piece.value)) {
      if (frame.channel === STDIN) input.put(frame.data);
      else if (frame.channel === CLOSE && bytesOf(frame.data)[0] === STDIN) input.close();
      else if (frame.channel === RESIZE) {
        const size = sizeOf(textOf(bytesOf(frame.data)));
        if (size !== undefined) sizes.put(size);
      }
    }
  }
  input.close();
  sizes.close();
}

function sizeOf(text: string): TerminalSize | undefined {
  const match = /"Width":\s*(\d+),\s*"Height":\s*(\d+)/.exec(text);
  return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) };
}

/** Copies an upgraded stream both ways until either side ends: apiserver → kubelet → runtime. */
export function* proxyStream(
  process: Process,
  exchange: HttpExchange,
  upstream: HttpResponse,
): Task<void> {
  exchange.start(101, upstream.headers);
  const up = process.start('proxy to the server', copyUp(exchange, upstream));
  for (;;) {
    const piece = yield* upstream.receive();
    if (!piece.ok || piece.value === undefined) break;
    if (!(yield* exchange.write(piece.value))) break;
  }
  up.kill();
  upstream.cancel();
  if (!exchange.gone) exchange.end();
}

function* copyUp(exchange: HttpExchange, upstream: HttpResponse): Task<void> {
  for (;;) {
    const piece = yield* exchange.receive();
    if (!piece.ok) {
      upstream.cancel();
      return;
    }
    if (piece.value === undefined) {
      upstream.closeWrite();
      return;
    }
    const sent = yield* upstream.send(piece.value);
    if (!sent.ok) return;
  }
}

/** The Status that stands for an exit code: Success, NonZeroExitCode, or InternalError with a message. */
function exitStatus(outcome: ExecOutcome): Status {
  if (outcome.message !== '') {
    return {
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      message: outcome.message,
      reason: 'InternalError',
      details: { causes: [{ message: outcome.message }] },
      code: 500,
    };
  }
  if (outcome.code === 0) {
    return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' };
  }
  return {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${outcome.code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: `${outcome.code}` }] },
  };
}
