/** The stream protocol of exec, attach and port-forward. Signatures first. */
import type { Result } from '../../ground/base/result.ts';
import type { Queue, Task, Wait } from '../../ground/base/task.ts';
import type { Status } from '../../ground/api/types.ts';
import type { Chunk, Message } from '../../machines/network/chunk.ts';
import type { HttpExchange, HttpResponse } from '../../machines/network/http-types.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { ApiError, Client } from './types.ts';

/** Channels of v5.channel.k8s.io. Port-forward uses 2i for data and 2i+1 for errors of port i. */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const ERROR = 3;
export const RESIZE = 4;
export const CLOSE = 255;

/** One frame of the upgraded stream. */
export interface ChannelMessage extends Message {
  readonly protocol: 'k8s-channel';
  readonly channel: number;
  readonly data: Uint8Array;
}

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

/**
 * Runs an exec or attach from the client's side: upgrades `target` (path with query), copies streams
 * until the server's Status comes. Used by kubectl.
 */
export declare function streamExec(
  process: Process,
  client: Client,
  target: string,
  streams: ExecStreams,
): Task<Result<ExecOutcome, ApiError>>;

/** The server's side of the streams, handed to whoever runs the command. */
export interface ServerStreams extends StreamOptions {
  /** The next input of the client; undefined at its end. */
  receive(): Task<Uint8Array | undefined>;
  /** Sends to STDOUT or STDERR; false when the client has gone. */
  write(channel: number, bytes: Uint8Array): Task<boolean>;
  readonly sizes: Queue<TerminalSize>;
  readonly whenGone: Wait;
}

/**
 * Accepts the upgrade, runs the command with the streams, and ends with the Status that stands for
 * what it returns. Used by the runtime's streaming server (and whoever ends the stream).
 */
export declare function serveExec(
  process: Process,
  exchange: HttpExchange,
  options: StreamOptions,
  run: (streams: ServerStreams) => Task<ExecOutcome>,
): Task<void>;

/** Copies an upgraded stream both ways until either side ends: apiserver → kubelet → runtime. */
export declare function proxyStream(
  process: Process,
  exchange: HttpExchange,
  upstream: HttpResponse,
): Task<void>;

/** True when the request asks for an upgrade to the channel protocol. */
export declare function isStreamRequest(exchange: HttpExchange): boolean;
/** The headers that ask for the upgrade. */
export declare function streamHeaders(): ReadonlyMap<string, string>;
/** The Status that stands for an exit code: Success, or NonZeroExitCode with the cause ExitCode. */
export declare function exitStatus(outcome: ExecOutcome): Status;
export declare function channelMessage(channel: number, data: Uint8Array): ChannelMessage;
/** The frames of a chunk: one by reference, or those that the bytes hold. */
export declare function channelOf(chunk: Chunk): ChannelMessage | undefined;
