/** What streams of values carry beside values: errors, breaks and pauses. */
import { formatJson, type Json, typeName } from './value.ts';

export interface Label {
  readonly name: string;
}

export class Item {
  readonly value: Json;
  /** How it was reached from the root; undefined when that is not asked or not known. */
  readonly path: readonly Json[] | undefined;

  constructor(value: Json, path: readonly Json[] | undefined) {
    this.value = value;
    this.path = path;
  }
}

export class JqError {
  readonly value: Json;

  constructor(value: Json) {
    this.value = value;
  }
}

export class Break {
  readonly label: Label;

  constructor(label: Label) {
    this.label = label;
  }
}

export class Pause {}

export type Signal = JqError | Break | Pause;
export type Stream = Generator<Item | Signal, void, void>;

export function* one(item: Item | Signal): Stream {
  yield item;
}

/** A value or an error as a stream's item. */
export function wrap(value: Json | JqError): Item | JqError {
  return value instanceof JqError ? value : new Item(value, undefined);
}

/** Nothing follows an error or a break. */
export function isEnd(item: Item | Signal): boolean {
  return item instanceof JqError || item instanceof Break;
}

export function clip(text: string): string {
  return text.length > 14 ? `${text.slice(0, 11)}...` : text;
}

/** `string ("abc")`, cut as jq 1.6 cuts it. */
export function describe(value: Json): string {
  return `${typeName(value)} (${clip(formatJson(value))})`;
}

/** The same value without the path by which it was reached. */
export function plainItem(item: Item): Item {
  return item.path === undefined ? item : new Item(item.value, undefined);
}
