/**
 * The definitions behind the API's kinds: which fields an object has, in the order in which the
 * server prints them, with types, list keys, patch strategies, enums and protobuf numbers. Everything
 * that walks objects without knowing their kind (decoding, patching, protobuf, explain, OpenAPI) walks
 * these. They come from the API's own field table (1.34) by way of `schema-table.ts`.
 *
 * The table is one line per definition: `core.v1.PodSpec field field …`. Behind the name stands `%`
 * when the whole struct is atomic for server-side apply, and `(group,version,Kind)` for a top-level
 * kind. A field is `name:type` and then, each where it applies: `!` required, `#2.5` protobuf path
 * (field 5 of the message in field 2: an inlined struct), `<A,B>` enum, `@a`/`@s`/`@m(keys)` list
 * type, `%` atomic map, `~m:key` patch strategy (m merge, k retainKeys, r replace) and key. A type is
 * a letter of TYPES, `=Name` a definition (of the same package unless it has dots), `[` an array of
 * and `{` a map of what follows.
 */
import { required } from '../base/assert.ts';
import type { ResourceName } from './object.ts';
import { SCHEMA_TABLE } from './schema-table.ts';

export type ScalarKind =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'boolean'
  /** base64 text */
  | 'bytes'
  | 'quantity'
  /** RFC 3339, whole seconds */
  | 'time'
  /** RFC 3339, six digits */
  | 'microTime'
  | 'intOrString'
  /** Free form: RawExtension, FieldsV1. */
  | 'any';

/** The type of a value. */
export interface Shape {
  readonly kind: ScalarKind | 'object' | 'array' | 'map';
  /** Name of the definition, of an object. */
  readonly ref: string;
  /** Shape of elements, of an array or map. */
  readonly of: Shape | undefined;
}

export interface Field extends Shape {
  readonly name: string;
  readonly required: boolean;
  /** Protobuf numbers from the outermost message in; empty for apiVersion and kind. */
  readonly proto: readonly number[];
  readonly enum: readonly string[] | undefined;
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  /** Keys of a map list for server-side apply. */
  readonly listKeys: readonly string[];
  readonly atomicMap: boolean;
  /** Lists merge by `patchKey`, or as sets without one; else they are replaced. */
  readonly patchMerge: boolean;
  readonly retainKeys: boolean;
  readonly patchKey: string | undefined;
}

export interface Definition {
  /** `core.v1.PodSpec` */
  readonly name: string;
  /** `PodSpec` */
  readonly shortName: string;
  readonly atomic: boolean;
  readonly gvk:
    | { readonly group: string; readonly version: string; readonly kind: string }
    | undefined;
  /** In the order of the server's output. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
}

const TYPES: Readonly<Record<string, ScalarKind>> = {
  s: 'string',
  i: 'int32',
  l: 'int64',
  n: 'double',
  b: 'boolean',
  y: 'bytes',
  Q: 'quantity',
  T: 'time',
  U: 'microTime',
  I: 'intOrString',
  X: 'any',
};

const FIELD =
  /^([^:]+):([[{]*(?:=[\w.]+|[a-zA-Z]))(!?)(?:#([\d.]+))?(?:<([^>]*)>)?(?:@([asm])(?:\(([^)]*)\))?)?(%?)(?:~([mkr]+)(?::(\w+))?)?$/;
const HEAD = /^([\w.]+)(%?)(?:\(([^)]*)\))?$/;

const DEFINITIONS = decodeTable(SCHEMA_TABLE);

/** The definition of a name; asking for one that the table lacks is a mistake of ours. */
export function definitionOf(name: string): Definition {
  return required(DEFINITIONS.get(name), `no definition ${name} in the schema table`);
}

/** The definition that a shape refers to, or undefined for scalars, arrays and maps. */
export function objectOf(shape: Shape): Definition | undefined {
  return shape.kind === 'object' ? DEFINITIONS.get(shape.ref) : undefined;
}

/** All definitions, sorted by name. */
export function allDefinitions(): readonly Definition[] {
  return [...DEFINITIONS.values()];
}

/** The definition of a top-level kind. */
export function definitionOfKind(
  group: string,
  version: string,
  kind: string,
): Definition | undefined {
  return KINDS.get(`${group}/${version}/${kind}`);
}

/** The field at a path of names (`['spec', 'containers', 'image']`: through lists and maps), or undefined. */
export function fieldAt(definition: Definition, path: readonly string[]): Field | undefined {
  let current: Definition | undefined = definition;
  let field: Field | undefined;
  for (const name of path) {
    field = current?.byName.get(name);
    if (field === undefined) return undefined;
    let shape: Shape = field;
    while (shape.of !== undefined) shape = shape.of;
    current = objectOf(shape);
  }
  return field;
}

/** Group and version of a resource as definition names begin: `apps.v1`, `rbac.v1`, `core.v1`. */
export function packageOf(name: Pick<ResourceName, 'group' | 'version'>): string {
  const dot = name.group.indexOf('.');
  const short = dot < 0 ? name.group : name.group.slice(0, dot);
  return `${short === '' ? 'core' : short}.${name.version}`;
}

const KINDS: ReadonlyMap<string, Definition> = indexKinds();

function indexKinds(): Map<string, Definition> {
  const kinds = new Map<string, Definition>();
  for (const definition of DEFINITIONS.values()) {
    const gvk = definition.gvk;
    if (gvk !== undefined) kinds.set(`${gvk.group}/${gvk.version}/${gvk.kind}`, definition);
  }
  return kinds;
}

function decodeTable(text: string): ReadonlyMap<string, Definition> {
  const definitions = new Map<string, Definition>();
  for (const line of text.trim().split('\n')) {
    const definition = decodeLine(line);
    definitions.set(definition.name, definition);
  }
  return definitions;
}

function decodeLine(line: string): Definition {
  const [head = '', ...rest] = line.split(' ');
  const match = required(HEAD.exec(head), `bad definition ${head}`);
  const name = match[1] as string;
  const dot = name.lastIndexOf('.');
  const [group = '', version = '', kind = ''] = (match[3] ?? '').split(',');
  const fields = rest.map((text) => decodeField(text, name.slice(0, dot)));
  return {
    name,
    shortName: name.slice(dot + 1),
    atomic: match[2] === '%',
    gvk: match[3] === undefined ? undefined : { group, version, kind },
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
  };
}

function decodeField(text: string, owner: string): Field {
  const match = required(FIELD.exec(text), `bad field ${text}`);
  const shape = decodeType(match[2] as string, owner);
  const strategy = match[9] ?? '';
  const listTypes = { a: 'atomic', s: 'set', m: 'map' } as const;
  return {
    kind: shape.kind,
    ref: shape.ref,
    of: shape.of,
    name: match[1] as string,
    required: match[3] === '!',
    proto: match[4] === undefined ? [] : match[4].split('.').map(Number),
    enum: match[5]?.split(','),
    listType: match[6] === undefined ? undefined : listTypes[match[6] as 'a' | 's' | 'm'],
    listKeys: match[7]?.split(',') ?? [],
    atomicMap: match[8] === '%',
    patchMerge: strategy.includes('m'),
    retainKeys: strategy.includes('k'),
    patchKey: match[10],
  };
}

function decodeType(text: string, owner: string): Shape {
  const rest = text.slice(1);
  if (text[0] === '[') return { kind: 'array', ref: '', of: decodeType(rest, owner) };
  if (text[0] === '{') return { kind: 'map', ref: '', of: decodeType(rest, owner) };
  if (text[0] === '=') {
    return { kind: 'object', ref: rest.includes('.') ? rest : `${owner}.${rest}`, of: undefined };
  }
  return {
    kind: required(TYPES[text], `bad type ${text}`),
    ref: '',
    of: undefined,
  };
}
