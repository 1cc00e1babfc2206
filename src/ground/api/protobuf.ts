/**
 * Objects as protocol buffers, by the field table: the envelope `k8s\0` around runtime.Unknown, and a
 * walk over the definition (facts of the wire in k8s.io/apimachinery runtime/serializer/protobuf and
 * the generated messages, 1.34). What JSON writes as a text or number and protobuf as a message
 * (times, quantities, int-or-string, maps) is converted here; structs that JSON flattens go to their
 * inner message by the path of numbers that the table gives.
 */
import { base64Of, parseBase64, textOf } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { formatRfc3339, formatRfc3339Micro, parseRfc3339 } from '../base/time.ts';
import { formatJson, parseJson } from '../lang/json.ts';
import { type ProtoField, ProtoWriter, readFields } from '../lang/protobuf.ts';
import { setOwn, type Value } from '../lang/value.ts';
import { type Definition, definitionOfKind, type Field, objectOf, type Shape } from './schema.ts';

const MAGIC = [0x6b, 0x38, 0x73, 0x00];

/** The bytes of an object of a known kind, as etcd stores them and clients send them. */
export function encodeProtobuf(
  definition: Definition,
  object: Readonly<Record<string, unknown>>,
): Uint8Array {
  const apiVersion = String(object['apiVersion'] ?? '');
  const kind = String(object['kind'] ?? '');
  return encodeEnvelope(apiVersion, kind, encodeMessage(definition, object));
}

/** `k8s\0` and runtime.Unknown around the bytes of an object. */
export function encodeEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const type = new ProtoWriter();
  type.text(1, apiVersion);
  type.text(2, kind);
  const unknown = new ProtoWriter();
  unknown.bytes(1, type.finish());
  unknown.bytes(2, raw);
  unknown.text(3, '');
  unknown.text(4, '');
  const body = unknown.finish();
  const out = new Uint8Array(MAGIC.length + body.length);
  out.set(MAGIC);
  out.set(body, MAGIC.length);
  return out;
}

export interface DecodedProtobuf {
  readonly definition: Definition;
  /** Fields by their JSON names, apiVersion and kind included; to be decoded like JSON. */
  readonly value: Value;
}

/**
 * Reads an enveloped object. What the table does not know by its kind (options, which are registered
 * in every group) is read by the `expected` definition. The error is a text for a 400.
 */
export function decodeProtobuf(
  bytes: Uint8Array,
  expected?: Definition,
): Result<DecodedProtobuf, string> {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    return err(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  const unknown = readFields(bytes.subarray(MAGIC.length));
  const type = readFields(bytesOf(unknown, 1));
  if (unknown === undefined || type === undefined) return err('proto: illegal wireType');
  const apiVersion = textOf(bytesOf(type, 1));
  const kind = textOf(bytesOf(type, 2));
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const definition = definitionOfKind(group, apiVersion.slice(slash + 1), kind) ?? expected;
  if (definition === undefined)
    return err(`no kind "${kind}" is registered for version "${apiVersion}"`);
  const value = decodeMessage(definition, bytesOf(unknown, 2));
  if (value === undefined) return err('unexpected EOF');
  return ok({ definition, value: { kind, apiVersion, ...(value as object) } as Value });
}

function bytesOf(fields: readonly ProtoField[] | undefined, number: number): Uint8Array {
  return fields?.find((field) => field.number === number)?.bytes ?? new Uint8Array(0);
}

/** One message by its definition. */
export function encodeMessage(
  definition: Definition,
  object: Readonly<Record<string, unknown>>,
): Uint8Array {
  const writer = new ProtoWriter();
  const inner = new Map<number, [Field, unknown][]>();
  for (const field of inWireOrder(definition)) {
    const value = object[field.name];
    const number = field.proto[0];
    if (value === undefined || value === null || number === undefined) continue;
    if (!Object.hasOwn(object, field.name)) continue;
    if (field.proto.length === 1) encodeField(writer, number, field, value);
    else inner.set(number, [...(inner.get(number) ?? []), [field, value]]);
  }
  for (const [number, parts] of inner) writer.bytes(number, encodeInner(parts, 1));
  return writer.finish();
}

/** Fields by their first number, as upstream's generated code writes them. */
function inWireOrder(definition: Definition): readonly Field[] {
  return [...definition.fields].sort((a, b) => (a.proto[0] ?? 0) - (b.proto[0] ?? 0));
}

/** A message that JSON flattens; `depth` is how far down its numbers' path we are. */
function encodeInner(parts: readonly [Field, unknown][], depth: number): Uint8Array {
  const writer = new ProtoWriter();
  const deeper = new Map<number, [Field, unknown][]>();
  for (const [field, value] of parts) {
    const number = field.proto[depth] as number;
    if (field.proto.length === depth + 1) encodeField(writer, number, field, value);
    else deeper.set(number, [...(deeper.get(number) ?? []), [field, value]]);
  }
  for (const [number, rest] of deeper) writer.bytes(number, encodeInner(rest, depth + 1));
  return writer.finish();
}

function encodeField(writer: ProtoWriter, number: number, shape: Shape, value: unknown): void {
  if (shape.kind === 'array') {
    for (const item of value as readonly unknown[]) {
      encodeField(writer, number, shape.of as Shape, item);
    }
  } else if (shape.kind === 'map') {
    const of = shape.of as Shape;
    for (const [key, item] of Object.entries(value as object)) {
      const entry = new ProtoWriter();
      entry.text(1, key);
      // A list as a map's value is wrapped in a message of its own (ExtraValue).
      if (of.kind === 'array') {
        const list = new ProtoWriter();
        encodeField(list, 1, of, item);
        entry.bytes(2, list.finish());
      } else encodeField(entry, 2, of, item);
      writer.bytes(number, entry.finish());
    }
  } else encodeScalar(writer, number, shape, value);
}

function encodeScalar(writer: ProtoWriter, number: number, shape: Shape, value: unknown): void {
  switch (shape.kind) {
    case 'string':
      writer.text(number, String(value));
      return;
    case 'boolean':
    case 'int32':
    case 'int64':
      writer.varint(number, value as number | boolean);
      return;
    case 'double':
      writer.double(number, value as number);
      return;
    case 'bytes':
      writer.bytes(number, parseBase64(String(value)) ?? new Uint8Array(0));
      return;
    case 'quantity':
      writer.bytes(
        number,
        messageOf((each) => each.text(1, String(value))),
      );
      return;
    case 'time':
    case 'microTime':
      writer.bytes(number, encodeTime(String(value)));
      return;
    case 'intOrString':
      writer.bytes(number, encodeIntOrString(value as number | string));
      return;
    case 'any':
      writer.bytes(
        number,
        messageOf((each) => each.text(1, formatJson(value))),
      );
      return;
    default: {
      const definition = objectOf(shape);
      if (definition === undefined) return;
      const object = value as Readonly<Record<string, unknown>>;
      writer.bytes(number, encodeMessage(definition, object));
    }
  }
}

function messageOf(write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter();
  write(writer);
  return writer.finish();
}

function encodeTime(text: string): Uint8Array {
  const wall = parseRfc3339(text) ?? 0;
  const seconds = Math.floor(wall / 1_000_000);
  return messageOf((writer) => {
    writer.varint(1, seconds);
    writer.varint(2, (wall - seconds * 1_000_000) * 1000);
  });
}

function encodeIntOrString(value: number | string): Uint8Array {
  return messageOf((writer) => {
    writer.varint(1, typeof value === 'string' ? 1 : 0);
    writer.varint(2, typeof value === 'number' ? value : 0);
    writer.text(3, typeof value === 'string' ? value : '');
  });
}

/** The JSON form of a message, or undefined when its bytes are malformed. */
function decodeMessage(definition: Definition, bytes: Uint8Array): Value | undefined {
  const result: Record<string, Value> = {};
  return decodeInto(result, definition.fields, bytes, 0) ? result : undefined;
}

function decodeInto(
  result: Record<string, Value>,
  fields: readonly Field[],
  bytes: Uint8Array,
  depth: number,
): boolean {
  const wire = readFields(bytes);
  if (wire === undefined) return false;
  for (const each of wire) {
    const candidates = fields.filter((field) => field.proto[depth] === each.number);
    const field = candidates.find((candidate) => candidate.proto.length === depth + 1);
    if (field !== undefined) {
      if (!decodeField(result, field, each)) return false;
    } else if (candidates.length > 0 && !decodeInto(result, candidates, each.bytes, depth + 1)) {
      return false;
    }
  }
  return true;
}

function decodeField(result: Record<string, Value>, field: Field, wire: ProtoField): boolean {
  const before = Object.hasOwn(result, field.name) ? result[field.name] : undefined;
  if (field.kind === 'array') {
    const item = decodeScalar(field.of as Shape, wire);
    if (item === undefined) return false;
    result[field.name] = [...((before as readonly Value[] | undefined) ?? []), item];
    return true;
  }
  if (field.kind === 'map') {
    const entry = readFields(wire.bytes);
    if (entry === undefined) return false;
    const of = field.of as Shape;
    const last = entry.filter((each) => each.number === 2).pop();
    const value = last === undefined ? emptyOf(of) : decodeMapValue(of, last);
    if (value === undefined) return false;
    const map = (before ?? {}) as Record<string, Value>;
    setOwn(map, textOf(bytesOf(entry, 1)), value);
    result[field.name] = map;
    return true;
  }
  const value = decodeScalar(field, wire);
  if (value === undefined) return false;
  result[field.name] = value;
  return true;
}

function emptyOf(shape: Shape): Value {
  if (shape.kind === 'object') return {};
  return shape.kind === 'array' ? [] : shape.kind === 'boolean' ? false : '';
}

function decodeMapValue(of: Shape, wire: ProtoField): Value | undefined {
  if (of.kind !== 'array') return decodeScalar(of, wire);
  const items = readFields(wire.bytes);
  if (items === undefined) return undefined;
  const list = items.map((item) => decodeScalar(of.of as Shape, item));
  return list.some((item) => item === undefined) ? undefined : (list as Value[]);
}

function decodeScalar(shape: Shape, wire: ProtoField): Value | undefined {
  switch (shape.kind) {
    case 'string':
      return textOf(wire.bytes);
    case 'boolean':
      return wire.value !== 0n;
    case 'int32':
    case 'int64': {
      const signed = BigInt.asIntN(64, wire.value);
      const number = Number(signed);
      return Number.isSafeInteger(number) ? number : signed;
    }
    case 'double': {
      if (wire.bytes.length !== 8) return undefined;
      return new DataView(wire.bytes.buffer, wire.bytes.byteOffset, 8).getFloat64(0, true);
    }
    case 'bytes':
      return base64Of(wire.bytes);
    case 'quantity':
      return textOf(bytesOf(readFields(wire.bytes), 1));
    case 'time':
    case 'microTime':
      return decodeTime(shape, wire.bytes);
    case 'intOrString':
      return decodeIntOrString(wire.bytes);
    case 'any': {
      const parsed = parseJson(textOf(bytesOf(readFields(wire.bytes), 1)));
      return parsed.ok ? parsed.value.value : {};
    }
    default: {
      const definition = objectOf(shape);
      return definition === undefined ? {} : decodeMessage(definition, wire.bytes);
    }
  }
}

function decodeTime(shape: Shape, bytes: Uint8Array): Value | undefined {
  const fields = readFields(bytes);
  if (fields === undefined) return undefined;
  // A zero time is no time.
  if (fields.length === 0) return null;
  const part = (number: number): number =>
    Number(BigInt.asIntN(64, fields.find((each) => each.number === number)?.value ?? 0n));
  const wall = part(1) * 1_000_000 + Math.floor(part(2) / 1000);
  return shape.kind === 'time' ? formatRfc3339(wall) : formatRfc3339Micro(wall);
}

function decodeIntOrString(bytes: Uint8Array): Value | undefined {
  const fields = readFields(bytes);
  if (fields === undefined) return undefined;
  const isText = fields.some((each) => each.number === 1 && each.value === 1n);
  if (isText) return textOf(bytesOf(fields, 3));
  const found = fields.find((each) => each.number === 2)?.value ?? 0n;
  return Number(BigInt.asIntN(64, found));
}
