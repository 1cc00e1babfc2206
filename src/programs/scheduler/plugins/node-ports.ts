/**
 * NodePorts: host ports of the pod against those of the pods on a node
 * (pkg/scheduler/framework/plugins/nodeports, v1.34; HostPortInfo). 0.0.0.0 conflicts with every
 * address of the same protocol and port.
 */
import type { Pod } from '../../../ground/api/types.ts';

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const ANY = '0.0.0.0';

/** Host ports that the pod claims. */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  const containers = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always'),
  ];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if (port.hostPort === undefined || port.hostPort <= 0) continue;
      const ip = port.hostIP ?? '';
      ports.push({
        ip: ip === '' ? ANY : ip,
        protocol: port.protocol ?? 'TCP',
        port: port.hostPort,
      });
    }
  }
  return ports;
}

/** True when one of the wanted ports is taken. */
export function portsConflict(wanted: readonly HostPort[], taken: readonly HostPort[]): boolean {
  return wanted.some((one) =>
    taken.some(
      (other) =>
        one.port === other.port &&
        one.protocol === other.protocol &&
        (one.ip === ANY || other.ip === ANY || one.ip === other.ip),
    ),
  );
}

export const PORTS_REASON = "node(s) didn't have free ports for the requested pod ports";
