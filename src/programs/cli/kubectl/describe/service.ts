/** `describe service`, `endpoints` and `endpointslice` (describe.go, v0.34). */
import type {
  Endpoints,
  EndpointSlice,
  Service,
  ServicePort,
} from '../../../../ground/api/types.ts';
import { labelText } from '../table-printer.ts';
import { boolText, type DescribeWriter, orNone } from './writer.ts';

export function describeService(
  writer: DescribeWriter,
  service: Service,
  slices: readonly EndpointSlice[],
): void {
  const { metadata, spec, status } = service;
  const optional = (label: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') writer.field(0, label, value);
  };
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.field(0, 'Selector', labelText(spec?.selector));
  writer.field(0, 'Type', spec?.type ?? '');
  optional('IP Family Policy', spec?.ipFamilyPolicy);
  writer.field(0, 'IP Families', orNone((spec?.ipFamilies ?? []).join(',')));
  writer.field(0, 'IP', spec?.clusterIP ?? '');
  writer.field(0, 'IPs', orNone((spec?.clusterIPs ?? []).join(',')));
  if ((spec?.externalIPs ?? []).length > 0)
    writer.field(0, 'External IPs', (spec?.externalIPs ?? []).join(','));
  optional('Desired LoadBalancer IP', spec?.loadBalancerIP);
  optional('External Name', spec?.externalName);
  const ingress = (status?.loadBalancer?.ingress ?? []).map(
    (each) => each.ip ?? each.hostname ?? '',
  );
  if (ingress.length > 0) writer.field(0, 'LoadBalancer Ingress', ingress.join(', '));
  for (const port of spec?.ports ?? []) describePort(writer, port, slices);
  writer.field(0, 'Session Affinity', spec?.sessionAffinity ?? '');
  optional('External Traffic Policy', spec?.externalTrafficPolicy);
  optional('Internal Traffic Policy', spec?.internalTrafficPolicy);
  if ((spec?.healthCheckNodePort ?? 0) > 0)
    writer.field(0, 'HealthCheck NodePort', spec?.healthCheckNodePort ?? 0);
  if ((spec?.loadBalancerSourceRanges ?? []).length > 0) {
    writer.field(0, 'LoadBalancer Source Ranges', (spec?.loadBalancerSourceRanges ?? []).join(','));
  }
}

function describePort(
  writer: DescribeWriter,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): void {
  const name = port.name === undefined || port.name === '' ? '<unset>' : port.name;
  const protocol = port.protocol ?? 'TCP';
  writer.field(0, 'Port', `${name}\t${port.port}/${protocol}`);
  writer.field(0, 'TargetPort', `${port.targetPort ?? port.port}/${protocol}`);
  if ((port.nodePort ?? 0) !== 0)
    writer.field(0, 'NodePort', `${name}\t${port.nodePort}/${protocol}`);
  writer.field(0, 'Endpoints', endpointsText(slices, port.name ?? ''));
}

/** Three addresses, then how many more there are. */
function endpointsText(slices: readonly EndpointSlice[], name: string): string {
  const found: string[] = [];
  let count = 0;
  for (const slice of slices) {
    for (const port of slice.ports ?? []) {
      if ((port.name ?? '') !== name) continue;
      for (const endpoint of slice.endpoints ?? []) {
        if (endpoint.conditions?.ready === false) continue;
        for (const address of endpoint.addresses) {
          count += 1;
          if (found.length < 3) found.push(`${address}:${port.port ?? ''}`);
        }
      }
    }
  }
  if (count > 3) return `${found.join(',')} + ${count - 3} more...`;
  return found.join(',');
}

export function describeEndpoints(writer: DescribeWriter, endpoints: Endpoints): void {
  const { metadata } = endpoints;
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.write(0, 'Subsets:\n');
  for (const subset of endpoints.subsets ?? []) {
    const ips = (list: readonly { readonly ip: string }[] | undefined): string =>
      orNone((list ?? []).map((each) => each.ip).join(','));
    writer.field(1, 'Addresses', ips(subset.addresses));
    writer.field(1, 'NotReadyAddresses', ips(subset.notReadyAddresses));
    portTable(writer, 2, subset.ports ?? [], '  Ports:\n');
    writer.write(0, '\n');
  }
}

function portTable(
  writer: DescribeWriter,
  level: number,
  ports: readonly {
    readonly name?: string | undefined;
    readonly port?: number | undefined;
    readonly protocol?: string | undefined;
  }[],
  title: string,
): void {
  if (ports.length === 0) return;
  writer.write(0, title);
  writer.write(level, 'Name\tPort\tProtocol\n');
  writer.write(level, '----\t----\t--------\n');
  for (const { name = '', port, protocol = 'TCP' } of ports) {
    writer.write(level, `${name === '' ? '<unset>' : name}\t${port ?? '<unset>'}\t${protocol}\n`);
  }
}

export function describeEndpointSlice(writer: DescribeWriter, slice: EndpointSlice): void {
  const { metadata } = slice;
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.field(0, 'AddressType', slice.addressType);
  if ((slice.ports ?? []).length === 0) writer.write(0, 'Ports: <unset>\n');
  else portTable(writer, 1, slice.ports ?? [], 'Ports:\n');
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length === 0) writer.write(0, 'Endpoints: <none>\n');
  else writer.write(0, 'Endpoints:\n');
  for (const endpoint of endpoints) {
    writer.field(1, '- Addresses', endpoint.addresses.join(', '));
    writer.write(2, 'Conditions:\n');
    const { ready } = endpoint.conditions ?? {};
    writer.field(3, 'Ready', ready === undefined ? '<unset>' : boolText(ready).toLowerCase());
    writer.field(2, 'Hostname', endpoint.hostname ?? '<unset>');
    const target = endpoint.targetRef;
    if (target !== undefined)
      writer.field(2, 'TargetRef', `${target.kind ?? ''}/${target.name ?? ''}`);
    writer.field(2, 'NodeName', endpoint.nodeName ?? '<unset>');
    writer.field(2, 'Zone', endpoint.zone ?? '<unset>');
  }
}
