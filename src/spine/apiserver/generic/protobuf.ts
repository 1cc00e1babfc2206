/**
 * The bytes that upstream stores for an object: `k8s\0`, then runtime.Unknown with apiVersion, kind and
 * the object in protobuf by the field table (k8s.io/apimachinery/pkg/runtime/serializer/protobuf,
 * v0.34). Made only when somebody reads etcd's bytes.
 */
import {
  type Field,
  type Shape,
  definitionOf,
  definitionOfKind,
} from '../../../ground/api/schema.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { concatBytes, parseBase64, utf8 } from '../../../ground/base/bytes.ts';
import { parseRfc3339 } from '../../../ground/base/time.ts';
import { formatJson } from '../../../ground/lang/json.ts';

const MAGIC = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);
const VARINT = 0;
const LENGTH = 2;

/** `k8s\0` and the object. */
export function encodeStored(object: KubeObject): Uint8Array {
  const [group = '', version = ''] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const definition = definitionOfKind(group, version, object.kind);
  const raw =
    definition === undefined ? utf8(formatJson(object)) : message(definition.name, object);
  const meta = concatBytes([text(1, object.apiVersion), text(2, object.kind)]);
  return concatBytes([MAGIC, bytesField(1, meta), bytesField(2, raw), text(3, ''), text(4, '')]);
}

/** A message: fields in the order of their numbers, inlined structs as messages of their own. */
function message(name: string, value: unknown): Uint8Array {
  const root: Node = { parts: new Map(), children: new Map() };
  const object = value as Readonly<Record<string, unknown>>;
  for (const field of definitionOf(name).fields) {
    const content = Object.hasOwn(object, field.name) ? object[field.name] : undefined;
    if (content === undefined || field.proto.length === 0) continue;
    let node = root;
    for (const number of field.proto.slice(0, -1)) {
      const child = node.children.get(number) ?? { parts: new Map(), children: new Map() };
      node.children.set(number, child);
      node = child;
    }
    const number = field.proto[field.proto.length - 1] as number;
    node.parts.set(number, fieldBytes(number, field, content));
  }
  return render(root);
}

interface Node {
  readonly parts: Map<number, Uint8Array>;
  readonly children: Map<number, Node>;
}

function render(node: Node): Uint8Array {
  for (const [number, child] of node.children)
    node.parts.set(number, bytesField(number, render(child)));
  const numbers = [...node.parts.keys()].sort((a, b) => a - b);
  return concatBytes(numbers.map((number) => node.parts.get(number) as Uint8Array));
}

function fieldBytes(number: number, field: Field, value: unknown): Uint8Array {
  if (field.kind === 'array') {
    const items = value as readonly unknown[];
    return concatBytes(items.map((item) => single(number, field.of as Shape, item)));
  }
  if (field.kind === 'map') {
    const map = value as Readonly<Record<string, unknown>>;
    return concatBytes(
      Object.keys(map).map((key) =>
        bytesField(number, concatBytes([text(1, key), single(2, field.of as Shape, map[key])])),
      ),
    );
  }
  return single(number, field, value);
}

function single(number: number, shape: Shape, value: unknown): Uint8Array {
  switch (shape.kind) {
    case 'string':
      return text(number, String(value));
    case 'int32':
    case 'int64':
      return concatBytes([tag(number, VARINT), varint(Number(value))]);
    case 'boolean':
      return concatBytes([tag(number, VARINT), varint(value === true ? 1 : 0)]);
    case 'bytes':
      return bytesField(number, parseBase64(String(value)) ?? new Uint8Array(0));
    case 'quantity':
      return bytesField(number, text(1, String(value)));
    case 'time':
    case 'microTime':
      return bytesField(number, time(String(value)));
    case 'intOrString':
      return bytesField(number, intOrString(value as number | string));
    case 'object':
      return bytesField(number, message(shape.ref, value));
    default:
      return bytesField(number, bytesField(1, utf8(formatJson(value))));
  }
}

function time(value: string): Uint8Array {
  const wall = parseRfc3339(value) ?? 0;
  const seconds = Math.floor(wall / 1_000_000);
  const nanos = (wall - seconds * 1_000_000) * 1000;
  return concatBytes([tag(1, VARINT), varint(seconds), tag(2, VARINT), varint(nanos)]);
}

function intOrString(value: number | string): Uint8Array {
  const isText = typeof value === 'string';
  return concatBytes([
    tag(1, VARINT),
    varint(isText ? 1 : 0),
    tag(2, VARINT),
    varint(isText ? 0 : value),
    text(3, isText ? value : ''),
  ]);
}

function text(number: number, value: string): Uint8Array {
  return bytesField(number, utf8(value));
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return concatBytes([tag(number, LENGTH), varint(bytes.length), bytes]);
}

function tag(number: number, wire: number): Uint8Array {
  return varint(number * 8 + wire);
}

/** Base 128, least first; negative numbers as 64-bit two's complement. */
function varint(value: number): Uint8Array {
  if (value < 0) {
    // Ten bytes: the low 53 bits of −n−1 inverted, the rest ones.
    let rest = -value - 1;
    const out = new Uint8Array(10);
    for (let index = 0; index < 9; index += 1) {
      out[index] = 0x80 | (0x7f - (rest % 128));
      rest = Math.floor(rest / 128);
    }
    out[9] = 1;
    return out;
  }
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push(0x80 | (rest % 128));
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return new Uint8Array(out);
}
