/**
 * `kubectl explain` (k8s.io/kubectl/pkg/explain/v2, v0.34): a type or a field out of the server's
 * OpenAPI v3 document. Descriptions are printed when the document has them.
 */
import { ok } from '../../../ground/base/result.ts';
import { sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { fail, failApi, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { groupVersion, type Mapping } from './mapper.ts';
import type { Session, Verb } from './session.ts';

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Deeper than this nothing is printed: types may hold themselves. */
const DEPTH_MAX = 32;

export const explain: Verb = {
  name: 'explain',
  usage:
    'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]',
  short: 'Get documentation for a resource',
  flags: flagSpecs("api-version='' output='plaintext' recursive=false"),
  *run(session) {
    const { args, flags } = session;
    if (args.length === 0) {
      return fail(
        'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    }
    if (args.length > 1) return fail('We accept only this format: explain RESOURCE');
    const form = flags.text('output');
    if (form !== 'plaintext') return fail(`unrecognized format: ${form}`);
    const target = yield* targetOf(session, args[0] as string);
    if (!target.ok) return target;
    const { mapping, path } = target.value;
    const document = yield* documentOf(session, mapping);
    if (!document.ok) return document;
    return yield* printTarget(session, document.value, mapping, path);
  },
};

interface Target {
  readonly mapping: Mapping;
  readonly path: readonly string[];
}

/** `deploy.spec.replicas`, `deployments.apps.spec`: the longest beginning that is a resource. */
function* targetOf(session: Session, text: string): Task<Outcome<Target>> {
  const parts = text.replace(/\.$/, '').split('.');
  const mapper = session.mapper();
  if (!mapper.ok) return mapper;
  for (let length = parts.length; length > 1; length -= 1) {
    const group = parts.slice(1, length).join('.');
    const all = yield* mapper.value.all();
    if (!all.ok) return failApi(all.error);
    if (
      !all.value.some((each) => each.group === group || `${each.version}.${each.group}` === group)
    )
      continue;
    const found = yield* mapper.value.named(parts.slice(0, length).join('.'));
    if (found.ok && found.value !== undefined)
      return ok({ mapping: found.value, path: parts.slice(length) });
  }
  const mapping = yield* session.mapping(parts[0] as string);
  if (!mapping.ok) {
    return mapping.error.kind === 'text'
      ? { ok: false, error: { kind: 'plain', text: mapping.error.text } }
      : mapping;
  }
  const wanted = session.flags.text('api-version');
  if (wanted === '' || wanted === groupVersion(mapping.value))
    return ok({ mapping: mapping.value, path: parts.slice(1) });
  const slash = wanted.indexOf('/');
  const [group, version] = [slash < 0 ? '' : wanted.slice(0, slash), wanted.slice(slash + 1)];
  const other = yield* mapper.value.ofKind(group, version, mapping.value.kind);
  if (!other.ok) return failApi(other.error);
  if (other.value === undefined) {
    return fail(
      `couldn't find resource for "${group}/${version}, Resource=${mapping.value.resource}"`,
    );
  }
  return ok({ mapping: other.value, path: parts.slice(1) });
}

function* documentOf(session: Session, mapping: Mapping): Task<Outcome<OpenApiDocument>> {
  const api = session.api();
  if (!api.ok) return api;
  const index = yield* api.value.call('GET', '/openapi/v3');
  if (!index.ok) return failApi(index.error, 'failed to fetch openapi paths');
  const paths =
    (
      index.value as {
        readonly paths?: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
      }
    ).paths ?? {};
  const name =
    mapping.group === '' ? `api/${mapping.version}` : `apis/${mapping.group}/${mapping.version}`;
  const url = paths[name]?.serverRelativeURL;
  if (url === undefined)
    return fail(
      `couldn't find resource for "${groupVersion(mapping)}, Kind=${mapping.kind}" in OpenAPI`,
    );
  const document = yield* api.value.call('GET', url);
  return document.ok ? ok(document.value as OpenApiDocument) : failApi(document.error);
}

function* printTarget(
  session: Session,
  document: OpenApiDocument,
  mapping: Mapping,
  path: readonly string[],
): Task<Outcome<number>> {
  const reader = new SchemaReader(document);
  let schema = reader.ofKind(mapping);
  let head = mapping.group === '' ? '' : `GROUP:      ${mapping.group}\n`;
  head += `KIND:       ${mapping.kind}\nVERSION:    ${mapping.version}\n\n`;
  if (schema === undefined) {
    return fail(
      `GVR (${groupVersion(mapping)}, Resource=${mapping.resource}) not found in OpenAPI schema`,
    );
  }
  let field: Schema | undefined;
  for (const name of path) {
    field = reader.propertiesOf(schema)?.[name];
    if (field === undefined) {
      yield* session.print(head);
      return fail(`field "${path.at(-1)}" does not exist`);
    }
    schema = reader.element(field);
  }
  let text = head;
  if (field !== undefined) {
    text += `FIELD: ${path.at(-1)} <${reader.typeOf(field)}>\n`;
    const values = field.enum ?? [];
    text +=
      values.length > 0 ? `ENUM:\n${values.map((value) => `    ${value}\n`).join('')}\n` : '\n\n';
  }
  text += describeText(field, schema);
  const properties = reader.propertiesOf(schema);
  if (properties === undefined) text += '\n';
  else text += `FIELDS:\n${reader.fields(schema, session.flags.bool('recursive'))}\n`;
  yield* session.print(text);
  return ok(0);
}

function describeText(field: Schema | undefined, schema: Schema): string {
  const texts = [field?.description ?? '', schema.description ?? ''].filter((text) => text !== '');
  if (texts.length === 0) return 'DESCRIPTION:\n    <empty>\n';
  return `DESCRIPTION:\n${texts.map((text) => wrapped(text)).join('')}    \n`;
}

/** Lines of at most 76 characters, indented. */
function wrapped(text: string): string {
  let out = '';
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + word.length + 1 > 76) {
        out += `    ${line}\n`;
        line = word;
      } else line += line === '' ? word : ` ${word}`;
    }
    out += `    ${line}\n`;
  }
  return out;
}

/** Follows references of one document. */
class SchemaReader {
  readonly #schemas: Readonly<Record<string, Schema>>;

  constructor(document: OpenApiDocument) {
    this.#schemas = document.components?.schemas ?? {};
  }

  ofKind(mapping: Mapping): Schema | undefined {
    return Object.values(this.#schemas).find((schema) =>
      schema['x-kubernetes-group-version-kind']?.some(
        (each) =>
          each.kind === mapping.kind &&
          each.group === mapping.group &&
          each.version === mapping.version,
      ),
    );
  }

  /** The schema behind a reference. */
  resolve(schema: Schema): Schema {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    return reference === undefined ? schema : (this.#schemas[nameOf(reference)] ?? schema);
  }

  /** What a list or map holds, or the type itself. */
  element(schema: Schema): Schema {
    const real = this.resolve(schema);
    if (real.items !== undefined) return this.element(real.items);
    return typeof real.additionalProperties === 'object'
      ? this.element(real.additionalProperties)
      : real;
  }

  propertiesOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
    const { properties } = this.resolve(schema);
    return properties !== undefined && Object.keys(properties).length > 0 ? properties : undefined;
  }

  /** `[]Container`, `map[string]string`, `integer`, `PodSpec`. */
  typeOf(schema: Schema): string {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    if (reference !== undefined) return nameOf(reference).replace(/^.*\./, '');
    if (schema.items !== undefined) return `[]${this.typeOf(schema.items)}`;
    if (typeof schema.additionalProperties === 'object')
      return `map[string]${this.typeOf(schema.additionalProperties)}`;
    // Upstream's document has these two as types of their own.
    if (schema.format === 'int-or-string') return 'IntOrString';
    if (schema.oneOf !== undefined) return 'Quantity';
    return schema.type === undefined || schema.type === 'object' ? 'Object' : schema.type;
  }

  fields(schema: Schema, recursive: boolean, level = 1): string {
    const real = this.resolve(schema);
    const properties = real.properties ?? {};
    let text = '';
    for (const name of sortedText(Object.keys(properties))) {
      const field = properties[name] as Schema;
      const indent = '  '.repeat(level);
      text += `${indent}${name}\t<${this.typeOf(field)}>${real.required?.includes(name) === true ? ' -required-' : ''}\n`;
      if (field.enum !== undefined) text += `${indent}enum: ${field.enum.join(', ')}\n`;
      if (!recursive) {
        const described = field.description ?? '';
        text += described === '' ? `${indent}  <no description>\n\n` : `${wrapped(described)}\n`;
      } else if (level < DEPTH_MAX) {
        const inner = this.element(field);
        if (inner !== real) text += this.fields(inner, true, level + 1);
      }
    }
    return text;
  }
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
