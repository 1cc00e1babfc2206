/**
 * Who asks: by client certificate (common name and organizations), by service-account token, else
 * anonymous (k8s.io/apiserver/pkg/authentication and pkg/serviceaccount, v0.34). A certificate was
 * verified by the TLS handshake; a token's signature is checked once per text, its times, audience
 * and the objects that it is bound to at every request.
 */
import type { ObjectMeta } from '../../../ground/api/types.ts';
import { hexOf } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import { parseJson } from '../../../ground/lang/json.ts';
import { isValueMap } from '../../../ground/lang/value.ts';
import { sha256 } from '../../../ground/pki/digest.ts';
import { type SignedToken, TokenVerifier } from '../../../ground/pki/jwt.ts';
import type { PublicKey } from '../../../ground/pki/keys.ts';
import { BearerHeaders } from '../../../machines/network/bearer-headers.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import type { User } from '../generic/context.ts';
import type { Authenticator } from '../generic/handler.ts';
import { type Failure, unauthorized } from '../generic/status.ts';

/** What a service-account token says (RFC 7519 claims and Kubernetes's own). */
export interface TokenClaims {
  readonly iss?: string;
  readonly aud?: readonly string[];
  readonly exp?: number;
  readonly iat?: number;
  readonly nbf?: number;
  readonly jti?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace?: string;
    readonly serviceaccount?: BoundName;
    readonly pod?: BoundName;
    readonly secret?: BoundName;
    readonly node?: BoundName;
  };
}

interface BoundName {
  readonly name: string;
  readonly uid: string;
}

export interface TokenOptions {
  readonly keys: readonly PublicKey[];
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** The metadata of an object in the caches. */
  find(resource: string, namespace: string, name: string): ObjectMeta | undefined;
  now(): WallTime;
}

const ANONYMOUS: User = {
  name: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: new Map(),
};

/** How long a token of a deleted pod stays good: for its graceful end. */
const LEEWAY_MICROS = 60_000_000;

export class TokenAuthenticator {
  readonly #options: TokenOptions;
  readonly #verifier: TokenVerifier;
  readonly #claims = new Map<string, TokenClaims>();
  /** One user for each token, so that what is known of the user is found again. */
  readonly #users = new WeakMap<TokenClaims, User>();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#verifier = new TokenVerifier(options.keys);
  }

  /** Takes a token that this server has signed as checked. */
  vouch(text: string, token: SignedToken): void {
    this.#verifier.vouch(text, token);
  }

  /** The user of a token; the error says why it is none (TokenReview shows it). */
  authenticate(
    token: string | SignedToken,
    audiences: readonly string[] = this.#options.audiences,
  ): Result<User, string> {
    const payload = this.#verifier.verify(token);
    if (payload === undefined) return err('invalid bearer token');
    const claims = this.#read(payload);
    if (claims === undefined || claims.iss !== this.#options.issuer)
      return err('invalid bearer token');
    const now = this.#options.now() / 1_000_000;
    if ((claims.exp ?? 0) <= now) return err('service account token has expired');
    if ((claims.nbf ?? 0) > now + 1) return err('service account token is not valid yet');
    if (!(claims.aud ?? []).some((each) => audiences.includes(each))) {
      return err(
        `token audiences ${JSON.stringify(claims.aud ?? [])} is invalid for the target audiences ${JSON.stringify(audiences)}`,
      );
    }
    return this.#userOf(claims);
  }

  #read(payload: string): TokenClaims | undefined {
    const known = this.#claims.get(payload);
    if (known !== undefined) return known;
    const parsed = parseJson(payload);
    if (!parsed.ok || !isValueMap(parsed.value.value)) return undefined;
    const claims = parsed.value.value as unknown as TokenClaims;
    if (this.#claims.size > 10_000) this.#claims.clear();
    this.#claims.set(payload, claims);
    return claims;
  }

  #userOf(claims: TokenClaims): Result<User, string> {
    const bound = claims['kubernetes.io'];
    const account = bound?.serviceaccount;
    const namespace = bound?.namespace ?? '';
    if (bound === undefined || account === undefined) return err('invalid bearer token');
    const { find } = this.#options;
    const present = find('serviceaccounts', namespace, account.name);
    if (present === undefined || present.uid !== account.uid) {
      return err('service account token has been invalidated');
    }
    const { pod } = bound;
    if (pod !== undefined) {
      const metadata = find('pods', namespace, pod.name);
      if (
        metadata === undefined ||
        metadata.uid !== pod.uid ||
        isOver(metadata, this.#options.now())
      ) {
        return err('service account token has been invalidated');
      }
    }
    let user = this.#users.get(claims);
    if (user === undefined) {
      user = accountUser(claims, namespace, account);
      this.#users.set(claims, user);
    }
    return ok(user);
  }
}

const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

/** The user that a service-account token stands for (pkg/serviceaccount/util.go UserInfo). */
function accountUser(claims: TokenClaims, namespace: string, account: BoundName): User {
  const { pod, node } = claims['kubernetes.io'] ?? {};
  const extra = new Map<string, readonly string[]>();
  if (claims.jti !== undefined) extra.set(CREDENTIAL_ID, [`JTI=${claims.jti}`]);
  if (pod !== undefined) {
    extra.set('authentication.kubernetes.io/pod-name', [pod.name]);
    extra.set('authentication.kubernetes.io/pod-uid', [pod.uid]);
  }
  if (node !== undefined) {
    extra.set('authentication.kubernetes.io/node-name', [node.name]);
    extra.set('authentication.kubernetes.io/node-uid', [node.uid]);
  }
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    uid: account.uid,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated',
    ],
    extra,
  };
}

function isOver(metadata: ObjectMeta, now: WallTime): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  const end = parseRfc3339(metadata.deletionTimestamp) ?? now;
  return end + LEEWAY_MICROS < now;
}

export class RequestAuthenticator implements Authenticator {
  readonly #tokens: TokenAuthenticator;
  readonly #anonymous: boolean;
  /** Users by the id of their certificate. */
  readonly #users = new Map<string, User>();

  constructor(tokens: TokenAuthenticator, anonymous: boolean) {
    this.#tokens = tokens;
    this.#anonymous = anonymous;
  }

  authenticate(exchange: HttpExchange): Result<User, Failure> {
    const certificate = exchange.peer?.certificate;
    if (certificate !== undefined && certificate.subject.commonName !== '') {
      const known = this.#users.get(certificate.id);
      if (known !== undefined) return ok(known);
      const { commonName, organizations } = certificate.subject;
      const user: User = {
        name: commonName,
        uid: '',
        groups: [...organizations, 'system:authenticated'],
        // The digest needs the certificate's bytes, which are made only for who reads this.
        get extra() {
          const digest = hexOf(sha256(certificate.der()));
          return new Map([[CREDENTIAL_ID, [`X509SHA256=${digest}`]]]);
        },
      };
      this.#users.set(certificate.id, user);
      return ok(user);
    }
    const { headers } = exchange.request;
    let token: string | SignedToken | undefined;
    if (headers instanceof BearerHeaders) token = headers.token;
    else {
      const header = headers.get('authorization') ?? '';
      if (header === '') return this.#anonymous ? ok(ANONYMOUS) : unauthorized();
      token = /^bearer +(\S+)$/i.exec(header)?.[1];
    }
    if (token === undefined) return unauthorized();
    const user = this.#tokens.authenticate(token);
    return user.ok ? user : unauthorized();
  }
}
