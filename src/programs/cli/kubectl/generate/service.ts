/** Services of `kubectl create service` (create_service.go, v0.34). */
import { ok } from '../../../../ground/base/result.ts';
import { quote } from '../../../../ground/base/text.ts';
import type { Task } from '../../../../ground/base/task.ts';
import { fail, type Outcome } from '../failure.ts';
import type { Session } from '../session.ts';

/** A generator for one type of Service. */
export function serviceGenerator(type: string) {
  return function* generated(session: Session, name: string): Task<Outcome<object>> {
    const { flags } = session;
    const ports = portsOf(flags.list('tcp'), flags.int('node-port'));
    if (!ports.ok) return ports;
    const clusterIp = flags.text('clusterip');
    if (ports.value.length === 0 && clusterIp !== 'None' && type !== 'ExternalName') {
      return fail('at least one tcp port specifier must be provided');
    }
    const labels = { app: name };
    return ok({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { labels, name },
      spec: {
        ...(clusterIp === '' ? {} : { clusterIP: clusterIp }),
        ...(type === 'ExternalName' ? { externalName: flags.text('external-name') } : {}),
        ...(ports.value.length > 0 ? { ports: ports.value } : {}),
        selector: labels,
        type,
      },
      status: { loadBalancer: {} },
    });
  };
}

/** `80:8080` or `80:http` or `80`. */
function portsOf(specs: readonly string[], nodePort: number): Outcome<readonly object[]> {
  const ports: object[] = [];
  for (const spec of specs) {
    const [first = '', second] = spec.split(':');
    if (!/^\d+$/.test(first))
      return fail(`strconv.ParseUint: parsing ${quote(first)}: invalid syntax`);
    const port = Number(first);
    if (port > 65_535)
      return fail(`strconv.ParseUint: parsing ${quote(first)}: value out of range`);
    const target = second ?? first;
    ports.push({
      name: spec.replace(':', '-'),
      ...(nodePort > 0 ? { nodePort } : {}),
      port,
      protocol: 'TCP',
      targetPort: /^\d+$/.test(target) ? Number(target) : target,
    });
  }
  return ok(ports);
}
