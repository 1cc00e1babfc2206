/**
 * Validation of containers: names, images, ports, environment, mounts, resources, probes and hooks
 * (pkg/apis/core/validation/validation.go, 1.34), as far as a learner's manifest can go wrong.
 */
import {
  duplicateField,
  type FieldError,
  forbiddenField,
  invalidField,
  notFoundField,
  requiredField,
  unsupportedField,
} from '../field-error.ts';
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
  VolumeMount,
} from '../types.ts';
import {
  isConfigMapKey,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isPortName,
  isPortNumber,
} from './names.ts';
import { resourceErrors } from './resources.ts';

export const NOT_NEGATIVE = 'must be greater than or equal to 0';
export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** What the containers of a pod share while they are checked. */
export interface PodScope {
  readonly volumeNames: ReadonlySet<string>;
  readonly hostNetwork: boolean;
  /** Names seen so far, of init and app containers together. */
  readonly names: Set<string>;
}

/** What is wrong with one container at a path. */
export function containerErrors(
  container: Container,
  field: string,
  scope: PodScope,
  isInit: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = container.name ?? '';
  if (name === '') errors.push(requiredField(`${field}.name`));
  else {
    for (const text of isDns1123Label(name)) errors.push(invalidField(`${field}.name`, name, text));
  }
  const image = container.image ?? '';
  if (image === '') errors.push(requiredField(`${field}.image`));
  else if (image !== image.trim()) {
    const detail = 'must not have leading or trailing whitespace';
    errors.push(invalidField(`${field}.image`, image, detail));
  }
  errors.push(
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
    ...portsErrors(container.ports ?? [], `${field}.ports`, scope.hostNetwork),
    ...envErrors(container.env ?? [], `${field}.env`),
    ...envFromErrors(container.envFrom ?? [], `${field}.envFrom`),
    ...mountErrors(container.volumeMounts ?? [], `${field}.volumeMounts`, scope.volumeNames),
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, [
      'Always',
      'IfNotPresent',
      'Never',
    ]),
    ...resourceErrors(container.resources, `${field}.resources`),
    ...duplicateErrors(name, field, scope),
    ...probesErrors(container, field, isInit),
  );
  const security = container.securityContext;
  if (security?.privileged === true && security.allowPrivilegeEscalation === false) {
    errors.push(
      invalidField(
        `${field}.securityContext`,
        security,
        'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      ),
    );
  }
  return errors;
}

/** Names are compared after all else that containers of every sort have in common. */
function duplicateErrors(name: string, field: string, scope: PodScope): FieldError[] {
  if (name === '') return [];
  const taken = scope.names.has(name);
  scope.names.add(name);
  return taken ? [duplicateField(`${field}.name`, name)] : [];
}

/** An optional text out of a list. */
export function oneOf(
  field: string,
  value: string | undefined,
  allowed: readonly string[],
): FieldError[] {
  return value === undefined || allowed.includes(value)
    ? []
    : [unsupportedField(field, value, allowed)];
}

function portsErrors(
  ports: readonly ContainerPort[],
  field: string,
  hostNetwork: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  ports.forEach((port, index) => {
    const at = `${field}[${index}]`;
    const name = port.name ?? '';
    if (name !== '') {
      const texts = isPortName(name);
      for (const text of texts) errors.push(invalidField(`${at}.name`, name, text));
      if (texts.length === 0 && names.has(name)) errors.push(duplicateField(`${at}.name`, name));
      names.add(name);
    }
    const number = port.containerPort ?? 0;
    if (number === 0) errors.push(requiredField(`${at}.containerPort`));
    else {
      for (const text of isPortNumber(number)) {
        errors.push(invalidField(`${at}.containerPort`, number, text));
      }
    }
    const hostPort = port.hostPort ?? 0;
    if (hostPort !== 0) {
      for (const text of isPortNumber(hostPort)) {
        errors.push(invalidField(`${at}.hostPort`, hostPort, text));
      }
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${hostPort}`;
      if (hostPorts.has(key)) errors.push(duplicateField(`${at}.hostPort`, key));
      hostPorts.add(key);
    }
    if (hostNetwork && hostPort !== number) {
      const detail = 'must match `hostPort` when `hostNetwork` is true';
      errors.push(invalidField(`${at}.containerPort`, number, detail));
    }
    if ((port.protocol ?? '') === '') errors.push(requiredField(`${at}.protocol`));
    else errors.push(...oneOf(`${at}.protocol`, port.protocol, PROTOCOLS));
  });
  return errors;
}

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

function envErrors(variables: readonly EnvVar[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  variables.forEach((variable, index) => {
    const at = `${field}[${index}]`;
    const name = variable.name ?? '';
    if (name === '') errors.push(requiredField(`${at}.name`));
    else {
      for (const text of isEnvVarName(name)) errors.push(invalidField(`${at}.name`, name, text));
    }
    errors.push(...valueFromErrors(variable, `${at}.valueFrom`));
  });
  return errors;
}

function valueFromErrors(variable: EnvVar, field: string): FieldError[] {
  const source = variable.valueFrom;
  if (source === undefined) return [];
  const errors: FieldError[] = [];
  const count = Object.keys(source).length;
  if (source.fieldRef !== undefined) {
    const path = source.fieldRef.fieldPath ?? '';
    const subscript = /^metadata\.(?:labels|annotations)\['[^']+'\]$/.test(path);
    if (path === '') errors.push(requiredField(`${field}.fieldRef.fieldPath`));
    else if (!subscript && !ENV_FIELDS.includes(path)) {
      const known = /^(metadata|spec|status)\./.test(path);
      errors.push(
        known && /^metadata\.(labels|annotations)$/.test(path)
          ? unsupportedField(`${field}.fieldRef.fieldPath`, path, ENV_FIELDS)
          : invalidField(
              `${field}.fieldRef.fieldPath`,
              path,
              `error converting fieldPath: field label not supported: ${path}`,
            ),
      );
    }
  }
  if (source.resourceFieldRef !== undefined) {
    const resource = source.resourceFieldRef.resource ?? '';
    if (resource === '') errors.push(requiredField(`${field}.resourceFieldRef.resource`));
    else errors.push(...oneOf(`${field}.resourceFieldRef.resource`, resource, RESOURCE_FIELDS));
  }
  errors.push(
    ...keyRefErrors(source.configMapKeyRef, `${field}.configMapKeyRef`),
    ...keyRefErrors(source.secretKeyRef, `${field}.secretKeyRef`),
  );
  if (count === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidField(field, '', detail));
  } else if ((variable.value ?? '') !== '') {
    errors.push(invalidField(field, '', 'may not be specified when `value` is not empty'));
  } else if (count > 1) {
    errors.push(invalidField(field, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

function keyRefErrors(
  ref: { readonly name?: string | undefined; readonly key?: string | undefined } | undefined,
  field: string,
): FieldError[] {
  if (ref === undefined) return [];
  const errors: FieldError[] = [];
  if ((ref.name ?? '') === '') errors.push(requiredField(`${field}.name`));
  const key = ref.key ?? '';
  if (key === '') errors.push(requiredField(`${field}.key`));
  else for (const text of isConfigMapKey(key)) errors.push(invalidField(`${field}.key`, key, text));
  return errors;
}

function envFromErrors(sources: readonly EnvFromSource[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  sources.forEach((source, index) => {
    const at = `${field}[${index}]`;
    const prefix = source.prefix ?? '';
    if (prefix !== '') {
      for (const text of isEnvVarName(prefix)) {
        errors.push(invalidField(`${at}.prefix`, prefix, text));
      }
    }
    const given = [source.configMapRef, source.secretRef].filter((each) => each !== undefined);
    if (given.length === 0) {
      errors.push(invalidField(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (given.length > 1) {
      errors.push(invalidField(at, '', 'may not have more than one field specified at a time'));
    }
    for (const part of ['configMapRef', 'secretRef'] as const) {
      const ref = source[part];
      if (ref === undefined) continue;
      const name = ref.name ?? '';
      if (name === '') errors.push(requiredField(`${at}.${part}.name`));
      else {
        for (const text of isDns1123Subdomain(name)) {
          errors.push(invalidField(`${at}.${part}.name`, name, text));
        }
      }
    }
  });
  return errors;
}

function mountErrors(
  mounts: readonly VolumeMount[],
  field: string,
  volumes: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  mounts.forEach((mount, index) => {
    const at = `${field}[${index}]`;
    const name = mount.name ?? '';
    if (name === '') errors.push(requiredField(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFoundField(`${at}.name`, name));
    const path = mount.mountPath ?? '';
    if (path === '') errors.push(requiredField(`${at}.mountPath`));
    if (paths.has(path)) errors.push(invalidField(`${at}.mountPath`, path, 'must be unique'));
    paths.add(path);
    for (const part of ['subPath', 'subPathExpr'] as const) {
      errors.push(...relativePathErrors(mount[part], `${at}.${part}`));
    }
    if ((mount.subPath ?? '') !== '' && (mount.subPathExpr ?? '') !== '') {
      const detail = 'subPathExpr and subPath are mutually exclusive';
      errors.push(invalidField(`${at}.subPathExpr`, mount.subPathExpr, detail));
    }
    errors.push(
      ...oneOf(`${at}.mountPropagation`, mount.mountPropagation, [
        'Bidirectional',
        'HostToContainer',
        'None',
      ]),
    );
  });
  return errors;
}

/** A path that stays below where it starts. */
export function relativePathErrors(path: string | undefined, field: string): FieldError[] {
  if (path === undefined || path === '') return [];
  const errors: FieldError[] = [];
  if (path.startsWith('/')) errors.push(invalidField(field, path, 'must be a relative path'));
  if (path.split('/').includes('..')) {
    errors.push(invalidField(field, path, "must not contain '..'"));
  }
  return errors;
}

function probesErrors(container: Container, field: string, isInit: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const sidecar = container.restartPolicy === 'Always';
  if (container.restartPolicy !== undefined && !isInit) {
    errors.push(forbiddenField(`${field}.restartPolicy`, 'may not be set for non-init containers'));
  } else if (container.restartPolicy !== undefined && !sidecar) {
    errors.push(unsupportedField(`${field}.restartPolicy`, container.restartPolicy, ['Always']));
  }
  if (isInit && !sidecar) {
    for (const part of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[part] === undefined) continue;
      const detail = 'may not be set for init containers without restartPolicy=Always';
      errors.push(forbiddenField(`${field}.${part}`, detail));
    }
    return errors;
  }
  for (const part of ['postStart', 'preStop'] as const) {
    const handler = container.lifecycle?.[part];
    if (handler !== undefined) {
      errors.push(...handlerErrors(handler, `${field}.lifecycle.${part}`));
    }
  }
  for (const part of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[part];
    if (probe === undefined) continue;
    errors.push(...probeErrors(probe, `${field}.${part}`));
    if (part !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
      const at = `${field}.${part}.successThreshold`;
      errors.push(invalidField(at, probe.successThreshold, 'must be 1'));
    }
    if (part === 'readinessProbe' && probe.terminationGracePeriodSeconds !== undefined) {
      errors.push(
        invalidField(
          `${field}.${part}.terminationGracePeriodSeconds`,
          probe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      );
    }
  }
  return errors;
}

function probeErrors(probe: Probe, field: string): FieldError[] {
  const errors = handlerErrors(probe, field);
  const numbers = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  for (const part of numbers) {
    const value = probe[part] ?? 0;
    if (value < 0) errors.push(invalidField(`${field}.${part}`, value, NOT_NEGATIVE));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    const at = `${field}.terminationGracePeriodSeconds`;
    errors.push(invalidField(at, grace, 'must be greater than 0'));
  }
  return errors;
}

function handlerErrors(handler: LifecycleHandler & Probe, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  const another = (part: string): boolean => {
    count += 1;
    if (count === 1) return true;
    errors.push(forbiddenField(`${field}.${part}`, 'may not specify more than 1 handler type'));
    return false;
  };
  if (handler.exec !== undefined && another('exec') && (handler.exec.command ?? []).length === 0) {
    errors.push(requiredField(`${field}.exec.command`));
  }
  if (handler.httpGet !== undefined && another('httpGet')) {
    errors.push(...httpGetErrors(handler.httpGet, `${field}.httpGet`));
  }
  if (handler.tcpSocket !== undefined && another('tcpSocket')) {
    errors.push(...portErrors(handler.tcpSocket.port, `${field}.tcpSocket.port`));
  }
  if (handler.grpc !== undefined && another('grpc')) {
    errors.push(...portErrors(handler.grpc.port, `${field}.grpc.port`));
  }
  if (handler.sleep !== undefined) another('sleep');
  if (count === 0) errors.push(requiredField(field, 'must specify a handler type'));
  return errors;
}

const HEADER = '[-A-Za-z0-9]+';

function httpGetErrors(action: HTTPGetAction, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if ((action.path ?? '') === '') errors.push(requiredField(`${field}.path`));
  errors.push(...portErrors(action.port, `${field}.port`));
  errors.push(...oneOf(`${field}.scheme`, action.scheme, ['HTTP', 'HTTPS']));
  for (const header of action.httpHeaders ?? []) {
    if (/^[-A-Za-z0-9]+$/.test(header.name)) continue;
    const detail = `a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '${HEADER}')`;
    errors.push(invalidField(`${field}.httpHeaders`, header.name, detail));
  }
  return errors;
}

/** A port by number or by name. */
export function portErrors(port: number | string | undefined, field: string): FieldError[] {
  if (typeof port === 'string') {
    return isPortName(port).map((text) => invalidField(field, port, text));
  }
  const number = port ?? 0;
  return isPortNumber(number).map((text) => invalidField(field, number, text));
}
