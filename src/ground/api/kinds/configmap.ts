/** ConfigMap (pkg/apis/core, 1.34): texts and bytes for programs, at most a mebibyte. */
import { utf8Length } from '../../base/bytes.ts';
import { sameValue } from '../edit.ts';
import { type FieldError, forbiddenField, invalidField, tooLongField } from '../field-error.ts';
import type { ConfigMap } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isConfigMapKey, isDns1123Subdomain } from '../validation/names.ts';
import { ageColumn, describeKind, integerColumn, nameColumn } from './describe.ts';

export const CONFIG_BYTES_MAX = 1024 * 1024;

export const CONFIG_MAP_KIND = describeKind<ConfigMap>({
  group: '',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  shortNames: ['cm'],
  validateCreate: (map) => [...metaErrors(map, true, isDns1123Subdomain), ...dataErrors(map)],
  validateUpdate: (map, old) => [
    ...metaUpdateErrors(map, old),
    ...immutableErrors(map, old, ['data', 'binaryData']),
    ...dataErrors(map),
  ],
  columns: [
    nameColumn(),
    integerColumn(
      'Data',
      'How many entries it has.',
      (map) => Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
    ),
    ageColumn(),
  ],
});

function dataErrors(map: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(map.data ?? {})) {
    for (const text of isConfigMapKey(key)) errors.push(invalidField(`data[${key}]`, key, text));
    if (map.binaryData !== undefined && Object.hasOwn(map.binaryData, key)) {
      errors.push(invalidField(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    size += utf8Length(value);
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    for (const text of isConfigMapKey(key))
      errors.push(invalidField(`binaryData[${key}]`, key, text));
    size += Math.floor((value.length * 3) / 4);
  }
  if (size > CONFIG_BYTES_MAX) errors.push(tooLongField('[]', CONFIG_BYTES_MAX));
  return errors;
}

/** An immutable ConfigMap or Secret may lose neither its data nor its immutability. */
export function immutableErrors<T extends { readonly immutable?: boolean | undefined }>(
  object: T,
  old: T,
  parts: readonly (keyof T & string)[],
): FieldError[] {
  if (old.immutable !== true) return [];
  const errors: FieldError[] = [];
  const detail = 'field is immutable when `immutable` is set';
  if (object.immutable !== true) errors.push(forbiddenField('immutable', detail));
  for (const part of parts) {
    if (!sameValue(object[part], old[part])) errors.push(forbiddenField(part, detail));
  }
  return errors;
}
