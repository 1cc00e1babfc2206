/**
 * `kubectl set image | env | resources | serviceaccount | selector` (k8s.io/kubectl/pkg/cmd/set, v0.34):
 * a change of the pod template, sent as the difference.
 */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { parseSelector, structureOf } from '../../../ground/api/selector.ts';
import { canonicalQuantity } from '../../../ground/api/quantity.ts';
import type { Container, EnvVar, PodSpec } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Loose } from './api.ts';
import { fail, type Failure, type Outcome, textFailure, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { type Subject, NO_RESOURCES, visit } from './resource-builder.ts';
import { envChanges, envList } from './set-env.ts';
import { sendChange, SET_FLAGS } from './set-send.ts';
import { subject } from './set-subject.ts';
import type { Session, Verb } from './session.ts';
import { Reporter } from './write-options.ts';

const NO_FILES =
  "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/** The changed pod spec of an object, or what is wrong. */
type Change = (spec: PodSpec, info: Subject) => Outcome<PodSpec>;

/** Changes the pod specs of what the arguments name. */
function* changeSpecs(
  session: Session,
  resources: readonly string[],
  what: string,
  change: Change,
  how: { readonly failed?: string; readonly always?: boolean } = {},
): Task<Outcome<number>> {
  const reporter = Reporter.of(session);
  if (!reporter.ok) return reporter;
  if (session.flags.bool('local') && resources.length > 0) return fail(NO_FILES);
  const visited = yield* visit(session, { args: resources, missing: NO_RESOURCES });
  if (!visited.ok) return visited;
  const failures: Failure[] = [];
  const absent = together(visited.value.failures);
  if (absent !== undefined) return { ok: false, error: absent };
  for (const info of visited.value.infos) {
    const changed = changedObject(info, change);
    if (!changed.ok) {
      failures.push(changed.error);
      continue;
    }
    const failure = yield* sendChange(session, reporter.value, info, changed.value, what, how);
    if (failure !== undefined) failures.push(failure);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

/** The object with the spec of its pods changed: a pod's own, or that of its template. */
function changedObject(info: Subject, change: Change): Outcome<Loose> {
  const { object } = info;
  const spec = object['spec'] as { readonly template?: { readonly spec?: PodSpec } } | undefined;
  if (object.kind === 'Pod') {
    const changed = change(object['spec'] as PodSpec, info);
    return changed.ok
      ? ok(withFields(object, { spec: freezeDeep(changed.value) } as Partial<Loose>))
      : changed;
  }
  const template = spec?.template;
  if (spec === undefined || template?.spec === undefined) {
    return fail(
      `${info.mapping.resource}/${info.name} the object is not a pod or does not have a pod template: *v1.${object.kind}`,
    );
  }
  const changed = change(template.spec, info);
  if (!changed.ok) return changed;
  const next = withFields(spec, {
    template: withFields(template, { spec: freezeDeep(changed.value) }),
  });
  return ok(withFields(object, { spec: next } as Partial<Loose>));
}

/** Resources, then `name=value` words (and `name-`, where removals are). */
function split(
  args: readonly string[],
  removals: boolean,
): { readonly resources: readonly string[]; readonly words: readonly string[] } {
  const isWord = (arg: string): boolean => arg.indexOf('=') > 0 || (removals && arg.endsWith('-'));
  return { resources: args.filter((arg) => !isWord(arg)), words: args.filter(isWord) };
}

/** Containers by name; `*` is all of them. */
function changeContainers(
  spec: PodSpec,
  name: string,
  change: (container: Container) => Container,
): PodSpec | undefined {
  let found = false;
  const each = (container: Container): Container => {
    if (name !== '*' && container.name !== name) return container;
    found = true;
    return change(container);
  };
  const containers = spec.containers.map(each);
  const initContainers = spec.initContainers?.map(each);
  const next = { ...spec, containers, ...(initContainers === undefined ? {} : { initContainers }) };
  return found ? next : undefined;
}

const image: Verb = {
  name: 'image',
  usage:
    '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
  short: 'Update the image of a pod template',
  flags: flagSpecs(SET_FLAGS),
  *run(session) {
    const { resources, words } = split(session.args, false);
    if (resources.length === 0 && session.flags.list('filename').length === 0)
      return fail(NO_RESOURCES);
    if (words.length === 0) {
      const visited = yield* visit(session, { args: resources });
      const absent = visited.ok ? together(visited.value.failures) : visited.error;
      return absent === undefined
        ? fail('at least one image update is required')
        : { ok: false, error: absent };
    }
    const images = words.map(
      (word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const,
    );
    return yield* changeSpecs(
      session,
      resources,
      'image updated',
      (spec) => {
        let next = spec;
        for (const [name, value] of images) {
          const changed = changeContainers(next, name, (container) => ({
            ...container,
            image: value,
          }));
          if (changed === undefined) return fail(`unable to find container named ${quote(name)}`);
          next = changed;
        }
        return ok(next);
      },
      { failed: 'failed to patch image update to pod template:' },
    );
  },
};

const env: Verb = {
  name: 'env',
  usage: 'RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]',
  short: 'Update environment variables on a pod template',
  flags: flagSpecs(
    `${SET_FLAGS} c containers='*' e env=[*] from='' keys=[] list=false overwrite=true prefix='' resolve=false`,
  ),
  *run(session) {
    const { flags } = session;
    const { resources, words } = split(session.args, true);
    if (resources.length === 0 && flags.list('filename').length === 0) {
      return session.usageError(
        'one or more resources must be specified as <resource> <name> or <resource>/<name>',
      );
    }
    if (flags.bool('list')) return yield* envList(session, resources);
    const changes = yield* envChanges(session, [...words, ...flags.list('env')]);
    if (!changes.ok) return changes;
    const { set, remove } = changes.value;
    if (set.length === 0 && remove.length === 0) {
      const visited = yield* visit(session, { args: resources });
      return visited.ok ? ok(0) : visited;
    }
    const name = flags.text('containers');
    return yield* changeSpecs(
      session,
      resources,
      'env updated',
      (spec, info) => {
        const clash = flags.bool('overwrite') ? undefined : clashOf(spec, set);
        if (clash !== undefined)
          return fail(`${info.mapping.resource}/${info.name} ${clash}, and --overwrite is false`);
        const changed = changeContainers(spec, name, (container) =>
          withEnv(container, set, remove),
        );
        if (changed !== undefined) return ok(changed);
        session.process.stderr.post(
          `Warning: ${info.mapping.kind}/${info.name} does not have any containers matching ${quote(name)}\n`,
        );
        return ok(spec);
      },
      { failed: 'failed to patch env update to pod template:' },
    );
  },
};

/** A variable that has another value already. */
function clashOf(spec: PodSpec, set: readonly EnvVar[]): string | undefined {
  for (const { env = [] } of spec.containers) {
    const old = env.find((one) => set.some((each) => each.name === one.name));
    if (old !== undefined) return `'${old.name}' already has a value (${old.value ?? ''})`;
  }
  return undefined;
}

/** Replaces variables where they stand; new ones go to the end. */
function withEnv(
  container: Container,
  set: readonly EnvVar[],
  remove: readonly string[],
): Container {
  const list = (container.env ?? []).filter((each) => !remove.includes(each.name));
  for (const variable of set) {
    const at = list.findIndex((each) => each.name === variable.name);
    if (at >= 0) list[at] = variable;
    else list.push(variable);
  }
  if (list.length > 0) return { ...container, env: list };
  const { env: _, ...rest } = container;
  return rest;
}

const resourcesVerb: Verb = {
  name: 'resources',
  usage: '(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]',
  short: 'Update resource requests/limits on objects with pod templates',
  flags: flagSpecs(`${SET_FLAGS} c containers='*' limits='' requests=''`),
  *run(session) {
    const { flags, args } = session;
    if (flags.text('limits') === '' && flags.text('requests') === '') {
      return fail(
        'you must specify an update to requests or limits (in the form of --requests/--limits)',
      );
    }
    const limits = amountsOf(flags.text('limits'));
    if (!limits.ok) return limits;
    const requests = amountsOf(flags.text('requests'));
    if (!requests.ok) return requests;
    const name = flags.text('containers');
    return yield* changeSpecs(
      session,
      args,
      'resource requirements updated',
      (spec) => {
        const changed = changeContainers(spec, name, (container) => {
          const old = container.resources ?? {};
          const merged = {
            ...old,
            ...(flags.text('limits') === '' ? {} : { limits: { ...old.limits, ...limits.value } }),
            ...(flags.text('requests') === ''
              ? {}
              : { requests: { ...old.requests, ...requests.value } }),
          };
          return { ...container, resources: merged };
        });
        return changed === undefined ? fail(`unable to find container named ${name}`) : ok(changed);
      },
      { failed: 'failed to patch resources update to pod template' },
    );
  },
};

/** `cpu=200m,memory=512Mi` */
function amountsOf(text: string): Outcome<Readonly<Record<string, string>>> {
  if (text === '') return ok({});
  const amounts = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name = '', value, ...more] = part.split('=');
    if (value === undefined || more.length > 0)
      return fail(`Invalid argument syntax ${part}, expected <resource>=<value>`);
    const amount = canonicalQuantity(value);
    if (!amount.ok) return fail(amount.error);
    amounts.set(name, amount.value);
  }
  return ok(Object.fromEntries(amounts));
}

const serviceAccount: Verb = {
  name: 'serviceaccount',
  aliases: ['sa'],
  usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
  short: 'Update the service account of a resource',
  flags: flagSpecs(SET_FLAGS),
  *run(session) {
    const name = session.args.at(-1);
    if (name === undefined) return fail('serviceaccount is required');
    const resources = session.args.slice(0, -1);
    return yield* changeSpecs(
      session,
      resources,
      'serviceaccount updated',
      (spec) => ok({ ...spec, serviceAccountName: name, serviceAccount: name }),
      { always: true, failed: 'failed to patch ServiceAccountName' },
    );
  },
};

const selector: Verb = {
  name: 'selector',
  usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
  short: 'Set the selector on a resource',
  flags: flagSpecs(`${SET_FLAGS} resource-version=''`),
  *run(session) {
    const text = session.args.at(-1) ?? '';
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const parsed = parseSelector(text);
    // A name where the expression should be is told as a missing name.
    const isSelector = parsed.ok && session.args.length > 2;
    const slashed = session.args.some((arg) => arg.includes('/'));
    const resources = isSelector || slashed ? session.args.slice(0, -1) : session.args.slice(0, 1);
    const visited = yield* visit(session, { args: resources });
    if (!visited.ok) return visited;
    if (!parsed.ok) return fail(parsed.error);
    const { matchLabels = {}, matchExpressions = [] } = structureOf(parsed.value);
    if (matchExpressions.length > 0) {
      const shown = matchExpressions.map(
        ({ key, operator, values = [] }) => `{${key} ${operator} [${values.join(' ')}]}`,
      );
      return fail(`match expression [${shown.join(' ')}] not supported on this object`);
    }
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      if (info.object.kind !== 'Service') {
        failures.push(textFailure('setting a selector is only supported for Services'));
        continue;
      }
      const spec = withFields(
        info.object['spec'] as object,
        { selector: freezeDeep(matchLabels) } as object,
      );
      const failure = yield* sendChange(
        session,
        reporter.value,
        info,
        withFields(info.object, { spec } as Partial<Loose>),
        'selector updated',
        { always: true },
      );
      if (failure !== undefined) failures.push(failure);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

export const set: Verb = {
  name: 'set',
  usage: 'SUBCOMMAND [options]',
  short: 'Set specific features on objects',
  flags: [],
  verbs: [env, image, resourcesVerb, selector, serviceAccount, subject],
};
