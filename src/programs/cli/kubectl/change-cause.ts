/**
 * `--record`: the command line as the annotation that `rollout history` shows
 * (k8s.io/cli-runtime/pkg/genericclioptions/record_flags.go, v0.34). Deprecated upstream and said to be.
 */
import { withAnnotation } from '../../../ground/api/meta.ts';
import type { Loose } from './api.ts';
import type { Session } from './session.ts';

export const CHANGE_CAUSE = 'kubernetes.io/change-cause';

/** The object with the command line as the cause of its change, where `--record` asks for it. */
export function recorded(session: Session, object: Loose): Loose {
  return session.flags.bool('record')
    ? withAnnotation(object, CHANGE_CAUSE, commandLine(session))
    : object;
}

/** `kubectl apply --filename=web.yaml --record=true`: arguments first, then flags as they were given. */
export function commandLine(session: Session): string {
  const flags = session.flags.given.map(([name, value]) => ` --${name}=${value}`);
  return [session.path, ...session.args].join(' ') + flags.join('');
}
