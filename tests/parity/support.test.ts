/**
 * The support table is true: an object with just the field of a row gets just that row's answer (a
 * Warning, or an error at the field), and every row names a field that the schema has.
 */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/ground/api/object.ts';
import { RESOURCES } from '../../src/ground/api/resources.ts';
import { definitionOf, fieldAt, type Shape } from '../../src/ground/api/schema.ts';
import { supportTable, unsupportedIn } from '../../src/ground/api/support.ts';

function sample(shape: Shape): unknown {
  switch (shape.kind) {
    case 'array':
      return [shape.of === undefined ? 'x' : sample(shape.of)];
    case 'map':
      return { x: shape.of === undefined ? 'x' : sample(shape.of) };
    case 'object':
      return { x: 1 };
    case 'boolean':
      return true;
    case 'int32':
    case 'int64':
    case 'double':
      return 7;
    default:
      return 'x';
  }
}

/** An object with one value at a path such as `spec.containers[*].tty`. */
function objectWith(path: string, value: unknown): unknown {
  const [head = '', ...rest] = path.replace(/\[\*\]/g, '.*').split('.');
  const inner = rest.length === 0 ? value : objectWith(rest.join('.'), value);
  return head === '*' ? [inner] : { [head]: inner };
}

test.each(supportTable().map((row) => [row.resource, row.path, row] as const))(
  '%s %s',
  (name, path, row) => {
    const resource = RESOURCES.find(
      (one) => (one.group === '' ? one.resource : `${one.resource}.${one.group}`) === name,
    );
    if (resource === undefined) throw new Error(`no resource ${name}`);
    const names = path
      .replace(/\[\*\]/g, '')
      .split('.')
      .filter((step) => step !== '*');
    const field = fieldAt(definitionOf(resource.schema), names);
    if (field === undefined) throw new Error('the schema has no such field');
    const object = {
      apiVersion: resource.version,
      kind: resource.kind,
      metadata: { name: 'x' },
      ...(objectWith(path, sample(field)) as object),
    } as KubeObject;
    const found = unsupportedIn(resource, object);
    const texts =
      row.how === 'refused' ? found.errors.map((error) => error.message) : found.warnings;
    expect(texts.filter((text) => text.endsWith(row.why)).length).toBeGreaterThan(0);
  },
);
