/** `kubectl set subject` (k8s.io/kubectl/pkg/cmd/set/set_subject.go, v0.34): more subjects of a binding. */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Loose } from './api.ts';
import { fail, type Failure, textFailure, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { subjectsOf } from './generate/rbac.ts';
import { visit } from './resource-builder.ts';
import { sendChange, SET_FLAGS } from './set-send.ts';
import type { Verb } from './session.ts';
import { Reporter } from './write-options.ts';

export const subject: Verb = {
  name: 'subject',
  usage:
    '(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Update the user, group, or service account in a role binding or cluster role binding',
  flags: flagSpecs(`${SET_FLAGS} group=[*] serviceaccount=[*] user=[*]`),
  *run(session) {
    const { flags } = session;
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const visited = yield* visit(session);
    if (!visited.ok) return visited;
    const [failure] = visited.value.failures;
    if (failure !== undefined) return { ok: false, error: failure };
    if (['user', 'group', 'serviceaccount'].every((name) => flags.list(name).length === 0))
      return fail('you must specify at least one value of user, group or serviceaccount');
    const wanted = subjectsOf(session);
    if (!wanted.ok) return wanted;
    const failures: Failure[] = [];
    for (const info of visited.value.infos) {
      const { object, mapping, name } = info;
      if (object.kind !== 'RoleBinding' && object.kind !== 'ClusterRoleBinding') {
        const text = `${mapping.resource}/${name} setting subjects is only supported for RoleBinding/ClusterRoleBinding`;
        failures.push(textFailure(text));
        continue;
      }
      const old = (object['subjects'] ?? []) as readonly object[];
      const fresh = wanted.value.filter((each) => !old.some((one) => isSame(one, each)));
      const next = freezeDeep({ subjects: [...old, ...fresh] });
      const changed = withFields(object, next as Partial<Loose>);
      const sent = yield* sendChange(session, reporter.value, info, changed, 'subjects updated');
      if (sent !== undefined) failures.push(sent);
    }
    const last = together(failures);
    return last === undefined ? ok(0) : { ok: false, error: last };
  },
};

function isSame(a: object, b: object): boolean {
  const [x, y] = [a as Subject, b as Subject];
  return x.kind === y.kind && x.name === y.name && (x.namespace ?? '') === (y.namespace ?? '');
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}
