/**
 * Objects as the API server prints them: fields in the order of the schema, maps with sorted keys, as
 * Go's encoding/json prints structs. The values that components pass on by reference are never
 * encoded; this is for bodies that somebody reads as bytes.
 */
import { compareText } from '../base/text.ts';
import { setOwn } from '../lang/value.ts';
import { type Definition, definitionOfKind, objectOf, type Shape } from './schema.ts';

/** An object or list of a known kind in the order of its schema; anything else as it is. */
export function inSchemaOrder(object: unknown): unknown {
  if (object === null || typeof object !== 'object') return object;
  const { apiVersion, kind, items } = object as Readonly<Record<string, unknown>>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return object;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const definition = definitionOfKind(group, apiVersion.slice(slash + 1), kind);
  if (definition !== undefined) return orderedBySchema(definition, object);
  return Array.isArray(items) ? { ...object, items: items.map(inSchemaOrder) } : object;
}

/** A copy with fields in schema order and map keys sorted; unknown fields go last. */
export function orderedBySchema(definition: Definition, object: unknown): unknown {
  if (object === null || typeof object !== 'object') return object;
  const source = object as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const field of definition.fields) {
    const value = source[field.name];
    if (value !== undefined && Object.hasOwn(source, field.name)) {
      result[field.name] = ordered(field, value);
    }
  }
  for (const key of Object.keys(source)) {
    if (!definition.byName.has(key)) setOwn(result, key, source[key]);
  }
  return result;
}

function ordered(shape: Shape, value: unknown): unknown {
  if (shape.kind === 'object') {
    const definition = objectOf(shape);
    return definition === undefined ? value : orderedBySchema(definition, value);
  }
  if (shape.kind === 'array' && Array.isArray(value)) {
    return value.map((item) => ordered(shape.of as Shape, item));
  }
  if (shape.kind === 'map' && value !== null && typeof value === 'object') {
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(source).sort(compareText)) {
      setOwn(result, key, ordered(shape.of as Shape, source[key]));
    }
    return result;
  }
  return value;
}
