/**
 * The reviews: questions to the API server about tokens and permissions. They are created, answered
 * in the same breath, and never stored (authentication.k8s.io/v1, authorization.k8s.io/v1).
 */
import type { ResourceDescriptor } from '../descriptor.ts';
import { type FieldError, invalidField, requiredField } from '../field-error.ts';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  TokenReview,
} from '../types.ts';
import { describeKind } from './describe.ts';

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';
const REVIEW = { verbs: ['create'], virtual: true, hasStatus: true } as const;

export const TOKEN_REVIEW_KIND: ResourceDescriptor<TokenReview> = describeKind<TokenReview>({
  ...REVIEW,
  group: AUTHENTICATION,
  resource: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
});

export const SELF_SUBJECT_REVIEW_KIND: ResourceDescriptor<SelfSubjectReview> =
  describeKind<SelfSubjectReview>({
    ...REVIEW,
    group: AUTHENTICATION,
    resource: 'selfsubjectreviews',
    kind: 'SelfSubjectReview',
    namespaced: false,
  });

export const SUBJECT_ACCESS_REVIEW_KIND: ResourceDescriptor<SubjectAccessReview> =
  describeKind<SubjectAccessReview>({
    ...REVIEW,
    group: AUTHORIZATION,
    resource: 'subjectaccessreviews',
    kind: 'SubjectAccessReview',
    namespaced: false,
    validateCreate: (review) => [...attributeErrors(review.spec), ...userErrors(review.spec)],
  });

export const LOCAL_SUBJECT_ACCESS_REVIEW_KIND: ResourceDescriptor<LocalSubjectAccessReview> =
  describeKind<LocalSubjectAccessReview>({
    ...REVIEW,
    group: AUTHORIZATION,
    resource: 'localsubjectaccessreviews',
    kind: 'LocalSubjectAccessReview',
    namespaced: true,
    validateCreate: (review) => [...attributeErrors(review.spec), ...userErrors(review.spec)],
  });

export const SELF_SUBJECT_ACCESS_REVIEW_KIND: ResourceDescriptor<SelfSubjectAccessReview> =
  describeKind<SelfSubjectAccessReview>({
    ...REVIEW,
    group: AUTHORIZATION,
    resource: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    namespaced: false,
    validateCreate: (review) => attributeErrors(review.spec),
  });

export const SELF_SUBJECT_RULES_REVIEW_KIND: ResourceDescriptor<SelfSubjectRulesReview> =
  describeKind<SelfSubjectRulesReview>({
    ...REVIEW,
    group: AUTHORIZATION,
    resource: 'selfsubjectrulesreviews',
    kind: 'SelfSubjectRulesReview',
    namespaced: false,
  });

interface Attributes {
  readonly resourceAttributes?: unknown;
  readonly nonResourceAttributes?: unknown;
}

/** Exactly one of the two kinds of attributes (pkg/apis/authorization/validation). */
function attributeErrors(spec: Attributes | undefined): readonly FieldError[] {
  const resource = spec?.resourceAttributes !== undefined;
  const path = spec?.nonResourceAttributes !== undefined;
  if (resource && path) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [invalidField('spec.nonResourceAttributes', spec?.nonResourceAttributes, detail)];
  }
  if (resource || path) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalidField('spec.resourceAttributes', spec?.resourceAttributes, detail)];
}

function userErrors(spec: {
  readonly user?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}): readonly FieldError[] {
  if ((spec?.user ?? '') !== '' || (spec?.groups?.length ?? 0) > 0) return [];
  return [requiredField('spec.user', 'at least one of user or group must be specified')];
}
