/** `KEY=VALUE … KEY-` after the resources of label, annotate and taint (k8s.io/kubectl/pkg/cmd/util/kubectl_match_version.go and helpers.go, v0.34). */
import { ok } from '../../../ground/base/result.ts';
import { fail, type Outcome } from './failure.ts';

export interface SplitArgs {
  readonly resources: readonly string[];
  readonly pairs: readonly string[];
}

/** Takes the arguments apart where the first pair stands; `what` is `label` or `annotation`. */
export function splitPairs(args: readonly string[], what: string): Outcome<SplitArgs> {
  const first = args.findIndex(isPair);
  if (first < 0) return ok({ resources: args, pairs: [] });
  const late = args.slice(first).find((arg) => !isPair(arg));
  if (late !== undefined) return fail(`all resources must be specified before ${what} changes: ${late}`);
  return ok({ resources: args.slice(0, first), pairs: args.slice(first) });
}

function isPair(arg: string): boolean {
  return (arg.includes('=') && !arg.startsWith('=')) || arg.endsWith('-');
}
