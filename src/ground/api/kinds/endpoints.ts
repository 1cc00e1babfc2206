/** Endpoints (pkg/apis/core, 1.34): the old list of a Service's addresses, which EndpointSlices replace. */
import { withFields } from '../edit.ts';
import { type FieldError, invalidField, requiredField } from '../field-error.ts';
import { parseIp } from '../../base/ip.ts';
import type { Endpoints } from '../types.ts';
import { oneOf, PROTOCOLS } from '../validation/containers.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Label, isDns1123Subdomain, isPortNumber } from '../validation/names.ts';
import { specialIpErrors } from '../validation/special-ip.ts';
import { ageColumn, describeKind, nameColumn, textColumn } from './describe.ts';
import { mapShared } from './pod-defaults.ts';

const DEPRECATED = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';
/** How many addresses the table shows. */
const SHOWN_MAX = 3;

export const ENDPOINTS_KIND = describeKind<Endpoints>({
  group: '',
  resource: 'endpoints',
  kind: 'Endpoints',
  namespaced: true,
  shortNames: ['ep'],
  storagePrefix: 'services/endpoints',
  createOnUpdate: true,
  defaults: (object) =>
    withFields(object, {
      subsets: mapShared(object.subsets, (subset) =>
        withFields(subset, {
          ports: mapShared(subset.ports, (port) =>
            withFields(port, { protocol: port.protocol ?? 'TCP' }),
          ),
        }),
      ),
    }),
  validateCreate: (object) => [
    ...metaErrors(object, true, isDns1123Subdomain),
    ...subsetErrors(object),
  ],
  validateUpdate: (object, old) => [...metaUpdateErrors(object, old), ...subsetErrors(object)],
  columns: [
    nameColumn(),
    textColumn('Endpoints', 'Addresses that are ready.', endpointsText),
    ageColumn(),
  ],
  deprecation: DEPRECATED,
});

function endpointsText(object: Endpoints): string {
  const list: string[] = [];
  let count = 0;
  for (const subset of object.subsets ?? []) {
    const ports = subset.ports ?? [];
    for (const address of subset.addresses ?? []) {
      if (ports.length === 0) {
        count += 1;
        if (list.length < SHOWN_MAX) list.push(address.ip);
      }
      for (const port of ports) {
        count += 1;
        if (list.length < SHOWN_MAX) list.push(`${address.ip}:${port.port}`);
      }
    }
  }
  if (count === 0) return '<none>';
  const more = count - list.length;
  return more > 0 ? `${list.join(',')} + ${more} more...` : list.join(',');
}

function subsetErrors(object: Endpoints): FieldError[] {
  const errors: FieldError[] = [];
  (object.subsets ?? []).forEach((subset, index) => {
    const at = `subsets[${index}]`;
    const all = [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])];
    if (all.length === 0) {
      errors.push(requiredField(at, 'must specify `addresses` or `notReadyAddresses`'));
    }
    (subset.addresses ?? []).forEach((address, position) => {
      const path = `${at}.addresses[${position}].ip`;
      errors.push(...specialIpErrors(path, address.ip));
      if (parseIp(address.ip) !== undefined) return;
      const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
      errors.push(invalidField(path, address.ip, detail));
    });
    (subset.ports ?? []).forEach((port, position) => {
      const field = `${at}.ports[${position}]`;
      const name = port.name ?? '';
      if (name === '' && (subset.ports ?? []).length > 1)
        errors.push(requiredField(`${field}.name`));
      else if (name !== '') {
        for (const text of isDns1123Label(name))
          errors.push(invalidField(`${field}.name`, name, text));
      }
      for (const text of isPortNumber(port.port ?? 0)) {
        errors.push(invalidField(`${field}.port`, port.port ?? 0, text));
      }
      errors.push(...oneOf(`${field}.protocol`, port.protocol, PROTOCOLS));
    });
  });
  return errors;
}
