/** ConfigMaps and Secrets of `kubectl create` (create_configmap.go, create_secret*.go, v0.34). */
import { readWhole, readWholeText } from '../../../../machines/machine/files/read-whole.ts';
import { base64Of, textOf, utf8 } from '../../../../ground/base/bytes.ts';
import { err, ok } from '../../../../ground/base/result.ts';
import { compareText, quote } from '../../../../ground/base/text.ts';
import type { Task } from '../../../../ground/base/task.ts';
import { formatJson } from '../../../../ground/lang/json.ts';
import { fail, type Failure, type Outcome } from '../failure.ts';
import type { Session } from '../session.ts';

type Entries = ReadonlyMap<string, Uint8Array>;

/** What is collected for one object, which messages name. */
interface Collected {
  readonly where: string;
  readonly kind: string;
  readonly entries: Map<string, Uint8Array>;
}

/** What `--from-literal`, `--from-file` and `--from-env-file` give, by key. */
function* entriesOf(session: Session, kind: string, name: string): Task<Outcome<Entries>> {
  const { flags } = session;
  const where = `Data for ${kind} ${quote(name)}`;
  const collected: Collected = { where, kind, entries: new Map() };
  const files = [...flags.list('from-file')];
  if (
    flags.list('from-env-file').length > 0 &&
    (files.length > 0 || flags.list('from-literal').length > 0)
  ) {
    return fail('from-env-file cannot be combined with from-file or from-literal');
  }
  for (const literal of flags.list('from-literal')) {
    const equals = literal.indexOf('=');
    if (equals <= 0) return fail(`invalid literal source ${literal}, expected key=value`);
    const value = literal.slice(equals + 1).replace(/^(['"])(.*)\1$/s, '$2');
    const failure = add(collected, literal.slice(0, equals), utf8(value));
    if (failure !== undefined) return err(failure);
  }
  for (const source of files) {
    const failure = yield* addFile(session, collected, source);
    if (failure !== undefined) return err(failure);
  }
  for (const path of flags.list('from-env-file')) {
    const failure = yield* addEnvFile(session, collected, path);
    if (failure !== undefined) return err(failure);
  }
  return ok(new Map([...collected.entries].sort(([a], [b]) => compareText(a, b))));
}

function add(collected: Collected, key: string, value: Uint8Array): Failure | undefined {
  const text = (message: string): Failure => ({ kind: 'text', text: message });
  if (!/^[-._a-zA-Z0-9]+$/.test(key) || key === '.' || key === '..') {
    return text(
      `${quote(key)} is not a valid key name for a ${collected.kind}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    );
  }
  if (collected.entries.has(key)) {
    return text(
      `cannot add key ${quote(key)}, another key by that name already exists in ${collected.where}`,
    );
  }
  collected.entries.set(key, value);
  return undefined;
}

/** `key=path`, a file, or a folder whose files are taken one level deep. */
function* addFile(
  session: Session,
  collected: Collected,
  source: string,
): Task<Failure | undefined> {
  const text = (message: string): Failure => ({ kind: 'text', text: message });
  const parts = source.split('=');
  if (parts.length > 2) return text("key names or file paths cannot contain '='");
  const path = parts.at(-1) ?? '';
  if (parts.length === 2 && (parts[0] === '' || path === '')) {
    return text(
      parts[0] === ''
        ? `key name for file path ${path} missing`
        : `file path for key name ${parts[0]} missing`,
    );
  }
  const { files } = session.process;
  const stat = files.stat(path);
  if (!stat.ok) return text(`error reading ${path}: no such file or directory`);
  if (stat.value.type !== 'directory') {
    const content = yield* readWhole(files, path);
    if (!content.ok) return text(`open ${path}: permission denied`);
    return add(
      collected,
      parts.length === 2 ? (parts[0] as string) : path.slice(path.lastIndexOf('/') + 1),
      content.value,
    );
  }
  if (parts.length === 2) return text('cannot give a key name for a directory path');
  const names = files.list(path);
  for (const name of names.ok ? names.value : []) {
    const inner = `${path.replace(/\/$/, '')}/${name}`;
    const child = files.stat(inner);
    if (!child.ok || child.value.type !== 'file') continue;
    const content = files.read(inner);
    const failure = content.ok ? add(collected, name, content.value) : undefined;
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** `KEY=value` lines; a bare key takes its value from the environment. */
function* addEnvFile(
  session: Session,
  collected: Collected,
  path: string,
): Task<Failure | undefined> {
  const content = yield* readWholeText(session.process.files, path);
  if (!content.ok)
    return { kind: 'text', text: `error reading ${path}: no such file or directory` };
  for (const raw of content.value.split('\n')) {
    const line = raw.replace(/\r$/, '').replace(/^\s+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const key = equals < 0 ? line : line.slice(0, equals);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) {
      return {
        kind: 'text',
        text: `${quote(key)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      };
    }
    const value = equals < 0 ? (session.process.env.get(key) ?? '') : line.slice(equals + 1);
    const failure = add(collected, key, utf8(value));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

export function* generatedConfigMap(session: Session, name: string): Task<Outcome<object>> {
  const entries = yield* entriesOf(session, 'ConfigMap', name);
  if (!entries.ok) return entries;
  const data = new Map<string, string>();
  const binaryData = new Map<string, string>();
  for (const [key, bytes] of entries.value) {
    const text = textOf(bytes);
    if (text.includes('\ufffd')) binaryData.set(key, base64Of(bytes));
    else data.set(key, text);
  }
  return ok({
    apiVersion: 'v1',
    ...(binaryData.size > 0 ? { binaryData: Object.fromEntries(binaryData) } : {}),
    ...(data.size > 0 ? { data: Object.fromEntries(data) } : {}),
    kind: 'ConfigMap',
    metadata: { name },
  });
}

export function* generatedSecret(session: Session, name: string): Task<Outcome<object>> {
  const entries = yield* entriesOf(session, 'Secret', name);
  if (!entries.ok) return entries;
  return ok(secret(session, name, entries.value, session.flags.text('type')));
}

function secret(session: Session, name: string, entries: Entries, type: string): object {
  const data = [...entries].map(([key, bytes]) => [key, base64Of(bytes)] as const);
  // `create secret generic` without a type leaves it to the server.
  return {
    apiVersion: 'v1',
    ...(data.length > 0 ? { data: Object.fromEntries(data) } : {}),
    kind: 'Secret',
    metadata: { name },
    ...(type === '' && session.path.endsWith('generic') ? {} : { type }),
  };
}

export function* generatedTlsSecret(session: Session, name: string): Task<Outcome<object>> {
  const { flags, process } = session;
  const read = (flag: string): Outcome<Uint8Array> => {
    const path = flags.text(flag);
    const content = process.files.read(path);
    return content.ok
      ? content
      : fail(`Cannot read file ${path}, open ${path}: no such file or directory`);
  };
  if (flags.text('key') === '' || flags.text('cert') === '')
    return fail('key and cert must be specified');
  const cert = read('cert');
  if (!cert.ok) return cert;
  const key = read('key');
  if (!key.ok) return key;
  const entries: Entries = new Map([
    ['tls.crt', cert.value],
    ['tls.key', key.value],
  ]);
  return ok(secret(session, name, entries, 'kubernetes.io/tls'));
}

export function* generatedRegistrySecret(session: Session, name: string): Task<Outcome<object>> {
  const { flags } = session;
  const [server, username, password, email] = [
    'docker-server',
    'docker-username',
    'docker-password',
    'docker-email',
  ].map((flag) => flags.text(flag)) as [string, string, string, string];
  if (
    flags.list('from-file').length === 0 &&
    (username === '' || password === '' || server === '')
  ) {
    return fail(
      'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
    );
  }
  if (flags.list('from-file').length > 0) {
    const entries = yield* entriesOf(session, 'Secret', name);
    return entries.ok
      ? ok(secret(session, name, entries.value, 'kubernetes.io/dockerconfigjson'))
      : entries;
  }
  const auth = base64Of(utf8(`${username}:${password}`));
  const entry = { username, password, ...(email === '' ? {} : { email }), auth };
  const config = formatJson({ auths: { [server]: entry } });
  return ok(
    secret(
      session,
      name,
      new Map([['.dockerconfigjson', utf8(config)]]),
      'kubernetes.io/dockerconfigjson',
    ),
  );
}
