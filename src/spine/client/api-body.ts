/**
 * Bodies of API requests and answers as they travel: messages that carry the frozen object by
 * reference and turn into JSON only when somebody reads bytes (curl, tcpdump, the bridge). Both sides
 * of the API use this file. Watch events travel one message each, made once per event and shared by
 * all watchers.
 *
 * Not modelled: protobuf and CBOR bodies; what a client negotiates is settled by the bridge.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import type { Result } from '../../ground/base/result.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import { type Chunk, isBytes, type Message } from '../../machines/network/chunk.ts';
import type { WatchEvent } from './types.ts';

/** One API object (or list, Status, patch …) as a body. */
export interface ObjectMessage extends Message {
  readonly protocol: 'api-object';
  readonly object: unknown;
}

/** One event of a watch as a piece of a streamed body. */
export interface WatchMessage extends Message {
  readonly protocol: 'watch-event';
  readonly event: WatchEvent<KubeObject>;
}

/** A body that carries the frozen object; its bytes are JSON with a line end. */
export declare function objectMessage(object: unknown): ObjectMessage;
/** A watch event as one line of the stream: `{"type":"ADDED","object":{…}}`. */
export declare function watchMessage(event: WatchEvent<KubeObject>): WatchMessage;
/** The object of a body: by reference, or parsed from JSON bytes. The error is the parser's. */
export declare function objectOf(chunk: Chunk): Result<unknown, string>;
void utf8;
void isBytes;
