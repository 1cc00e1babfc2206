/** What `kubectl set env` changes, and `--list` (k8s.io/kubectl/pkg/cmd/set/set_env.go, v0.34). */
import { entryOf } from '../../../ground/api/meta.ts';
import type { EnvVar, PodSpec } from '../../../ground/api/types.ts';
import { parseBase64, textOf } from '../../../ground/base/bytes.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote, sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { fail, type Outcome, together } from './failure.ts';
import { kindMapping } from './kinds.ts';
import { readAll } from './manifest.ts';
import { namedObject } from './pod-of.ts';
import { visit } from './resource-builder.ts';
import type { Session } from './session.ts';

export interface EnvChanges {
  readonly set: readonly EnvVar[];
  readonly remove: readonly string[];
}

const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const NO_ENV_NAME =
  "is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/** Reads `KEY=value`, `KEY-`, `-` (standard input) and `--from`. */
export function* envChanges(session: Session, words: readonly string[]): Task<Outcome<EnvChanges>> {
  const set: EnvVar[] = [];
  const remove: string[] = [];
  const all = words.includes('-')
    ? [
        ...words.filter((word) => word !== '-'),
        ...(yield* readAll(session.process)).split('\n').filter((line) => line.includes('=')),
      ]
    : words;
  for (const word of all) {
    const equals = word.indexOf('=');
    const name = word.slice(0, Math.max(0, equals));
    if (equals > 0 && !ENV_NAME.test(name)) return fail(`${quote(name)} ${NO_ENV_NAME}`);
    if (equals > 0) set.push({ name, value: word.slice(equals + 1) });
    else if (equals < 0 && word.endsWith('-')) remove.push(word.slice(0, -1));
    else return fail(`environment variables must be of the form key=value`);
  }
  const from = session.flags.text('from');
  if (from !== '') {
    const taken = yield* envFrom(session, from);
    if (!taken.ok) return taken;
    set.push(...taken.value);
  }
  const both = remove.filter((name) => set.some((each) => each.name === name));
  if (both.length > 0) {
    return fail('can not both modify and remove the same environment variable in the same command');
  }
  return ok({ set, remove });
}

/** One variable for each key of a config map or secret. */
function* envFrom(session: Session, from: string): Task<Outcome<readonly EnvVar[]>> {
  const object = yield* namedObject(session, from);
  if (!object.ok) return object;
  const { name } = object.value.metadata;
  const keys = sortedText(Object.keys((object.value['data'] ?? {}) as object));
  const wanted = session.flags.list('keys');
  const prefix = session.flags.text('prefix');
  const variables: EnvVar[] = [];
  if (object.value.kind !== 'ConfigMap' && object.value.kind !== 'Secret')
    return fail('unsupported resource specified in --from');
  for (const key of keys) {
    if (wanted.length > 0 && !wanted.includes(key)) continue;
    const reference = { key, name };
    const upper = key.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
    if (upper !== key) yield* session.printError(`Warning: key ${key} transferred to ${upper}\n`);
    const variable = prefix + upper;
    if (object.value.kind === 'ConfigMap')
      variables.push({ name: variable, valueFrom: { configMapKeyRef: reference } });
    else variables.push({ name: variable, valueFrom: { secretKeyRef: reference } });
  }
  return ok(variables);
}

/** Prints the variables of every container. */
export function* envList(session: Session, resources: readonly string[]): Task<Outcome<number>> {
  const visited = yield* visit(session, { args: resources });
  if (!visited.ok) return visited;
  for (const { object, name } of visited.value.infos) {
    const spec = object['spec'] as
      | (PodSpec & { readonly template?: { readonly spec?: PodSpec } })
      | undefined;
    const pod = object.kind === 'Pod' ? spec : spec?.template?.spec;
    for (const container of pod?.containers ?? []) {
      yield* session.print(`# ${object.kind} ${name}, container ${container.name}\n`);
      for (const variable of container.env ?? []) {
        const resolved = session.flags.bool('resolve')
          ? yield* resolvedValue(session, variable, object.metadata.namespace ?? '')
          : undefined;
        const line = resolved === undefined ? lineOf(variable) : `${variable.name}=${resolved}`;
        yield* session.print(`${line}\n`);
      }
    }
  }
  const failure = together(visited.value.failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

/** `--resolve`: what a key of a config map or secret holds; undefined for anything else. */
function* resolvedValue(
  session: Session,
  { valueFrom }: EnvVar,
  namespace: string,
): Task<string | undefined> {
  const secret = valueFrom?.secretKeyRef;
  const reference = valueFrom?.configMapKeyRef ?? secret;
  const api = session.api();
  if (reference === undefined || !api.ok) return undefined;
  const mapping = kindMapping(secret === undefined ? 'ConfigMap' : 'Secret');
  const got = yield* api.value.get(mapping, namespace, reference.name ?? '');
  if (!got.ok) return undefined;
  const data = got.value['data'] as Readonly<Record<string, string>> | undefined;
  const value = entryOf(data, reference.key);
  if (value === undefined || secret === undefined) return value;
  const bytes = parseBase64(value);
  return bytes === undefined ? undefined : textOf(bytes);
}

function lineOf(variable: EnvVar): string {
  const from = variable.valueFrom;
  if (from === undefined) return `${variable.name}=${variable.value ?? ''}`;
  if (from.configMapKeyRef !== undefined) {
    return `# ${variable.name} from configmap ${from.configMapKeyRef.name}, key ${from.configMapKeyRef.key}`;
  }
  if (from.secretKeyRef !== undefined) {
    return `# ${variable.name} from secret ${from.secretKeyRef.name}, key ${from.secretKeyRef.key}`;
  }
  if (from.fieldRef !== undefined)
    return `# ${variable.name} from field path ${from.fieldRef.fieldPath}`;
  return `# ${variable.name} from resource field ${from.resourceFieldRef?.resource ?? ''}`;
}
