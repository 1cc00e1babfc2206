/**
 * The cluster role aggregation controller (pkg/controller/clusterroleaggregation, v1.34): a ClusterRole
 * with an aggregationRule has the rules of all ClusterRoles that its selectors match, in order of their
 * names, each rule once. Watches ClusterRoles; the key is the aggregated role's name.
 */
import { sameValue, withFields } from '../../ground/api/edit.ts';
import { CLUSTER_ROLES } from '../../ground/api/names.ts';
import { matches, selectorOf } from '../../ground/api/selector.ts';
import type { ClusterRole, PolicyRule } from '../../ground/api/types.ts';
import { compareText } from '../../ground/base/text.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import { type Controller, startWorkers } from './context.ts';

export const clusterRoleAggregationController: Controller = {
  name: 'clusterrole-aggregation-controller',
  account: 'clusterrole-aggregation-controller',
  component: 'clusterrole-aggregation-controller',
  start(context) {
    const roles = context.informers.of<ClusterRole>(CLUSTER_ROLES);
    roles.addIndex(
      'aggregated',
      (role) => (role.aggregationRule === undefined ? [] : ['yes']),
      (role) => role.aggregationRule,
    );
    const queue = new WorkQueue(context.process, 'ClusterRoleAggregator');
    const enqueue = (): void => {
      for (const role of roles.byIndex('aggregated', 'yes')) queue.add(role.metadata.name);
    };
    roles.addHandler({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    startWorkers(context, queue, [roles], { workers: 5 }, function* (key) {
      const role = roles.get(key);
      if (role?.aggregationRule === undefined) return undefined;
      const rules = aggregatedRules(role, roles);
      if (sameValue(role.rules ?? [], rules)) return undefined;
      const next = withFields<ClusterRole>(role, { rules });
      const updated = yield* context.client.update<ClusterRole>(CLUSTER_ROLES, next);
      return updated.ok ? undefined : updated.error.message;
    });
  },
};

/** The union of the rules of all selected roles but the role itself. */
function aggregatedRules(role: ClusterRole, roles: Informer<ClusterRole>): readonly PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (const structure of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorOf(structure);
    if (!selector.ok) continue;
    const selected = [...roles.list()]
      .filter((each) => each.metadata.name !== role.metadata.name)
      .filter((each) => matches(selector.value, each.metadata.labels))
      .sort((a, b) => compareText(a.metadata.name, b.metadata.name));
    for (const each of selected) {
      for (const rule of each.rules ?? []) {
        if (!rules.some((known) => sameValue(known, rule))) rules.push(rule);
      }
    }
  }
  return Object.freeze(rules);
}
