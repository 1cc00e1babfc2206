/**
 * Variables that tell a container of the services of its namespace, in the order in which upstream
 * makes them (k8s.io/kubernetes/pkg/kubelet/envvars/envvars.go, v1.34): WEB_SERVICE_HOST, …_PORT,
 * …_PORT_<NAME>, then the forms that Docker links had.
 */
import type { Service } from '../../ground/api/types.ts';

/** `my-web.x` → `MY_WEB_X`. */
function envName(name: string): string {
  return name.replace(/[-.]/g, '_').toUpperCase();
}

/** True when a service has an address that variables can name. */
export function hasClusterIp(service: Service): boolean {
  const ip = service.spec?.clusterIP;
  return ip !== undefined && ip !== '' && ip !== 'None';
}

/** The variables of one service. */
export function serviceVariables(service: Service): [string, string][] {
  const ip = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  const name = envName(service.metadata.name);
  const first = ports[0];
  if (first === undefined) return [];
  const variables: [string, string][] = [
    [`${name}_SERVICE_HOST`, ip],
    [`${name}_SERVICE_PORT`, `${first.port}`],
  ];
  for (const port of ports) {
    if (port.name !== undefined && port.name !== '') {
      variables.push([`${name}_SERVICE_PORT_${envName(port.name)}`, `${port.port}`]);
    }
  }
  ports.forEach((port, index) => {
    const protocol = port.protocol ?? 'TCP';
    const lower = protocol.toLowerCase();
    const url = `${lower}://${ip}:${port.port}`;
    const prefix = `${name}_PORT_${port.port}_${protocol}`;
    if (index === 0) variables.push([`${name}_PORT`, url]);
    variables.push(
      [prefix, url],
      [`${prefix}_PROTO`, lower],
      [`${prefix}_PORT`, `${port.port}`],
      [`${prefix}_ADDR`, ip],
    );
  });
  return variables;
}
