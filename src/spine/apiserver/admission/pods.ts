/**
 * Two small plugins for pods: DefaultTolerationSeconds (plugin/pkg/admission/defaulttolerationseconds)
 * gives every pod 300 seconds on a node that is not ready or unreachable; Priority
 * (plugin/pkg/admission/priority) turns the class into a number (v1.34).
 */
import { withFields } from '../../../ground/api/edit.ts';
import type { Pod, PriorityClass, Toleration } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import type { AdmissionPlugin } from '../generic/context.ts';
import { forbiddenObject } from '../generic/status.ts';
import type { ResourceCache } from '../generic/watch-cache.ts';

const SECONDS = 300;
const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const PODS = { group: '', resource: 'pods' };

function toleration(key: string): Toleration {
  return Object.freeze({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: SECONDS,
  });
}
const FOR_NOT_READY = toleration(NOT_READY);
const FOR_UNREACHABLE = toleration(UNREACHABLE);

function tolerates(list: readonly Toleration[], key: string): boolean {
  return list.some(
    (each) =>
      ((each.key ?? '') === key || (each.key ?? '') === '') &&
      ((each.effect ?? '') === 'NoExecute' || (each.effect ?? '') === ''),
  );
}

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit(context, operation, object) {
    const { info } = context;
    const pod = object as Pod;
    if (operation !== 'CREATE' || info.resource !== 'pods' || info.subresource !== '')
      return ok(object);
    if (pod.spec === undefined) return ok(object);
    const list = pod.spec.tolerations ?? [];
    const more: Toleration[] = [];
    if (!tolerates(list, NOT_READY)) more.push(FOR_NOT_READY);
    if (!tolerates(list, UNREACHABLE)) more.push(FOR_UNREACHABLE);
    if (more.length === 0) return ok(object);
    const tolerations = Object.freeze([...list, ...more]);
    return ok(withFields(pod, { spec: withFields(pod.spec, { tolerations }) }));
  },
};

export function priorityAdmission(classes: ResourceCache): AdmissionPlugin {
  return {
    name: 'Priority',
    admit(context, operation, object) {
      const { info } = context;
      const pod = object as Pod;
      if (operation !== 'CREATE' || info.resource !== 'pods' || info.subresource !== '')
        return ok(object);
      if (pod.spec === undefined) return ok(object);
      const name = pod.spec.priorityClassName ?? '';
      const chosen =
        name === ''
          ? defaultClass(classes)
          : (classes.get('', name)?.object as PriorityClass | undefined);
      if (chosen === undefined && name !== '') {
        return forbiddenObject(PODS, pod, `no PriorityClass with name ${name} was found`);
      }
      const priority = chosen?.value ?? 0;
      if (pod.spec.priority !== undefined && pod.spec.priority !== priority) {
        const why = `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`;
        return forbiddenObject(PODS, pod, why);
      }
      const spec = withFields(pod.spec, {
        priority,
        preemptionPolicy: chosen?.preemptionPolicy ?? 'PreemptLowerPriority',
        ...(chosen === undefined ? {} : { priorityClassName: chosen.metadata.name }),
      });
      return ok(withFields(pod, { spec }));
    },
  };
}

/** The class that marks itself the default: the lowest of them. */
function defaultClass(classes: ResourceCache): PriorityClass | undefined {
  let found: PriorityClass | undefined;
  for (const [, cached] of classes.items.range('')) {
    const each = cached.object as PriorityClass;
    if (each.globalDefault === true && (found === undefined || each.value < found.value))
      found = each;
  }
  return found;
}
