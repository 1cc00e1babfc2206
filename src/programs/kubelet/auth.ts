/**
 * Who may ask the kubelet: client certificates of the cluster's CA, or tokens by TokenReview; then a
 * SubjectAccessReview on `nodes/<subresource>` (k8s.io/kubernetes/pkg/kubelet/server/auth.go, v1.34).
 * Answers are kept: tokens 2 min, allowed 5 min, denied 30 s.
 */
import { SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS } from '../../ground/api/names.ts';
import type { SubjectAccessReview, TokenReview } from '../../ground/api/types.ts';
import { freezeDeep } from '../../ground/api/edit.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import type { Core } from './core.ts';

export interface KubeletUser {
  readonly name: string;
  readonly groups: readonly string[];
}

interface Kept<T> {
  readonly value: T;
  readonly until: Micros;
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The subresource of `nodes` that a path stands for. */
function subresourceOf(path: string): string {
  const first = path.split('/')[1] ?? '';
  if (first === 'stats' || first === 'metrics') return first;
  if (first === 'logs') return 'log';
  return 'proxy';
}

export class KubeletAuth {
  readonly #core: Core;
  readonly #tokens = new Map<string, Kept<KubeletUser | undefined>>();
  readonly #verdicts = new Map<string, Kept<boolean>>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Undefined when allowed; else the status and text of the refusal. */
  *check(
    exchange: HttpExchange,
  ): Task<{ readonly status: number; readonly text: string } | undefined> {
    const user = yield* this.#authenticate(exchange);
    if (user === undefined) return { status: 401, text: 'Unauthorized' };
    const path = exchange.request.target.split('?')[0] ?? '/';
    const verb = VERBS[exchange.request.method] ?? 'get';
    const resource = subresourceOf(path);
    if (yield* this.#authorize(user, verb, resource)) return undefined;
    return {
      status: 403,
      text: `Forbidden (user=${user.name}, verb=${verb}, resource=nodes, subresource(s)=[${resource}])`,
    };
  }

  *#authenticate(exchange: HttpExchange): Task<KubeletUser | undefined> {
    const certificate = exchange.peer?.certificate;
    if (certificate !== undefined) {
      const { commonName, organizations } = certificate.subject;
      return { name: commonName, groups: [...organizations, 'system:authenticated'] };
    }
    const header = exchange.request.headers.get('authorization') ?? '';
    const token = /^Bearer (\S+)$/i.exec(header)?.[1];
    if (token === undefined) {
      return this.#core.config.anonymous
        ? { name: 'system:anonymous', groups: ['system:unauthenticated'] }
        : undefined;
    }
    const now = this.#core.process.clock.monotonic();
    const kept = this.#tokens.get(token);
    if (kept !== undefined && kept.until > now) return kept.value;
    const review: TokenReview = freezeDeep({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: { name: '' },
      spec: { token },
    });
    const answer = yield* this.#core.client.create<TokenReview>(TOKEN_REVIEWS, review);
    if (!answer.ok) return undefined;
    const { authenticated, user } = answer.value.status ?? {};
    const found =
      authenticated === true
        ? { name: user?.username ?? '', groups: user?.groups ?? [] }
        : undefined;
    this.#tokens.set(token, { value: found, until: now + 120 * SECOND });
    return found;
  }

  *#authorize(user: KubeletUser, verb: string, subresource: string): Task<boolean> {
    const key = `${user.name}|${user.groups.join(',')}|${verb}|${subresource}`;
    const now = this.#core.process.clock.monotonic();
    const kept = this.#verdicts.get(key);
    if (kept !== undefined && kept.until > now) return kept.value;
    const review: SubjectAccessReview = freezeDeep({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: {
        groups: user.groups,
        resourceAttributes: {
          group: '',
          name: this.#core.config.nodeName,
          resource: 'nodes',
          subresource,
          verb,
          version: 'v1',
        },
        user: user.name,
      },
    });
    const answer = yield* this.#core.client.create<SubjectAccessReview>(
      SUBJECT_ACCESS_REVIEWS,
      review,
    );
    if (!answer.ok) return false;
    const allowed = answer.value.status?.allowed === true;
    this.#verdicts.set(key, { value: allowed, until: now + (allowed ? 300 : 30) * SECOND });
    return allowed;
  }
}
