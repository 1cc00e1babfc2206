/**
 * POST serviceaccounts/x/token (pkg/registry/core/serviceaccount/storage/token.go, v1.34): a token for
 * a service account, bound to a pod if asked. The answer travels by reference, and its `token` is
 * signed when somebody reads it: most pods never do.
 */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { invalidField } from '../../../ground/api/field-error.ts';
import type { ServiceAccount, TokenRequest } from '../../../ground/api/types.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRfc3339 } from '../../../ground/base/time.ts';
import { type SignedToken, signToken, withToken } from '../../../ground/pki/jwt.ts';
import type { PrivateKey } from '../../../ground/pki/keys.ts';
import type { Api, Subresource } from '../generic/api.ts';
import { decodeAny } from '../generic/decode.ts';
import { badRequest, conflict, invalid, methodNotAllowed, notFound } from '../generic/status.ts';

const SECONDS_DEFAULT = 3600;
const SECONDS_MIN = 600;
/** What a projected volume asks for, and what it gets: the extension for old clients. */
const EXTENDED_ASK = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

export interface TokenIssuer {
  readonly key: PrivateKey;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Longest life that is given; 0: no bound. */
  readonly secondsMax: number;
  /** Told of a token's text when it is made. */
  issued(text: string, token: SignedToken): void;
}

/** Bytes of an answer besides its token. */
const ANSWER_BYTES = 400;

export function tokenSubresource(api: () => Api, tokens: TokenIssuer): Subresource {
  return function* (registry, context, answer): Task<void> {
    const { process, info } = context;
    if (info.verb !== 'create') return answer.fail(methodNotAllowed().error);
    yield* process.work(process.costs.apiWriteMicros);
    const parsed = decodeAny(answer.exchange, 'authentication.v1.TokenRequest');
    if (!parsed.ok) return answer.fail(parsed.error);
    const request = parsed.value as unknown as TokenRequest;
    const found = yield* registry.get(info.namespace, info.name);
    if (!found.ok) return answer.fail(found.error);
    const account = found.value as ServiceAccount;
    const named = { name: info.name, namespace: info.namespace };
    const object = withFields(parsed.value, {
      metadata: parsed.value.metadata ?? Object.freeze(named),
    });
    const admitted = registry.admit(context, 'CREATE', object, undefined);
    if (!admitted.ok) return answer.fail(admitted.error);
    const wanted = request.spec?.expirationSeconds ?? SECONDS_DEFAULT;
    const asked = tokens.secondsMax > 0 ? Math.min(wanted, tokens.secondsMax) : wanted;
    if (asked < SECONDS_MIN) {
      const error = invalidField(
        'spec.expirationSeconds',
        asked,
        'may not specify a duration less than 10 minutes',
      );
      return answer.fail(invalid('authentication.k8s.io', 'TokenRequest', '', [error]).error);
    }
    const bound = boundClaims(api(), info.namespace, request);
    if (!bound.ok) return answer.fail(bound.error);
    const seconds = Math.floor(context.now / 1_000_000);
    const audiences = request.spec?.audiences ?? [];
    const extended = asked === EXTENDED_ASK && audiences.length === 0 && bound.value !== undefined;
    const expires = seconds + asked;
    const claims = {
      aud: audiences.length === 0 ? tokens.audiences : audiences,
      exp: seconds + (extended ? EXTENDED_SECONDS : asked),
      iat: seconds,
      iss: tokens.issuer,
      jti: process.random.uuid(),
      'kubernetes.io': {
        namespace: info.namespace,
        ...(bound.value ?? {}),
        serviceaccount: { name: account.metadata.name, uid: account.metadata.uid },
        ...(extended ? { warnafter: expires } : {}),
      },
      nbf: seconds,
      sub: `system:serviceaccount:${info.namespace}:${account.metadata.name}`,
    };
    const signed = signToken(tokens.key, JSON.stringify(claims), (text) =>
      tokens.issued(text, signed),
    );
    const status = withToken(signed, {
      expirationTimestamp: formatRfc3339(expires * 1_000_000),
    });
    const metadata = {
      name: account.metadata.name,
      namespace: info.namespace,
      creationTimestamp: formatRfc3339(context.now),
    };
    const spec = { ...request.spec, expirationSeconds: asked, audiences: claims.aud };
    const head = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };
    answer.object(
      201,
      freezeDeep({ ...head, metadata, spec, status }),
      ANSWER_BYTES + signed.length,
    );
  };
}

/** The object that a token dies with. */
function boundClaims(api: Api, namespace: string, request: TokenRequest) {
  const reference = request.spec?.boundObjectRef ?? undefined;
  if (reference === undefined) return { ok: true, value: undefined } as const;
  const resources: Readonly<Record<string, string>> = {
    Pod: 'pods',
    Secret: 'secrets',
    Node: 'nodes',
  };
  const resource = resources[reference.kind ?? ''];
  if (resource === undefined) {
    return badRequest(
      `cannot bind token for serviceaccount to object of type ${reference.apiVersion ?? ''}, Kind=${reference.kind ?? ''}`,
    );
  }
  const name = reference.name ?? '';
  const scope = resource === 'nodes' ? '' : namespace;
  const object = api.registry('', resource)?.cache.get(scope, name)?.object;
  if (object === undefined) return notFound({ group: '', resource }, name);
  const uid = reference.uid ?? '';
  if (uid !== '' && uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    return conflict({ group: '', resource }, name, why);
  }
  const claims: Record<string, unknown> = {
    [resource.slice(0, -1)]: { name, uid: object.metadata.uid },
  };
  const node = (object as { readonly spec?: { readonly nodeName?: string } }).spec?.nodeName;
  if (resource === 'pods' && node !== undefined) {
    const uid = api.registry('', 'nodes')?.cache.get('', node)?.object.metadata.uid;
    claims['node'] = uid === undefined ? { name: node } : { name: node, uid };
  }
  return { ok: true, value: claims } as const;
}
