/** `kubectl cordon`, `kubectl uncordon` and `kubectl drain` (k8s.io/kubectl/pkg/cmd/drain and pkg/drain, v0.34). */
import { controllerOf } from '../../../ground/api/meta.ts';
import { parseSelector } from '../../../ground/api/selector.ts';
import type { Pod } from '../../../ground/api/types.ts';
import { annotationOf } from '../../../ground/api/meta.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type Api, type Loose, STRATEGIC } from './api.ts';
import {
  apiFailure,
  fail,
  type Failure,
  isNotFound,
  messageOf,
  type Outcome,
  textFailure,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { dryRunOf } from './write-options.ts';

const NODE_FLAGS = "dry-run='none'?unchanged l selector=''";
/** A budget that forbids an eviction is asked again after this long. */
const EVICTION_RETRY = 5 * SECOND;
const GONE_POLL = SECOND;
const MIRROR = 'kubernetes.io/config.mirror';

export const cordon: Verb = {
  name: 'cordon',
  usage: 'NODE [options]',
  short: 'Mark node as unschedulable',
  flags: flagSpecs(NODE_FLAGS),
  run: (session) => mark(session, true),
};

export const uncordon: Verb = {
  name: 'uncordon',
  usage: 'NODE [options]',
  short: 'Mark node as schedulable',
  flags: flagSpecs(NODE_FLAGS),
  run: (session) => mark(session, false),
};

export const drain: Verb = {
  name: 'drain',
  usage: 'NODE [options]',
  short: 'Drain node in preparation for maintenance',
  flags: flagSpecs(
    `${NODE_FLAGS} chunk-size=500 delete-emptydir-data=false disable-eviction=false force=false grace-period=-1 ignore-daemonsets=false pod-selector='' skip-wait-for-delete-timeout=0 timeout=0s`,
  ),
  *run(session) {
    if (!parseSelector(session.flags.text('pod-selector')).ok)
      return fail('--pod-selector=<pod_selector> must be a valid label selector');
    const nodes = yield* nodesOf(session);
    if (!nodes.ok) return nodes;
    const failures: Failure[] = [...nodes.value.failures];
    const pending: Subject[] = [];
    // All of them are closed before the first is emptied.
    const closed: Subject[] = [];
    for (const info of nodes.value.infos) {
      const marked = yield* markOne(session, info, true);
      if (marked.ok) closed.push(info);
      else failures.push(marked.error);
    }
    for (const info of closed) {
      const drained = yield* drainOne(session, info);
      if (drained.ok) {
        yield* session.print(`node/${info.name} drained${suffixOf(session)}\n`);
        continue;
      }
      yield* session.printError(
        `error: unable to drain node "${info.name}" due to error: ${listText(drained.error)}, continuing command...\n`,
      );
      pending.push(info);
      failures.push(together(drained.error) as Failure);
    }
    if (pending.length > 0) {
      yield* session.printError(
        `There are pending nodes to be drained:\n${pending.map((info) => ` ${info.name}\n`).join('')}`,
      );
    }
    // One failure is told as several are, without `error: ` before it.
    return failures.length === 0
      ? ok(0)
      : { ok: false, error: { kind: 'several', list: failures } };
  },
};

function listText(failures: readonly Failure[]): string {
  const texts = failures.map(messageOf);
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

function suffixOf(session: Session): string {
  const dryRun = dryRunOf(session);
  if (!dryRun.ok || dryRun.value === 'none') return '';
  return dryRun.value === 'client' ? ' (dry run)' : ' (server dry run)';
}

function* nodesOf(
  session: Session,
): Task<Outcome<{ readonly infos: readonly Subject[]; readonly failures: readonly Failure[] }>> {
  const selector = session.flags.text('selector');
  const verb = session.path.split(' ')[1] ?? '';
  if (session.args.length > 0 && selector !== '') {
    return session.usageError('cannot specify both a node name and a --selector option');
  }
  if (session.args.length === 0 && selector === '')
    return session.usageError(`USAGE: ${verb} NODE [flags]`);
  const dryRun = dryRunOf(session);
  if (!dryRun.ok) return dryRun;
  if (session.args.some((arg) => /^(?!nodes?\/|no\/).*\//.test(arg)))
    return yield* visit(session, { args: session.args });
  const names = session.args.map((arg) => arg.replace(/^(?:nodes?|no)\//, ''));
  return yield* visit(session, { args: ['nodes', ...names] });
}

function* mark(session: Session, unschedulable: boolean): Task<Outcome<number>> {
  const nodes = yield* nodesOf(session);
  if (!nodes.ok) return nodes;
  const failures: Failure[] = [...nodes.value.failures];
  for (const info of nodes.value.infos) {
    const marked = yield* markOne(session, info, unschedulable);
    if (!marked.ok) failures.push(marked.error);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

function* markOne(session: Session, info: Subject, unschedulable: boolean): Task<Outcome<number>> {
  const spec = info.object['spec'] as { readonly unschedulable?: boolean } | undefined;
  const verb = unschedulable ? 'cordoned' : 'uncordoned';
  if ((spec?.unschedulable === true) === unschedulable) {
    yield* session.print(`node/${info.name} already ${verb}${suffixOf(session)}\n`);
    return ok(0);
  }
  const dryRun = dryRunOf(session);
  if (dryRun.ok && dryRun.value !== 'client') {
    const api = session.api();
    if (!api.ok) return api;
    const patch = { spec: { unschedulable: unschedulable ? true : null } };
    const done = yield* api.value.patch(info.mapping, '', info.name, STRATEGIC, patch, {
      dryRun: dryRun.value === 'server',
    });
    if (!done.ok) return { ok: false, error: apiFailure(done.error) };
  }
  yield* session.print(`node/${info.name} ${verb}${suffixOf(session)}\n`);
  return ok(0);
}

type Drained = { readonly ok: true } | { readonly ok: false; readonly error: readonly Failure[] };

function* drainOne(session: Session, node: Subject): Task<Drained> {
  const { flags } = session;
  const api = session.api();
  if (!api.ok) return { ok: false, error: [api.error] };
  const selector = flags.text('pod-selector');
  const pods = yield* api.value.items(kindMapping('Pod'), '', {
    fieldSelector: `spec.nodeName=${node.name}`,
    ...(selector === '' ? {} : { labelSelector: selector }),
  });
  if (!pods.ok) return { ok: false, error: [apiFailure(pods.error)] };
  const chosen = chooseVictims(
    session,
    pods.value as readonly Loose[] as unknown as readonly Pod[],
  );
  if (chosen.problems.length > 0) return { ok: false, error: chosen.problems.map(textFailure) };
  if (chosen.warning !== '') yield* session.printError(`Warning: ${chosen.warning}\n`);
  const dryRun = dryRunOf(session);
  if (dryRun.ok && dryRun.value !== 'none') {
    for (const pod of chosen.pods) {
      yield* session.print(
        `evicting pod ${pod.metadata.namespace}/${pod.metadata.name}${suffixOf(session)}\n`,
      );
    }
    return { ok: true };
  }
  const failures: Failure[] = [];
  const leaving: Pod[] = [];
  for (const pod of chosen.pods) {
    const failure = yield* evict(session, api.value, pod);
    if (failure === undefined) leaving.push(pod);
    else failures.push(failure);
  }
  for (const pod of leaving) {
    const failure = yield* awaitGone(session, api.value, pod);
    if (failure !== undefined) failures.push(failure);
  }
  return failures.length === 0 ? { ok: true } : { ok: false, error: failures };
}

interface Victims {
  readonly pods: readonly Pod[];
  readonly problems: readonly string[];
  readonly warning: string;
}

/** The filters of pkg/drain/filters.go: mirror pods stay, what would be lost needs a flag. */
function chooseVictims(session: Session, pods: readonly Pod[]): Victims {
  const { flags } = session;
  const [orphans, local, daemons]: [string[], string[], string[]] = [[], [], []];
  const chosen: Pod[] = [];
  for (const pod of pods) {
    if (annotationOf(pod, MIRROR) !== undefined) continue;
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const owner = controllerOf(pod);
    if (owner?.kind === 'DaemonSet' && !finished) {
      daemons.push(name);
      continue;
    }
    if (pod.spec?.volumes?.some((volume) => volume.emptyDir !== undefined) === true && !finished)
      local.push(name);
    if (owner === undefined && !finished) orphans.push(name);
    chosen.push(pod);
  }
  const problems: string[] = [];
  const warnings: string[] = [];
  const judge = (
    names: readonly string[],
    allowed: boolean,
    problem: string,
    warning: string,
  ): void => {
    if (names.length === 0) return;
    if (!allowed) problems.push(`${problem}: ${names.join(', ')}`);
    else if (warning !== '') warnings.push(`${warning}: ${names.join(', ')}`);
  };
  judge(
    daemons,
    flags.bool('ignore-daemonsets'),
    'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
    'ignoring DaemonSet-managed Pods',
  );
  judge(
    orphans,
    flags.bool('force'),
    // Upstream's own text begins so twice.
    'cannot delete cannot delete Pods that declare no controller (use --force to override)',
    'deleting Pods that declare no controller',
  );
  judge(
    local,
    flags.bool('delete-emptydir-data'),
    'cannot delete Pods with local storage (use --delete-emptydir-data to override)',
    '',
  );
  return { pods: chosen, problems, warning: warnings.join('; ') };
}

function* evict(session: Session, api: Api, pod: Pod): Task<Failure | undefined> {
  const { name = '', namespace = '' } = pod.metadata;
  const grace = session.flags.int('grace-period');
  const options = grace >= 0 ? { gracePeriodSeconds: grace } : {};
  for (;;) {
    yield* session.print(`evicting pod ${namespace}/${name}\n`);
    const done = session.flags.bool('disable-eviction')
      ? yield* api.delete(kindMapping('Pod'), namespace, name, options)
      : yield* api.createSub(kindMapping('Pod'), namespace, name, 'eviction', {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace },
          deleteOptions: options,
        });
    if (done.ok || isNotFound(done.error)) return undefined;
    if (done.error.code !== 429) {
      return textFailure(
        `error when evicting pods/"${name}" -n "${namespace}": ${done.error.message}`,
      );
    }
    yield* session.printError(
      `error when evicting pods/"${name}" -n "${namespace}" (will retry after 5s): ${done.error.message}\n`,
    );
    yield* session.process.sleep(EVICTION_RETRY);
  }
}

function* awaitGone(session: Session, api: Api, pod: Pod): Task<Failure | undefined> {
  const { name = '', namespace = '', uid } = pod.metadata;
  const limit = session.flags.duration('timeout');
  const { clock } = session.process;
  const end = clock.monotonic() + limit;
  for (;;) {
    const now = yield* api.get(kindMapping('Pod'), namespace, name);
    if (!now.ok && !isNotFound(now.error)) return apiFailure(now.error);
    if (!now.ok || now.value.metadata.uid !== uid) {
      yield* session.print(
        `pod/${name} ${session.flags.bool('disable-eviction') ? 'deleted' : 'evicted'}\n`,
      );
      return undefined;
    }
    if (limit > 0 && clock.monotonic() >= end) {
      return textFailure(
        `error when waiting for pod ${quote(name)} in namespace ${quote(namespace)} to terminate: context deadline exceeded`,
      );
    }
    yield* session.process.sleep(GONE_POLL);
  }
}
