/** What `kubectl set env` changes, and `--list` (k8s.io/kubectl/pkg/cmd/set/set_env.go, v0.34). */
import type { EnvVar, PodSpec } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { fail, type Outcome, together } from './failure.ts';
import { readAll } from './manifest.ts';
import { namedObject } from './pod-of.ts';
import { visit } from './resource-builder.ts';
import type { Session } from './session.ts';

export interface EnvChanges {
  readonly set: readonly EnvVar[];
  readonly remove: readonly string[];
}

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
    if (equals > 0) set.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
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
    return fail(
      `can not both modify and remove the following environment variable(s) in the same command: ${both.join(', ')}`,
    );
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
  for (const key of keys) {
    if (wanted.length > 0 && !wanted.includes(key)) continue;
    const reference = { key, name };
    const variable = prefix + key.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
    if (object.value.kind === 'ConfigMap')
      variables.push({ name: variable, valueFrom: { configMapKeyRef: reference } });
    else if (object.value.kind === 'Secret')
      variables.push({ name: variable, valueFrom: { secretKeyRef: reference } });
    else return fail(`unsupported resource specified in --from`);
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
      for (const variable of container.env ?? []) yield* session.print(`${lineOf(variable)}\n`);
    }
  }
  const failure = together(visited.value.failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
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
