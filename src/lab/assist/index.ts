/**
 * Assist: questions of the page that change nothing and take no simulated time. Completion at the
 * prompt and in the editor, hover, and error markers, all from the schema tables and descriptors that
 * the API server itself uses.
 */
import { decodeAs } from '../../ground/api/decode.ts';
import { formatFieldError } from '../../ground/api/field-error.ts';
import { withMeta } from '../../ground/api/meta.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import { RESOURCES, resourceForKind } from '../../ground/api/resources.ts';
import {
  type Definition,
  definitionOf,
  type Field,
  fieldAt,
  objectOf,
  type Shape,
} from '../../ground/api/schema.ts';
import { compareText } from '../../ground/base/text.ts';
import { isValueMap, lineAndColumn, type PathStep } from '../../ground/lang/value.ts';
import { parseYaml, positionOf, type YamlDocument } from '../../ground/lang/yaml/index.ts';
import type { CompletionAnswer, HoverAnswer, Marker, MarkersAnswer } from '../view-types.ts';
import { type YamlCursor, yamlCursor } from './yaml-cursor.ts';

const TOP_FIELDS = [
  'apiVersion',
  'kind',
  'metadata',
  'spec',
  'data',
  'stringData',
  'type',
  'rules',
  'subjects',
  'roleRef',
];
const NOTHING: CompletionAnswer = { from: 0, items: [] };

export function completeYaml(text: string, offset: number): CompletionAnswer {
  const cursor = yamlCursor(text, offset);
  const words = cursor.key === undefined ? keysAt(cursor) : valuesAt(cursor);
  const items = words.filter((item) => item.text.startsWith(cursor.word) || cursor.word === '');
  return items.length === 0 ? NOTHING : { from: cursor.wordStart, items };
}

type Item = CompletionAnswer['items'][number];

function keysAt(cursor: YamlCursor): readonly Item[] {
  const definition = enclosing(cursor);
  if (definition === undefined) {
    if (cursor.path.length > 0) return [];
    return TOP_FIELDS.slice(0, 4)
      .filter((name) => !cursor.siblings.has(name))
      .map((name) => ({ text: `${name}: `, detail: '', documentation: '' }));
  }
  return definition.fields
    .filter(
      (field) =>
        !cursor.siblings.has(field.name) &&
        field.name !== 'status' &&
        field.name !== 'managedFields',
    )
    .map((field) => ({
      text:
        field.kind === 'object' || field.kind === 'array' || field.kind === 'map'
          ? `${field.name}:`
          : `${field.name}: `,
      detail: typeText(field),
      documentation: field.required ? 'required' : '',
    }))
    .sort((a, b) =>
      a.documentation === b.documentation
        ? compareText(a.text, b.text)
        : a.documentation === ''
          ? 1
          : -1,
    );
}

function valuesAt(cursor: YamlCursor): readonly Item[] {
  const plain = (text: string, detail = ''): Item => ({ text, detail, documentation: '' });
  if (cursor.path.length === 0 && cursor.key === 'kind')
    return RESOURCES.filter((one) => one.virtual !== true).map((one) =>
      plain(one.kind, versionOf(one)),
    );
  if (cursor.path.length === 0 && cursor.key === 'apiVersion')
    return [...new Set(RESOURCES.map(versionOf))].sort(compareText).map((text) => plain(text));
  const definition = enclosing(cursor);
  const field =
    definition === undefined || cursor.key === undefined
      ? undefined
      : definition.byName.get(cursor.key);
  if (field?.enum !== undefined) return field.enum.map((text) => plain(text));
  return field?.kind === 'boolean' ? [plain('true'), plain('false')] : [];
}

function versionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The definition of the map that the cursor stands in. */
function enclosing(cursor: YamlCursor): Definition | undefined {
  const resource = resourceForKind(cursor.apiVersion, cursor.kind);
  if (resource === undefined) return undefined;
  const root = definitionOf(resource.schema);
  if (cursor.path.length === 0) return root;
  const field = fieldAt(root, cursor.path);
  return field === undefined ? undefined : objectOf(innermost(field));
}

function innermost(shape: Shape): Shape {
  let current = shape;
  while (current.of !== undefined) current = current.of;
  return current;
}

/** `[]Container`, `map[string]string`, `integer`: as kubectl explain writes types. */
function typeText(field: Field | Shape): string {
  switch (field.kind) {
    case 'array':
      return `[]${field.of === undefined ? 'Object' : typeText(field.of)}`;
    case 'map':
      return `map[string]${field.of === undefined ? 'string' : typeText(field.of)}`;
    case 'object':
      return field.ref.slice(field.ref.lastIndexOf('.') + 1);
    case 'int32':
    case 'int64':
      return 'integer';
    default:
      return field.kind;
  }
}

export function hoverYaml(text: string, offset: number): HoverAnswer | null {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', offset);
  const line = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
  const match = /^(\s*(?:- +)*)([\w./$-]+):/.exec(line);
  if (match === null) return null;
  const from = lineStart + (match[1] as string).length;
  const to = from + (match[2] as string).length;
  if (offset < from || offset > to) return null;
  const cursor = yamlCursor(text, from);
  const field = enclosing(cursor)?.byName.get(match[2] as string);
  if (field === undefined) return null;
  const path = [...cursor.path, field.name].join('.');
  const values = field.enum === undefined ? '' : `\n\none of: ${field.enum.join(', ')}`;
  return {
    from,
    to,
    markdown: `**${path}** \`${typeText(field)}\`${field.required ? ' (required)' : ''}${values}`,
  };
}

export function checkYaml(text: string): MarkersAnswer {
  const stream = parseYaml(text);
  const markers: Marker[] = [];
  for (const document of stream.documents) checkDocument(text, document, markers);
  if (stream.error !== undefined) {
    markers.push(
      markerAt(
        text,
        stream.error.offset,
        undefined,
        'error',
        stream.error.message.replace(/^yaml: /, ''),
      ),
    );
  }
  return { markers };
}

function checkDocument(text: string, document: YamlDocument, markers: Marker[]): void {
  for (const duplicate of document.duplicates) {
    const at = document.offset + duplicate.offset;
    markers.push(
      markerAt(
        text,
        at,
        duplicate.key,
        'error',
        `duplicate key "${duplicate.key}": the last one counts, and kubectl says nothing`,
      ),
    );
  }
  const value = document.value;
  if (value === null) return;
  if (!isValueMap(value)) {
    markers.push(
      markerAt(
        text,
        document.offset,
        undefined,
        'error',
        'not an object: a manifest begins with apiVersion and kind',
      ),
    );
    return;
  }
  const { apiVersion, kind } = value;
  const resource =
    typeof apiVersion === 'string' && typeof kind === 'string'
      ? resourceForKind(apiVersion, kind)
      : undefined;
  if (resource === undefined) {
    const known = typeof kind === 'string' ? RESOURCES.find((one) => one.kind === kind) : undefined;
    const fix = known === undefined ? '' : versionOf(known);
    const message = `no matches for kind "${String(kind ?? '')}" in version "${String(apiVersion ?? '')}"`;
    markers.push({
      ...markerAt(
        text,
        offsetOf(document, known === undefined ? ['kind'] : ['apiVersion']),
        undefined,
        'error',
        message,
      ),
      fix,
    });
    return;
  }
  const decoded = decodeAs<KubeObject>(resource.schema, value);
  if (!decoded.ok) {
    markers.push(markerAt(text, document.offset, undefined, 'error', decoded.error));
    return;
  }
  for (const strict of decoded.value.strict) {
    const path = /"(.*)"/.exec(strict)?.[1] ?? '';
    markers.push(
      markerAt(text, offsetOf(document, stepsOf(path)), lastStep(path), 'error', strict),
    );
  }
  const read = decoded.value.object as Partial<KubeObject>;
  // Somebody who has only begun has no metadata yet.
  const given = { ...read, metadata: read.metadata ?? {} } as KubeObject;
  // A request names the namespace when the file does not.
  const placed =
    resource.namespaced && given.metadata.namespace === undefined
      ? withMeta(given, { namespace: 'default' })
      : given;
  const object = resource.defaults(placed);
  for (const error of resource.validateCreate(object)) {
    markers.push(
      markerAt(
        text,
        offsetOf(document, stepsOf(error.field)),
        lastStep(error.field),
        'error',
        formatFieldError(error),
      ),
    );
  }
}

/** `spec.containers[0].name` as steps. */
function stepsOf(path: string): readonly PathStep[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map((match) =>
    match[2] === undefined ? (match[1] as string) : Number(match[2]),
  );
}

function lastStep(path: string): string | undefined {
  return /([^.[\]]+)$/.exec(path)?.[1];
}

/** The offset of the nearest part of a path that the document has. */
function offsetOf(document: YamlDocument, path: readonly PathStep[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const position = positionOf(document, path.slice(0, length));
    if (position !== undefined) return position.keyOffset ?? position.valueOffset;
  }
  return document.offset;
}

function markerAt(
  text: string,
  offset: number,
  word: string | undefined,
  severity: Marker['severity'],
  message: string,
): Marker {
  const start = lineAndColumn(text, offset);
  const end = text.indexOf('\n', offset);
  const length =
    word !== undefined && text.startsWith(word, offset)
      ? word.length
      : Math.max(1, (end < 0 ? text.length : end) - offset);
  return {
    line: start.line,
    column: start.column,
    endLine: start.line,
    endColumn: start.column + length,
    severity,
    message,
    fix: '',
  };
}
