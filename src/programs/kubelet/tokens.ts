/** Service account tokens for pods: TokenRequest, bound to the pod. */
import type { KubeObject } from '../../ground/api/object.ts';
import { SERVICE_ACCOUNTS } from '../../ground/api/names.ts';
import type { Pod } from '../../ground/api/types.ts';
import { freezeDeep } from '../../ground/api/edit.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Core } from './core.ts';

interface TokenRequest extends KubeObject {
  readonly spec: {
    readonly audiences?: readonly string[];
    readonly expirationSeconds: number;
    readonly boundObjectRef: unknown;
  };
  readonly status?: { readonly token: string; readonly expirationTimestamp: string };
}

/** A token; its text is signed when somebody reads it. */
export interface PodToken {
  readonly status: { readonly token: string };
  /** Life in seconds. */
  readonly seconds: number;
}

export function* requestToken(
  core: Core,
  pod: Pod,
  audience: string,
  seconds: number,
): Task<Result<PodToken, string>> {
  const account = pod.spec?.serviceAccountName || 'default';
  const request: TokenRequest = freezeDeep({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: account, namespace: pod.metadata.namespace ?? '' },
    spec: {
      ...(audience === '' ? {} : { audiences: [audience] }),
      boundObjectRef: {
        apiVersion: 'v1',
        kind: 'Pod',
        name: pod.metadata.name,
        uid: pod.metadata.uid ?? '',
      },
      expirationSeconds: seconds,
    },
  });
  const answer = yield* core.client.create<TokenRequest>(SERVICE_ACCOUNTS, request, {
    subresource: 'token',
    name: account,
  });
  if (!answer.ok) return err(answer.error.message);
  const { status } = answer.value;
  return status === undefined ? err('the server returned no token') : ok({ status, seconds });
}
