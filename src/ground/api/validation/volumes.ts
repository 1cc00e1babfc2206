/** Validation of a pod's volumes (pkg/apis/core/validation/validation.go, 1.34). */
import {
  duplicateField,
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
} from '../field-error.ts';
import type { KeyToPath, ProjectedVolumeSource, Volume } from '../types.ts';
import { oneOf, relativePathErrors } from './containers.ts';
import { isDns1123Label } from './names.ts';

const MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** What is wrong with the volumes at a path. */
export function volumesErrors(volumes: readonly Volume[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const at = `${field}[${index}]`;
    const name = volume.name ?? '';
    if (name === '') errors.push(requiredField(`${at}.name`));
    else {
      const texts = isDns1123Label(name);
      for (const text of texts) errors.push(invalidField(`${at}.name`, name, text));
      if (texts.length === 0 && names.has(name)) errors.push(duplicateField(`${at}.name`, name));
      names.add(name);
    }
    errors.push(...sourceErrors(volume, at));
  });
  return errors;
}

function sourceErrors(volume: Volume, field: string): FieldError[] {
  const errors: FieldError[] = [];
  // Go looks at the sources in an order of its own, which knows only some of them here.
  const sources = Object.keys(volume)
    .filter((key) => key !== 'name')
    .sort((a, b) => rankOf(a) - rankOf(b));
  if (sources.length === 0) errors.push(requiredField(field, 'must specify a volume type'));
  for (const extra of sources.slice(1)) {
    errors.push(forbiddenField(`${field}.${extra}`, 'may not specify more than 1 volume type'));
  }
  const { hostPath, secret, configMap, downwardAPI, projected } = volume;
  // Only the first source is looked into.
  if (sources.length > 1) return errors.concat(firstErrors(volume, sources[0] as string, field));
  if (hostPath !== undefined) {
    const path = hostPath.path ?? '';
    if (path === '') errors.push(requiredField(`${field}.hostPath.path`));
    else if (path.split('/').includes('..')) {
      errors.push(invalidField(`${field}.hostPath.path`, path, "must not contain '..'"));
    }
    errors.push(...oneOf(`${field}.hostPath.type`, hostPath.type, HOST_PATH_TYPES));
  }
  if (secret !== undefined) {
    if ((secret.secretName ?? '') === '') errors.push(requiredField(`${field}.secret.secretName`));
    errors.push(...modeErrors(secret.defaultMode, `${field}.secret.defaultMode`));
    errors.push(...itemsErrors(secret.items ?? [], `${field}.secret.items`));
  }
  if (configMap !== undefined) {
    if ((configMap.name ?? '') === '') errors.push(requiredField(`${field}.configMap.name`));
    errors.push(...modeErrors(configMap.defaultMode, `${field}.configMap.defaultMode`));
    errors.push(...itemsErrors(configMap.items ?? [], `${field}.configMap.items`));
  }
  if (downwardAPI !== undefined) {
    errors.push(...modeErrors(downwardAPI.defaultMode, `${field}.downwardAPI.defaultMode`));
    (downwardAPI.items ?? []).forEach((item, index) => {
      errors.push(...filePathErrors(item.path, `${field}.downwardAPI.items[${index}].path`));
    });
  }
  if (projected !== undefined) errors.push(...projectedErrors(projected, `${field}.projected`));
  return errors;
}

/** What is wrong with the first source of several, alone. */
function firstErrors(volume: Volume, source: string, field: string): FieldError[] {
  const name = volume.name ?? '';
  const alone = { name, [source]: volume[source as keyof Volume] } as unknown as Volume;
  return sourceErrors(alone, field);
}

const SOURCES =
  'emptyDir hostPath secret persistentVolumeClaim downwardAPI configMap projected'.split(' ');

function rankOf(source: string): number {
  const at = SOURCES.indexOf(source);
  return at < 0 ? SOURCES.length : at;
}

function projectedErrors(projected: ProjectedVolumeSource, field: string): FieldError[] {
  const errors = modeErrors(projected.defaultMode, `${field}.defaultMode`);
  (projected.sources ?? []).forEach((source, index) => {
    const at = `${field}.sources[${index}]`;
    const kinds = Object.keys(source);
    for (const extra of kinds.slice(1)) {
      errors.push(forbiddenField(`${at}.${extra}`, 'may not specify more than 1 volume type'));
    }
    for (const part of ['secret', 'configMap'] as const) {
      const each = source[part];
      if (each === undefined) continue;
      if ((each.name ?? '') === '') errors.push(requiredField(`${at}.${part}.name`));
      errors.push(...itemsErrors(each.items ?? [], `${at}.${part}.items`));
    }
    const token = source.serviceAccountToken;
    if (token === undefined) return;
    const seconds = token.expirationSeconds ?? 3600;
    const tokenField = `${at}.serviceAccountToken`;
    if (seconds < 600) {
      const detail = 'may not specify a duration less than 10 minutes';
      errors.push(invalidField(`${tokenField}.expirationSeconds`, seconds, detail));
    }
    if (seconds > 2 ** 32) {
      const detail = 'may not specify a duration larger than 2^32 seconds';
      errors.push(invalidField(`${tokenField}.expirationSeconds`, seconds, detail));
    }
    errors.push(...filePathErrors(token.path, `${tokenField}.path`));
  });
  return errors;
}

function modeErrors(mode: number | undefined, field: string): FieldError[] {
  return mode === undefined || (mode >= 0 && mode <= 0o777)
    ? []
    : [invalidField(field, mode, MODE_TEXT)];
}

function itemsErrors(items: readonly KeyToPath[], field: string): FieldError[] {
  return items.flatMap((item, index) => [
    ...((item.key ?? '') === '' ? [requiredField(`${field}[${index}].key`)] : []),
    ...filePathErrors(item.path, `${field}[${index}].path`),
    ...modeErrors(item.mode, `${field}[${index}].mode`),
  ]);
}

function filePathErrors(path: string | undefined, field: string): FieldError[] {
  if ((path ?? '') === '') return [requiredField(field)];
  const errors = relativePathErrors(path, field);
  if (errors.length === 0 && path?.startsWith('..') === true) {
    errors.push(invalidField(field, path, "must not start with '..'"));
  }
  return errors;
}
