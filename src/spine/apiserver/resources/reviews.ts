/**
 * Reviews: questions about who somebody is and what they may do, answered and never stored
 * (pkg/registry/{authentication,authorization}, v1.34).
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type {
  PolicyRule,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  TokenReview,
} from '../../../ground/api/types.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { TokenAuthenticator } from '../authn/authenticator.ts';
import type { Attributes } from '../authz/attributes.ts';
import type { UnionAuthorizer } from '../authz/authorizer.ts';
import { nodeOfUser } from '../authz/node.ts';
import type { Rbac } from '../authz/rbac.ts';
import type { Subresource } from '../generic/api.ts';
import type { RequestContext, User } from '../generic/context.ts';
import { decodeBody } from '../generic/decode.ts';
import { formatRfc3339 } from '../../../ground/base/time.ts';
import { badRequest, methodNotAllowed } from '../generic/status.ts';

type Reply = (context: RequestContext, object: KubeObject) => unknown;

export function reviews(
  authorizer: UnionAuthorizer,
  rbac: Rbac,
  tokens: TokenAuthenticator,
): ReadonlyMap<string, Subresource> {
  const access: Reply = (_context, object) => {
    const spec = (object as SubjectAccessReview).spec;
    return decide(authorizer, userOfSpec(spec), spec);
  };
  return new Map<string, Subresource>([
    [
      'selfsubjectreviews.authentication.k8s.io',
      answering((context) => ({ userInfo: describeUser(context.user) })),
    ],
    [
      'tokenreviews.authentication.k8s.io',
      answering((_context, object) => reviewToken(tokens, object as TokenReview)),
    ],
    ['subjectaccessreviews.authorization.k8s.io', answering(access)],
    ['localsubjectaccessreviews.authorization.k8s.io', answering(access)],
    [
      'selfsubjectaccessreviews.authorization.k8s.io',
      answering((context, object) =>
        decide(authorizer, context.user, (object as SubjectAccessReview).spec),
      ),
    ],
    [
      'selfsubjectrulesreviews.authorization.k8s.io',
      answering((context, object) => rulesOf(rbac, context.user, object as SelfSubjectRulesReview)),
    ],
  ]);
}

function answering(reply: Reply): Subresource {
  return function* (registry, context, answer): Task<void> {
    const { process, info } = context;
    if (info.verb !== 'create') return answer.fail(methodNotAllowed().error);
    yield* process.work(process.costs.apiReadMicros);
    const decoded = decodeBody(registry.descriptor, context, answer.exchange);
    if (!decoded.ok) return answer.fail(decoded.error);
    const object = decoded.value;
    const spec = (object as SubjectAccessReview).spec as SubjectAccessReviewSpec | undefined;
    const needsOne = info.resource.endsWith('accessreviews');
    if (
      needsOne &&
      spec?.resourceAttributes === undefined &&
      spec?.nonResourceAttributes === undefined
    ) {
      return answer.fail(
        badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified')
          .error,
      );
    }
    if (info.resource === 'selfsubjectrulesreviews' && !hasNamespace(object)) {
      return answer.fail(badRequest('no namespace on request').error);
    }
    const status = reply(context, object);
    const { apiVersion, kind } = object;
    const metadata = { creationTimestamp: formatRfc3339(context.now) };
    const own = info.resource === 'selfsubjectreviews' ? metadata : {};
    answer.object(
      201,
      freezeDeep({
        kind,
        apiVersion,
        metadata: own,
        ...(spec === undefined ? {} : { spec }),
        status,
      }),
    );
  };
}

function hasNamespace(object: KubeObject): boolean {
  return ((object as SelfSubjectRulesReview).spec?.namespace ?? '') !== '';
}

function describeUser(user: User) {
  const extra: Record<string, readonly string[]> = {};
  for (const [key, values] of user.extra) extra[key] = values;
  return {
    username: user.name,
    ...(user.uid === '' ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra.size === 0 ? {} : { extra }),
  };
}

function userOfSpec(spec: SubjectAccessReviewSpec): User {
  return {
    name: spec.user ?? '',
    uid: spec.uid ?? '',
    groups: spec.groups ?? [],
    extra: new Map(Object.entries(spec.extra ?? {})) as User['extra'],
  };
}

function decide(authorizer: UnionAuthorizer, user: User, spec: SubjectAccessReviewSpec) {
  const asked = spec.resourceAttributes;
  const attributes: Attributes = {
    user,
    verb: (asked === undefined ? spec.nonResourceAttributes?.verb : asked.verb) ?? '',
    isResource: asked !== undefined,
    group: asked?.group ?? '',
    resource: asked?.resource ?? '',
    subresource: asked?.subresource ?? '',
    namespace: asked?.namespace ?? '',
    name: asked?.name ?? '',
    path: spec.nonResourceAttributes?.path ?? '',
  };
  const decision = authorizer.decide(attributes);
  return decision.reason === '' ? { allowed: decision.allowed } : { ...decision };
}

function reviewToken(tokens: TokenAuthenticator, review: TokenReview) {
  const { token = '', audiences } = review.spec;
  const user =
    audiences === undefined ? tokens.authenticate(token) : tokens.authenticate(token, audiences);
  if (!user.ok) return { user: {}, error: `[invalid bearer token, ${user.error}]` };
  return {
    authenticated: true,
    user: describeUser(user.value),
    ...(audiences === undefined ? {} : { audiences }),
  };
}

function rulesOf(rbac: Rbac, user: User, review: SelfSubjectRulesReview) {
  const errors: string[] = [];
  const all: PolicyRule[] = [];
  if (user.groups.includes('system:masters')) {
    all.push({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
    all.push({ verbs: ['*'], nonResourceURLs: ['*'] });
  }
  // What a kubelet may do depends on its pods: there is no list of it.
  if (nodeOfUser(user) !== undefined) {
    errors.push('node authorizer does not support user rule resolution');
  }
  for (const rules of rbac.rulesFor(user, review.spec.namespace ?? '', errors)) all.push(...rules);
  const resourceRules = all
    .filter((rule) => (rule.resources?.length ?? 0) > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) =>
      resourceNames === undefined
        ? { verbs, apiGroups, resources }
        : { verbs, apiGroups, resources, resourceNames },
    );
  const nonResourceRules = all
    .filter((rule) => (rule.nonResourceURLs?.length ?? 0) > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  const list = { resourceRules, nonResourceRules, incomplete: errors.length > 0 };
  if (errors.length === 0) return list;
  return { ...list, evaluationError: errors.length === 1 ? errors[0] : `[${errors.join(', ')}]` };
}
