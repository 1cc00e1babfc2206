/**
 * Clients that call as a controller's own service account, as kube-controller-manager makes them with
 * --use-service-account-credentials (k8s.io/controller-manager/pkg/clientbuilder DynamicControllerClientBuilder, v1.34): the
 * account in kube-system is made when it is missing, a token of one hour is asked for through its
 * token subresource, and a new one before it runs out.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { SERVICE_ACCOUNTS } from '../../ground/api/names.ts';
import type { ServiceAccount, TokenRequest } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { type SignedToken, tokenIn } from '../../ground/pki/jwt.ts';
import type { Process } from '../../machines/machine/process.ts';
import { enterBackground, sleepInBackground } from '../../spine/client/background.ts';
import { openClient, userAgentOf } from '../../spine/client/client.ts';
import type { ClientConfig } from '../../spine/client/kubeconfig.ts';
import type { ApiResult, Client } from '../../spine/client/types.ts';

const NAMESPACE = 'kube-system';
const LIFETIME_SECONDS = 3600;
/** A token is renewed when this much of its life is over, in percent. */
const RENEW_PERCENT = 80;
const RETRY = 1 * SECOND;

export interface AccountClientOptions {
  readonly qps: number;
  readonly burst: number;
}

/** A client of the account; returns once it has its first token. */
export function* accountClient(
  process: Process,
  root: Client,
  config: ClientConfig,
  account: string,
  options: AccountClientOptions,
): Task<Client> {
  const bearer: { token: string | SignedToken } = { token: '' };
  for (;;) {
    const token = yield* requestToken(root, account);
    if (token.ok) {
      bearer.token = tokenIn(token.value.status) ?? token.value.status?.token ?? '';
      break;
    }
    const name = `${NAMESPACE}/${account}`;
    const text = `get or create service account failed: ${token.error.message}`;
    process.log('E', 'client_builder_dynamic.go:176', `"${text}" serviceAccount="${name}"`);
    yield* process.sleep(RETRY);
  }
  process.start(`token of ${account}`, renew(process, root, account, bearer));
  const { server, roots, namespace, skipVerify, serverName } = config;
  const own: ClientConfig = {
    server,
    roots,
    namespace,
    ...(skipVerify === undefined ? {} : { skipVerify }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  const userAgent = userAgentOf(
    'kube-controller-manager',
    `system:serviceaccount:${NAMESPACE}:${account}`,
  );
  return openClient(process, own, { ...options, userAgent, bearer, onWarning: () => {} });
}

function* renew(
  process: Process,
  root: Client,
  account: string,
  bearer: { token: string | SignedToken },
): Task<void> {
  enterBackground(process);
  let delay = (LIFETIME_SECONDS * RENEW_PERCENT * SECOND) / 100;
  for (;;) {
    yield* sleepInBackground(process, delay);
    const token = yield* requestToken(root, account);
    if (token.ok)
      bearer.token = tokenIn(token.value.status) ?? token.value.status?.token ?? bearer.token;
    delay = token.ok ? (LIFETIME_SECONDS * RENEW_PERCENT * SECOND) / 100 : 10 * RETRY;
  }
}

function* requestToken(root: Client, account: string): Task<ApiResult<TokenRequest>> {
  const found = yield* root.get<ServiceAccount>(SERVICE_ACCOUNTS, NAMESPACE, account);
  if (!found.ok) {
    if (found.error.code !== 404) return found;
    const created = yield* root.create<ServiceAccount>(
      SERVICE_ACCOUNTS,
      freezeDeep<ServiceAccount>({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: account, namespace: NAMESPACE },
      }),
    );
    if (!created.ok && created.error.reason !== 'AlreadyExists') return created;
  }
  const request = freezeDeep<TokenRequest>({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: account, namespace: NAMESPACE },
    spec: { audiences: [], expirationSeconds: LIFETIME_SECONDS },
  });
  return yield* root.create<TokenRequest>(SERVICE_ACCOUNTS, request, {
    name: account,
    subresource: 'token',
  });
}
