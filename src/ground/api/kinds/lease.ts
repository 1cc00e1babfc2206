/** Lease (pkg/apis/coordination, 1.34): a claim that must be renewed, for heartbeats and leaders. */
import { type FieldError, invalidField } from '../field-error.ts';
import type { Lease } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain } from '../validation/names.ts';
import { ageColumn, describeKind, nameColumn, textColumn } from './describe.ts';

export const LEASE_KIND = describeKind<Lease>({
  group: 'coordination.k8s.io',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
  createOnUpdate: true,
  unconditionalUpdate: false,
  validateCreate: (lease) => [
    ...metaErrors(lease, true, isDns1123Subdomain),
    ...leaseErrors(lease),
  ],
  validateUpdate: (lease, old) => [...metaUpdateErrors(lease, old), ...leaseErrors(lease)],
  columns: [
    nameColumn(),
    textColumn('Holder', 'Who holds it.', (lease) => lease.spec?.holderIdentity ?? ''),
    ageColumn(),
  ],
  unsupported: [
    { path: 'spec.strategy', how: 'ignored', why: 'Coordinated leader election is off in 1.34.' },
    {
      path: 'spec.preferredHolder',
      how: 'ignored',
      why: 'Coordinated leader election is off in 1.34.',
    },
  ],
});

function leaseErrors(lease: Lease): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = lease.spec?.leaseDurationSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalidField('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  }
  const transitions = lease.spec?.leaseTransitions;
  if (transitions !== undefined && transitions < 0) {
    const detail = 'must be greater than or equal to 0';
    errors.push(invalidField('spec.leaseTransitions', transitions, detail));
  }
  return errors;
}
