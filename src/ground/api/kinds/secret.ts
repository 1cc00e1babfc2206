/**
 * Secret (pkg/apis/core, 1.34): bytes for programs, in base64. What is written as `stringData` joins
 * `data` and is never shown.
 */
import { base64Of, utf8 } from '../../base/bytes.ts';
import { withEntry, withFields } from '../edit.ts';
import { type FieldError, invalidField, requiredField, tooLongField } from '../field-error.ts';
import { annotationOf } from '../meta.ts';
import type { Secret } from '../types.ts';
import { IMMUTABLE, metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isConfigMapKey, isDns1123Subdomain } from '../validation/names.ts';
import { CONFIG_BYTES_MAX, immutableErrors } from './configmap.ts';
import { ageColumn, describeKind, integerColumn, nameColumn, textColumn } from './describe.ts';

const ACCOUNT_TOKEN = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
/** Keys that a Secret of a type must have. */
const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
]);

export const SECRET_KIND = describeKind<Secret>({
  group: '',
  resource: 'secrets',
  kind: 'Secret',
  namespaced: true,
  defaults: (secret) => {
    let data = secret.data;
    for (const [key, text] of Object.entries(secret.stringData ?? {})) {
      data = withEntry(data, key, base64Of(utf8(text)));
    }
    return withFields(secret, { data, stringData: undefined, type: secret.type ?? 'Opaque' });
  },
  validateCreate: (secret) => [
    ...metaErrors(secret, true, isDns1123Subdomain),
    ...secretErrors(secret),
  ],
  validateUpdate: (secret, old) => [
    ...metaUpdateErrors(secret, old),
    ...(secret.type === old.type ? [] : [invalidField('type', secret.type ?? '', IMMUTABLE)]),
    ...immutableErrors(secret, old, ['data']),
    ...secretErrors(secret),
  ],
  columns: [
    nameColumn(),
    textColumn('Type', 'What it is for.', (secret) => secret.type ?? ''),
    integerColumn(
      'Data',
      'How many entries it has.',
      (secret) => Object.keys(secret.data ?? {}).length,
    ),
    ageColumn(),
  ],
  fields: new Map([['type', (secret) => secret.type ?? '']]),
});

function secretErrors(secret: Secret): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  const data = secret.data ?? {};
  for (const [key, value] of Object.entries(data)) {
    for (const text of isConfigMapKey(key)) errors.push(invalidField(`data[${key}]`, key, text));
    size += Math.floor((value.length * 3) / 4);
  }
  if (size > CONFIG_BYTES_MAX) errors.push(tooLongField('data', CONFIG_BYTES_MAX));
  if (secret.type === ACCOUNT_TOKEN && annotationOf(secret, ACCOUNT_NAME) === undefined) {
    errors.push(requiredField(`metadata.annotations[${ACCOUNT_NAME}]`));
  }
  for (const key of KEYS.get(secret.type ?? '') ?? []) {
    if (!Object.hasOwn(data, key)) errors.push(requiredField(`data[${key}]`));
  }
  if (
    secret.type === 'kubernetes.io/basic-auth' &&
    !('username' in data) &&
    !('password' in data)
  ) {
    errors.push(requiredField('data[username]'), requiredField('data[password]'));
  }
  return errors;
}
