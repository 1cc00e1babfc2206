/** `describe` of kinds without a printer of their own: every field, labelled (describe.go genericDescriber, v0.34). */
import { sortedText } from '../../../../ground/base/text.ts';
import type { Loose } from '../api.ts';
import type { DescribeWriter } from './writer.ts';

/** Words that are written in capitals. */
const CAPITALS = new Set([
  'api',
  'http',
  'https',
  'ip',
  'ipam',
  'iam',
  'url',
  'uid',
  'id',
  'gce',
  'cpu',
]);
/** What is printed above already, or is of no use. */
const SKIPPED = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.managedFields',
]);

export function describeGeneric(writer: DescribeWriter, object: Loose): void {
  const { metadata } = object;
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  describeFields(writer, 0, object as unknown as Readonly<Record<string, unknown>>, '');
}

function describeFields(
  writer: DescribeWriter,
  level: number,
  fields: Readonly<Record<string, unknown>>,
  path: string,
): void {
  for (const key of sortedText(Object.keys(fields))) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (SKIPPED.has(inner)) continue;
    const label = labelOf(key);
    const value = fields[key];
    if (Array.isArray(value)) {
      writer.write(level, `${label}:\n`);
      for (const item of value as readonly unknown[]) {
        if (item !== null && typeof item === 'object') {
          describeFields(writer, level + 1, item as Readonly<Record<string, unknown>>, inner);
        } else writer.write(level + 1, `${item}\n`);
      }
    } else if (value !== null && typeof value === 'object') {
      writer.write(level, `${label}:\n`);
      describeFields(writer, level + 1, value as Readonly<Record<string, unknown>>, inner);
    } else writer.write(level, `${label}:\t${value === null ? '<nil>' : String(value)}\n`);
  }
}

/** `apiVersion` → `API Version` */
function labelOf(field: string): string {
  const words = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d_]+/g) ?? [field];
  return words
    .map((word) =>
      CAPITALS.has(word.toLowerCase())
        ? word.toUpperCase()
        : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(' ');
}
