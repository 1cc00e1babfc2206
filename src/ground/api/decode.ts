/**
 * From parsed JSON or YAML to frozen, typed objects with their fields in schema order: what
 * sigs.k8s.io/json does into Go structs (k8s.io/apimachinery runtime/serializer/json, v0.34). Unknown
 * and duplicate fields are collected by path for field validation; the first value of a wrong type
 * is the error, in Go's words; nulls and empty optional fields disappear, as they do on their way
 * through Go structs with `omitempty`; quantities become canonical.
 *
 * The value's own order of keys decides which error is first, the schema's order how the result
 * prints. Nothing of the input is kept but strings.
 */
import { parseBase64 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { quote } from '../base/text.ts';
import { formatRfc3339, formatRfc3339Micro, parseRfc3339 } from '../base/time.ts';
import { formatJson, formatNumber } from '../lang/json.ts';
import { type DuplicateKey, formatPath, isValueMap, setOwn, type Value } from '../lang/value.ts';
import { freezeDeep, newRecord } from './edit.ts';
import { goTypeOf } from './go-types.ts';
import type { KubeObject } from './object.ts';
import { canonicalQuantity } from './quantity.ts';
import { type Definition, definitionOf, type Field, objectOf, type Shape } from './schema.ts';

export interface Decoded<T = KubeObject> {
  readonly object: T;
  /** `unknown field "spec.replica"`, `duplicate field "spec.replicas"`, in the order of the text. */
  readonly strict: readonly string[];
}

/**
 * Optional scalars that are pointers in Go, whose zero is therefore kept. By field name: none of
 * these names is a pointer in one served struct and a plain value in another where it matters.
 */
const POINTERS: ReadonlySet<string> = new Set(
  `replicas revisionHistoryLimit progressDeadlineSeconds terminationGracePeriodSeconds priority
  activeDeadlineSeconds runAsUser runAsGroup runAsNonRoot fsGroup fsGroupChangePolicy defaultMode mode
  tolerationSeconds timeoutSeconds expirationSeconds collisionCount leaseDurationSeconds
  leaseTransitions automountServiceAccountToken enableServiceLinks shareProcessNamespace
  setHostnameAsFQDN hostUsers privileged allowPrivilegeEscalation readOnlyRootFilesystem optional
  controller blockOwnerDeletion immutable allocateLoadBalancerNodePorts started serving terminating
  ready port name protocol appProtocol deletionGracePeriodSeconds storageClassName gracePeriodSeconds
  orphanDependents terminatingReplicas holderIdentity stopSignal exitCode request`.split(/\s+/),
);
/** Of those names, the ones that are pointers in some structs only: `Struct.field`. */
const VALUES: ReadonlySet<string> = new Set(
  `ContainerPort.name ContainerPort.protocol ServicePort.name ServicePort.protocol ObjectMeta.name
  EndpointPort.name EndpointPort.protocol ServiceReference.name LocalObjectReference.name
  ConfigMapKeySelector.name SecretKeySelector.name ConfigMapEnvSource.name SecretEnvSource.name
  ConfigMapProjection.name SecretProjection.name ConfigMapVolumeSource.name ObjectReference.name
  Probe.timeoutSeconds ResourceAttributes.name BoundObjectReference.name StatusDetails.name
  ReplicaSetStatus.replicas DeploymentStatus.replicas PortStatus.protocol ScaleSpec.replicas`.split(
    /\s+/,
  ),
);
/** `discovery.v1.EndpointPort` has pointers where the core type of that name has values. */
const POINTER_PORTS = 'discovery.v1.EndpointPort';

/** Decodes a value by the definition of its kind. The error is Go's text. */
export function decodeAs<T>(
  definitionName: string,
  value: Value,
  duplicates: readonly DuplicateKey[] = [],
): Result<Decoded<T>, string> {
  const decoder = new Decoder();
  const object = decoder.root(definitionOf(definitionName), value);
  if (decoder.error !== undefined) return err(decoder.error);
  const strict = [
    ...decoder.unknown.map((path) => `unknown field ${quote(path)}`),
    ...duplicates.map((each) => `duplicate field ${quote(formatPath([...each.path, each.key]))}`),
  ];
  return ok({ object: object as T, strict });
}

/** True when an optional field of this value is left out, as Go's `omitempty` does. */
function isOmitted(definition: Definition, field: Field, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (field.required) return false;
  if (field.kind === 'array') return (value as readonly unknown[]).length === 0;
  if (field.kind === 'map') return Object.keys(value as object).length === 0;
  if (value !== '' && value !== 0 && value !== false) return false;
  if (field.kind === 'intOrString' || field.kind === 'quantity') return false;
  if (!POINTERS.has(field.name)) return true;
  if (definition.name === POINTER_PORTS) return false;
  return VALUES.has(`${definition.shortName}.${field.name}`);
}

class Decoder {
  readonly unknown: string[] = [];
  error: string | undefined;
  /** JSON names of the structs' fields on the way, for Go's error text. */
  readonly #fields: string[] = [];
  /** The path with indices and map keys, for unknown fields. */
  readonly #path: (string | number)[] = [];
  #struct = '';

  root(definition: Definition, value: Value): unknown {
    if (isValueMap(value)) return this.#object(definition, value);
    this.error = `json: cannot unmarshal ${jsonKind(value)} into Go value of type v1.${definition.shortName}`;
    return undefined;
  }

  #object(definition: Definition, value: Readonly<Record<string, Value>>): unknown {
    const keys = Object.keys(value);
    const found = newRecord(0);
    const outer = this.#struct;
    let count = 0;
    for (const key of keys) {
      const field = definition.byName.get(key);
      if (field === undefined) {
        this.unknown.push(formatPath([...this.#path, key]));
        continue;
      }
      const raw = value[key];
      if (raw === null || raw === undefined) continue;
      this.#struct = definition.shortName;
      this.#fields.push(key);
      this.#path.push(key);
      const decoded = this.#value(field, raw, definition, field);
      this.#fields.pop();
      this.#path.pop();
      if (isOmitted(definition, field, decoded)) continue;
      setOwn(found, key, decoded);
      count += 1;
    }
    this.#struct = outer;
    const result = newRecord(count);
    for (const field of definition.fields) {
      if (Object.hasOwn(found, field.name)) result[field.name] = found[field.name];
    }
    return Object.freeze(result);
  }

  #value(shape: Shape, value: Value, owner: Definition, field: Field): unknown {
    switch (shape.kind) {
      case 'object':
        return this.#message(shape, value, owner, field);
      case 'array':
        return this.#list(shape, value, owner, field);
      case 'map':
        return this.#map(shape, value, owner, field);
      case 'any':
        return freezeDeep(value);
      default:
        return this.#scalar(shape, value, owner, field);
    }
  }

  #message(shape: Shape, value: Value, owner: Definition, field: Field): unknown {
    if (value === null) return Object.freeze({});
    const definition = objectOf(shape);
    if (definition === undefined || !isValueMap(value))
      return this.#mismatch(shape, value, owner, field);
    return this.#object(definition, value);
  }

  #list(shape: Shape, value: Value, owner: Definition, field: Field): unknown {
    if (!Array.isArray(value)) return this.#mismatch(shape, value, owner, field);
    const of = shape.of as Shape;
    const list: unknown[] = [];
    value.forEach((item: Value, index) => {
      this.#path.push(index);
      list.push(item === null ? emptyOf(of) : this.#value(of, item, owner, field));
      this.#path.pop();
    });
    return Object.freeze(list);
  }

  #map(shape: Shape, value: Value, owner: Definition, field: Field): unknown {
    if (!isValueMap(value)) return this.#mismatch(shape, value, owner, field);
    const of = shape.of as Shape;
    const map: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const item = value[key] as Value;
      this.#path.push(key);
      setOwn(map, key, item === null ? emptyOf(of) : this.#value(of, item, owner, field));
      this.#path.pop();
    }
    return Object.freeze(map);
  }

  #scalar(shape: Shape, value: Value, owner: Definition, field: Field): unknown {
    switch (shape.kind) {
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(shape, value, owner, field);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#mismatch(shape, value, owner, field);
      case 'int32':
        return isWhole(value, 2 ** 31) ? value : this.#mismatch(shape, value, owner, field);
      case 'int64':
        if (typeof value === 'bigint' && fitsInt64(value)) return Number(value);
        return isWhole(value, 2 ** 63) ? value : this.#mismatch(shape, value, owner, field);
      case 'double':
        if (typeof value === 'bigint') return Number(value);
        return typeof value === 'number' ? value : this.#mismatch(shape, value, owner, field);
      case 'bytes':
        return this.#bytes(shape, value, owner, field);
      case 'quantity':
        return this.#quantity(value);
      case 'intOrString':
        if (typeof value === 'string' || isWhole(value, 2 ** 31)) return value;
        return this.#fail(`json: cannot unmarshal ${jsonKind(value)} into Go value of type int32`);
      default:
        return this.#time(shape, value);
    }
  }

  #bytes(shape: Shape, value: Value, owner: Definition, field: Field): unknown {
    if (typeof value !== 'string') return this.#mismatch(shape, value, owner, field);
    const clean = value.replace(/[\r\n]/g, '');
    const bad = /[^A-Za-z0-9+/=\r\n]/.exec(value);
    if (bad !== null) return this.#fail(`illegal base64 data at input byte ${bad.index}`);
    if (clean.length % 4 !== 0 || parseBase64(clean) === undefined) {
      const body = clean.replace(/=+$/, '').length;
      return this.#fail(`illegal base64 data at input byte ${body - (body % 4)}`);
    }
    return clean;
  }

  #quantity(value: Value): unknown {
    const text =
      typeof value === 'string'
        ? value.trim()
        : typeof value === 'number'
          ? formatNumber(value)
          : typeof value === 'object'
            ? formatJson(value)
            : String(value);
    const canonical = canonicalQuantity(text);
    return canonical.ok ? canonical.value : this.#fail(canonical.error);
  }

  #time(shape: Shape, value: Value): unknown {
    if (typeof value !== 'string') {
      return this.#fail(`json: cannot unmarshal ${jsonKind(value)} into Go value of type string`);
    }
    const wall = parseRfc3339(value);
    if (wall === undefined) {
      const layout =
        shape.kind === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00';
      return this.#fail(
        `parsing time ${quote(value)} as "${layout}": cannot parse ${quote(value)} as "2006"`,
      );
    }
    return shape.kind === 'time' ? formatRfc3339(wall) : formatRfc3339Micro(wall);
  }

  #mismatch(shape: Shape, value: Value, owner: Definition, field: Field): undefined {
    const type = goTypeOf(shape, owner, field);
    const got =
      typeof value === 'number' || typeof value === 'bigint'
        ? numberText(shape, value)
        : jsonKind(value);
    return this.#fail(
      `json: cannot unmarshal ${got} into Go struct field ${this.#struct}.${this.#fields.join('.')} of type ${type}`,
    );
  }

  #fail(message: string): undefined {
    this.error ??= message;
    return undefined;
  }
}

/** What Go puts for a null inside a list or map. */
function emptyOf(shape: Shape): unknown {
  switch (shape.kind) {
    case 'object':
    case 'map':
      return Object.freeze({});
    case 'array':
      return Object.freeze([]);
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'boolean':
      return false;
    case 'quantity':
      return '0';
    default:
      return '';
  }
}

function isWhole(value: Value, limit: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
}

function fitsInt64(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 63n;
}

/** Numbers that are no good for a whole-number field are named, others only called a number. */
function numberText(shape: Shape, value: number | bigint): string {
  if (shape.kind !== 'int32' && shape.kind !== 'int64') return 'number';
  return `number ${typeof value === 'number' ? formatNumber(value) : value}`;
}

function jsonKind(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'number';
  return typeof value;
}
