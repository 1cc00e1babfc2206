/**
 * Bodies of API requests and answers as they travel: messages that carry the frozen object by
 * reference and turn into JSON only when somebody reads bytes (curl, tcpdump, the bridge). Both sides
 * of the API use this file. Watch events travel one message each, made once per event and shared by
 * all watchers.
 *
 * Not modelled: protobuf and CBOR bodies; what a foreign client negotiates is settled by the bridge.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import { textOf, utf8 } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { formatJson, parseJson } from '../../ground/lang/json.ts';
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

/** How an object reads as text: its fields in their order, whatever order they were set in. */
export type Order = (object: unknown) => unknown;

const AS_IT_IS: Order = (object) => object;

class ObjectBody implements ObjectMessage {
  readonly protocol = 'api-object';
  readonly object: unknown;
  readonly #order: Order;
  #size: number;

  constructor(object: unknown, size: number, order: Order) {
    this.object = object;
    this.#size = size;
    this.#order = order;
  }

  get wireSize(): number {
    if (this.#size < 0) this.#size = estimateSize(this.object);
    return this.#size;
  }

  render(): Uint8Array {
    return utf8(`${formatJson(this.#order(this.object))}\n`);
  }
}

class WatchBody implements WatchMessage {
  readonly protocol = 'watch-event';
  readonly event: WatchEvent<KubeObject>;
  readonly #order: Order;
  #size = -1;

  constructor(event: WatchEvent<KubeObject>, order: Order) {
    this.event = event;
    this.#order = order;
  }

  get wireSize(): number {
    if (this.#size < 0) this.#size = 28 + estimateSize(this.event.object);
    return this.#size;
  }

  render(): Uint8Array {
    const { type, object } = this.event;
    return utf8(`{"type":"${type}","object":${formatJson(this.#order(object))}}\n`);
  }
}

/**
 * A body that carries the frozen object; its bytes are JSON with a line end. Its size is measured
 * when asked for, unless given: for an object with parts that are made when they are read.
 */
export function objectMessage(object: unknown, size = -1, order = AS_IT_IS): ObjectMessage {
  return new ObjectBody(object, size, order);
}

/** A watch event as one line of the stream: `{"type":"ADDED","object":{…}}`. */
export function watchMessage(event: WatchEvent<KubeObject>, order = AS_IT_IS): WatchMessage {
  return new WatchBody(event, order);
}

/** The object of a body: by reference, or parsed from JSON bytes and frozen. The error is the parser's. */
export function objectOf(chunk: Chunk): Result<unknown, string> {
  if (!isBytes(chunk) && chunk.protocol === 'api-object') {
    return ok((chunk as ObjectMessage).object);
  }
  const parsed = parseJson(textOf(isBytes(chunk) ? chunk : chunk.render()));
  return parsed.ok ? ok(freezeDeep(parsed.value.value)) : err(parsed.error.message);
}

/**
 * The events of a piece of a watch's body: one by reference, or the complete lines of bytes. `rest`
 * is the start of a line that was cut, to be given again with the next piece.
 */
export function watchEventsOf(
  chunk: Chunk,
  rest: string,
): { readonly events: readonly WatchEvent<KubeObject>[]; readonly rest: string } {
  if (!isBytes(chunk) && chunk.protocol === 'watch-event') {
    return { events: [(chunk as WatchMessage).event], rest };
  }
  const lines = (rest + textOf(isBytes(chunk) ? chunk : chunk.render())).split('\n');
  const tail = lines.pop() ?? '';
  const events: WatchEvent<KubeObject>[] = [];
  for (const line of lines) {
    if (line === '') continue;
    const parsed = parseJson(line);
    if (parsed.ok) events.push(freezeDeep(parsed.value.value) as unknown as WatchEvent<KubeObject>);
  }
  return { events, rest: tail };
}

/** About how many bytes the JSON of a value takes. A long list is judged by its first items. */
function estimateSize(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  if (Array.isArray(value)) return estimateList(value);
  let size = 2;
  for (const key in value) {
    const part = (value as Record<string, unknown>)[key];
    if (part !== undefined) size += key.length + 4 + estimateSize(part);
  }
  return size;
}

/** Items of a list that are measured; the others are taken to be alike. */
const MEASURED_MAX = 8;

function estimateList(list: readonly unknown[]): number {
  const measured = Math.min(list.length, MEASURED_MAX);
  let size = 0;
  for (let index = 0; index < measured; index += 1) size += 1 + estimateSize(list[index]);
  return measured === 0 ? 2 : 2 + Math.ceil((size / measured) * list.length);
}
