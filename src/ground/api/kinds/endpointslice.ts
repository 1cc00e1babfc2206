/** EndpointSlice (pkg/apis/discovery, 1.34): up to a thousand addresses of a Service, with conditions. */
import { withFields } from '../edit.ts';
import { type FieldError, invalidField, requiredField, tooManyField } from '../field-error.ts';
import { parseIp } from '../../base/ip.ts';
import type { EndpointSlice } from '../types.ts';
import { oneOf, PROTOCOLS } from '../validation/containers.ts';
import { IMMUTABLE, metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain, isPortNumber } from '../validation/names.ts';
import { specialIpErrors } from '../validation/special-ip.ts';
import { ageColumn, describeKind, nameColumn, textColumn } from './describe.ts';
import { mapShared } from './pod-defaults.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const SHOWN_MAX = 3;

export const ENDPOINT_SLICE_KIND = describeKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  resource: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
  generationOf: ['endpoints', 'ports', 'addressType'],
  defaults: (slice) =>
    withFields(slice, {
      ports: mapShared(slice.ports, (port) =>
        withFields(port, { name: port.name ?? '', protocol: port.protocol ?? 'TCP' }),
      ),
    }),
  validateCreate: (slice) => [
    ...metaErrors(slice, true, isDns1123Subdomain),
    ...sliceErrors(slice),
  ],
  validateUpdate: (slice, old) => [
    ...metaUpdateErrors(slice, old),
    ...sliceErrors(slice),
    ...(slice.addressType === old.addressType
      ? []
      : [invalidField('addressType', slice.addressType, IMMUTABLE)]),
  ],
  columns: [
    nameColumn(),
    textColumn('AddressType', 'Kind of the addresses.', (slice) => slice.addressType ?? ''),
    textColumn('Ports', 'Ports of all endpoints.', portsText),
    textColumn('Endpoints', 'Addresses of the endpoints.', endpointsText),
    ageColumn(),
  ],
  warnings: (slice) =>
    slice.addressType === 'IPv6'
      ? ['addressType: has no effect here: the cluster has IPv4 alone']
      : [],
  unsupported: [
    { path: 'endpoints[*].hints', how: 'ignored', why: 'Endpoints are not chosen by zone yet.' },
  ],
});

function portsText(slice: EndpointSlice): string {
  const ports = slice.ports ?? [];
  if (ports.length === 0) return '<unset>';
  return shortened(ports.map((port) => (port.port === undefined ? '*' : `${port.port}`)));
}

function endpointsText(slice: EndpointSlice): string {
  const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
  return addresses.length === 0 ? '<unset>' : shortened(addresses);
}

function shortened(texts: readonly string[]): string {
  if (texts.length <= SHOWN_MAX) return texts.join(',');
  return `${texts.slice(0, SHOWN_MAX).join(',')} + ${texts.length - SHOWN_MAX} more...`;
}

function sliceErrors(slice: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  const type = slice.addressType ?? '';
  errors.push(
    ...(type === '' ? [requiredField('addressType')] : oneOf('addressType', type, ADDRESS_TYPES)),
  );
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > ENDPOINTS_MAX) {
    errors.push(tooManyField('endpoints', endpoints.length, ENDPOINTS_MAX));
  }
  endpoints.forEach((endpoint, index) => {
    const at = `endpoints[${index}].addresses`;
    const addresses = endpoint.addresses ?? [];
    if (addresses.length === 0) errors.push(requiredField(at, 'must contain at least 1 address'));
    if (addresses.length > ADDRESSES_MAX) {
      errors.push(tooManyField(at, addresses.length, ADDRESSES_MAX));
    }
    if (type !== 'IPv4') return;
    addresses.forEach((address, position) => {
      errors.push(...specialIpErrors(`${at}[${position}]`, address));
      if (parseIp(address) !== undefined) return;
      const detail = 'must be a valid IPv4 address';
      errors.push(invalidField(`${at}[${position}]`, address, detail));
    });
  });
  (slice.ports ?? []).forEach((port, index) => {
    const at = `ports[${index}]`;
    errors.push(...oneOf(`${at}.protocol`, port.protocol, PROTOCOLS));
    if (port.port === undefined) return;
    for (const text of isPortNumber(port.port)) {
      errors.push(invalidField(`${at}.port`, port.port, text));
    }
  });
  return errors;
}
