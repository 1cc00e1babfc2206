/**
 * Impersonation (k8s.io/apiserver/pkg/endpoints/filters/impersonation.go, v0.34): who may act as
 * somebody else says so in `Impersonate-*` headers; each user, group and UID is authorized.
 */
import { type Err, ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import type { UnionAuthorizer } from '../authz/authorizer.ts';
import { type Attributes, refusal } from '../authz/attributes.ts';
import type { User } from '../generic/context.ts';
import type { Impersonate } from '../generic/handler.ts';
import { type Failure, plainError } from '../generic/status.ts';

const ACCOUNT = 'system:serviceaccount:';

export function impersonator(authorizer: UnionAuthorizer): Impersonate {
  return (user, exchange) => {
    const { headers } = exchange.request;
    const name = headers.get('impersonate-user') ?? '';
    if (name === '') return withoutUser(exchange) ?? ok(user);
    const groups = (headers.get('impersonate-group') ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
    const account = name.startsWith(ACCOUNT) ? name.slice(ACCOUNT.length).split(':') : undefined;
    const wanted: Attributes[] = [
      account === undefined
        ? ask(user, 'users', '', name)
        : ask(user, 'serviceaccounts', account[0] ?? '', account[1] ?? ''),
      ...groups.map((group) => ask(user, 'groups', '', group)),
    ];
    for (const attributes of wanted) {
      const decision = authorizer.decide(attributes);
      if (!decision.allowed) return refusal(attributes, decision.reason);
    }
    const more =
      account === undefined || groups.length > 0
        ? []
        : ['system:serviceaccounts', `system:serviceaccounts:${account[0] ?? ''}`];
    const all = new Set([...groups, ...more, 'system:authenticated']);
    return ok({
      name,
      uid: headers.get('impersonate-uid') ?? '',
      groups: [...all],
      extra: new Map(),
    });
  };
}

/** Groups or a UID of nobody: upstream's internal error, in plain text. */
function withoutUser(exchange: HttpExchange): Err<Failure> | undefined {
  const { headers, target } = exchange.request;
  const groups = (headers.get('impersonate-group') ?? '').split(',').map((each) => each.trim());
  const uid = headers.get('impersonate-uid') ?? '';
  const asked = [
    ...groups.filter((each) => each !== '').map((each) => `{Group  ${each}    }`),
    ...(uid === '' ? [] : [`{UID  ${uid}  authentication.k8s.io/v1  }`]),
  ];
  if (asked.length === 0) return undefined;
  const why = `requested [${asked.join(' ')}] without impersonating a user`;
  const text = `Internal Server Error: ${quote(target)}: ${why}\n`.replace(
    /[&<>]/g,
    (char) => SAFE[char] ?? char,
  );
  return plainError(500, text);
}

const SAFE: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function ask(user: User, resource: string, namespace: string, name: string): Attributes {
  return {
    user,
    verb: 'impersonate',
    isResource: true,
    group: '',
    resource,
    subresource: '',
    namespace,
    name,
    path: '',
  };
}
