/** When a deletion that waits is over. */
import { isDeleting } from '../../../ground/api/meta.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Hooks } from './context.ts';

/** True when an update takes the last thing that a deletion waited for. */
export function mayBeGone(next: KubeObject, old: KubeObject, hooks: Hooks): boolean {
  if (!isDeleting(next)) return false;
  if ((next.metadata.finalizers?.length ?? 0) > 0) return false;
  if ((next.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  if (hooks.mayRemove !== undefined) return hooks.mayRemove(next);
  return (old.metadata.finalizers?.length ?? 0) > 0;
}
