/**
 * OpenAPI v3 from the schema tables and descriptors: what kubectl reads of it (validation of fields,
 * patch strategies, kinds), one document per group version, made when it is asked for
 * (k8s.io/kube-openapi, as of v0.34). Descriptions come later.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { freezeDeep } from '../../../ground/api/edit.ts';
import {
  type Definition,
  definitionOf,
  type Field,
  type Shape,
} from '../../../ground/api/schema.ts';
import { fnv1a } from '../../../ground/base/hash.ts';

type Json = Readonly<Record<string, unknown>>;

export class OpenApi {
  readonly #descriptors: readonly ResourceDescriptor[];
  readonly #documents = new Map<string, unknown>();

  constructor(descriptors: readonly ResourceDescriptor[]) {
    this.#descriptors = descriptors;
  }

  /** `/openapi/v3`: the documents by path. */
  index(): unknown {
    const paths: Record<string, unknown> = {};
    for (const each of this.#descriptors) {
      const path = pathOf(each);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(path)}` };
    }
    return freezeDeep({ paths });
  }

  /** Paths of the documents: `api/v1`, `apis/apps/v1`. */
  paths(): readonly string[] {
    return [...new Set(this.#descriptors.map(pathOf))];
  }

  /** `/openapi/v3/apis/apps/v1`; undefined when there is none. */
  document(path: string): unknown {
    const known = this.#documents.get(path);
    if (known !== undefined) return known;
    const own = this.#descriptors.filter((each) => pathOf(each) === path);
    if (own.length === 0) return undefined;
    const paths: Record<string, unknown> = {};
    const schemas: Record<string, unknown> = {};
    for (const each of own) {
      addPaths(each, paths);
      addSchema(each.schema, schemas);
    }
    const document = freezeDeep({
      openapi: '3.0.0',
      info: { title: 'Kubernetes', version: 'v1.34.0' },
      paths,
      components: { schemas },
    });
    this.#documents.set(path, document);
    return document;
  }
}

function pathOf(each: ResourceDescriptor): string {
  return each.group === '' ? `api/${each.version}` : `apis/${each.group}/${each.version}`;
}

function hashOf(path: string): string {
  return fnv1a(path).toString(16).padStart(8, '0').repeat(16).toUpperCase();
}

const ACTIONS: Readonly<Record<string, string>> = {
  get: 'get',
  put: 'update',
  patch: 'patch',
  delete: 'delete',
  post: 'create',
};
const WRITES = new Set(['put', 'patch', 'post']);

function addPaths(each: ResourceDescriptor, paths: Record<string, unknown>): void {
  const base = `/${pathOf(each)}${each.namespaced ? '/namespaces/{namespace}' : ''}/${each.resource}`;
  const operation = (method: string, action = ACTIONS[method]): Json => ({
    parameters: WRITES.has(method)
      ? [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')]
      : [],
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': {
      group: each.group,
      version: each.version,
      kind: each.kind,
    },
  });
  const has = (verb: string): boolean => each.verbs.includes(verb);
  paths[base] = {
    ...(has('list') ? { get: operation('get', 'list') } : {}),
    ...(has('create') || each.virtual === true ? { post: operation('post') } : {}),
  };
  if (each.virtual === true) return;
  paths[`${base}/{name}`] = {
    get: operation('get'),
    put: operation('put'),
    patch: operation('patch'),
    delete: operation('delete'),
  };
}

function parameter(name: string): Json {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } };
}

/** `core.v1.Pod` as `io.k8s.api.core.v1.Pod`. */
function publicName(name: string): string {
  if (name.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${name}`;
  if (
    name.startsWith('api.resource.') ||
    name.startsWith('util.intstr.') ||
    name.startsWith('runtime.')
  ) {
    return `io.k8s.apimachinery.pkg.${name}`;
  }
  return `io.k8s.api.${name}`;
}

function addSchema(name: string, schemas: Record<string, unknown>): void {
  const key = publicName(name);
  if (key in schemas) return;
  schemas[key] = {};
  const definition = definitionOf(name);
  const properties: Record<string, unknown> = {};
  const needed: string[] = [];
  for (const field of definition.fields) {
    properties[field.name] = { ...typeOf(field, schemas), ...extensions(field) };
    if (field.required) needed.push(field.name);
  }
  schemas[key] = {
    type: 'object',
    properties,
    ...(needed.length === 0 ? {} : { required: needed }),
    ...kindOf(definition),
  };
}

function kindOf(definition: Definition): Json {
  const atomic = definition.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {};
  if (definition.gvk === undefined) return atomic;
  return { ...atomic, 'x-kubernetes-group-version-kind': [definition.gvk] };
}

function typeOf(shape: Shape, schemas: Record<string, unknown>): Json {
  switch (shape.kind) {
    case 'object':
      addSchema(shape.ref, schemas);
      return { allOf: [{ $ref: `#/components/schemas/${publicName(shape.ref)}` }] };
    case 'array':
      return { type: 'array', items: shape.of === undefined ? {} : typeOf(shape.of, schemas) };
    case 'map':
      return {
        type: 'object',
        additionalProperties: shape.of === undefined ? {} : typeOf(shape.of, schemas),
      };
    case 'quantity':
      return scalarReference('io.k8s.apimachinery.pkg.api.resource.Quantity', shape.kind, schemas);
    case 'intOrString':
      return scalarReference(
        'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
        shape.kind,
        schemas,
      );
    default:
      return scalar(shape.kind);
  }
}

/** Scalars that have a name: `explain` shows it as their type. */
function scalarReference(
  name: string,
  kind: Shape['kind'],
  schemas: Record<string, unknown>,
): Json {
  schemas[name] ??= scalar(kind);
  return { allOf: [{ $ref: `#/components/schemas/${name}` }] };
}

function scalar(kind: Shape['kind']): Json {
  switch (kind) {
    case 'int32':
    case 'int64':
      return { type: 'integer', format: kind };
    case 'double':
      return { type: 'number', format: 'double' };
    case 'boolean':
      return { type: 'boolean' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'time':
    case 'microTime':
      return { type: 'string', format: 'date-time' };
    case 'quantity':
      return { oneOf: [{ type: 'string' }, { type: 'number' }] };
    case 'intOrString':
      return { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' };
    case 'any':
      return { type: 'object' };
    default:
      return { type: 'string' };
  }
}

function extensions(field: Field): Json {
  const strategy = [field.retainKeys ? 'retainKeys' : '', field.patchMerge ? 'merge' : '']
    .filter((each) => each !== '')
    .join(',');
  return {
    ...(field.enum === undefined ? {} : { enum: field.enum }),
    ...(field.listType === undefined ? {} : { 'x-kubernetes-list-type': field.listType }),
    ...(field.listKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': field.listKeys }),
    ...(field.atomicMap ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
    ...(field.patchKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchKey }),
  };
}
