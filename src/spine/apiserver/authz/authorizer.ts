/** The authorizers of `--authorization-mode`, in order, behind the group that may do everything. */
import { ok, type Result } from '../../../ground/base/result.ts';
import type { User } from '../generic/context.ts';
import type { Authorizer } from '../generic/context.ts';
import type { ApiRequest } from '../generic/api-request.ts';
import type { Failure } from '../generic/status.ts';
import { type Attributes, attributesOf, type Decision, refusal } from './attributes.ts';

export interface Judge {
  authorize(attributes: Attributes): Decision;
}

const MASTERS = 'system:masters';

export class UnionAuthorizer implements Authorizer {
  readonly #judges: readonly Judge[];

  constructor(judges: readonly Judge[]) {
    this.#judges = judges;
  }

  authorize(user: User, info: ApiRequest): Result<void, Failure> {
    if (user.groups.includes(MASTERS)) return ok(undefined);
    const attributes = attributesOf(user, info);
    const decision = this.decide(attributes);
    return decision.allowed ? ok(undefined) : refusal(attributes, decision.reason);
  }

  /** The first judge who allows; else all reasons, one a line. */
  decide(attributes: Attributes): Decision {
    if (attributes.user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
    const reasons: string[] = [];
    for (const judge of this.#judges) {
      const decision = judge.authorize(attributes);
      if (decision.allowed) return decision;
      if (decision.reason !== '') reasons.push(decision.reason);
    }
    return { allowed: false, reason: reasons.join('\n') };
  }
}
