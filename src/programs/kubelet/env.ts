/**
 * The environment of a container: service variables, envFrom, env in order, each seeing those before
 * it (k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, v1.34).
 */
import { entriesOf, entryOf } from '../../ground/api/meta.ts';
import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '../../ground/api/types.ts';
import { parseBase64, textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { compareText } from '../../ground/base/text.ts';
import { expand } from './expansion.ts';
import { fieldValue, type NodeAllocatable, resourceValue } from './field-ref.ts';
import { hasClusterIp, serviceVariables } from './service-env.ts';

/** Where the values come from. */
export interface EnvSources {
  readonly podIp: string;
  readonly hostIp: string;
  readonly node: NodeAllocatable;
  /** Services of all namespaces that matter: the pod's and default/kubernetes. */
  readonly services: Iterable<Service>;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export interface Variable {
  readonly key: string;
  readonly value: string;
}

/** All variables; the error is the text of a CreateContainerConfigError. */
export function makeEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvSources,
): Result<readonly Variable[], string> {
  const services = serviceEnvironment(pod, sources.services);
  const result = new Map<string, string>();
  const failed = addFrom(container, sources, result);
  if (failed !== undefined) return err(failed);
  const known = new Map<string, string>();
  for (const variable of container.env ?? []) {
    const value = variableValue(
      variable,
      pod,
      container,
      sources,
      (name) => known.get(name) ?? result.get(name) ?? services.get(name),
    );
    if (!value.ok) return value;
    if (value.value === undefined) continue;
    known.set(variable.name, value.value);
    result.set(variable.name, value.value);
  }
  for (const [key, value] of services) if (!result.has(key)) result.set(key, value);
  return ok([...result].map(([key, value]) => ({ key, value })));
}

/** Services of the pod's namespace when it wants links, and the API server's always. */
function serviceEnvironment(pod: Pod, services: Iterable<Service>): Map<string, string> {
  const links = pod.spec?.enableServiceLinks !== false;
  const chosen: Service[] = [];
  for (const service of services) {
    if (!hasClusterIp(service)) continue;
    const { name, namespace } = service.metadata;
    const isMaster = namespace === 'default' && name === 'kubernetes';
    if (isMaster || (links && namespace === pod.metadata.namespace)) chosen.push(service);
  }
  chosen.sort((a, b) => compareText(a.metadata.name, b.metadata.name));
  return new Map(chosen.flatMap(serviceVariables));
}

function addFrom(
  container: Container,
  sources: EnvSources,
  result: Map<string, string>,
): string | undefined {
  for (const from of container.envFrom ?? []) {
    const prefix = from.prefix ?? '';
    if (from.configMapRef !== undefined) {
      const { name = '', optional } = from.configMapRef;
      const found = sources.configMap(name);
      if (found === undefined && optional !== true) return `configmap "${name}" not found`;
      for (const [key, value] of entriesOf(found?.data)) {
        result.set(prefix + key, value);
      }
    } else if (from.secretRef !== undefined) {
      const { name = '', optional } = from.secretRef;
      const found = sources.secret(name);
      if (found === undefined && optional !== true) return `secret "${name}" not found`;
      for (const [key, value] of entriesOf(found?.data)) {
        result.set(prefix + key, textOf(parseBase64(value) ?? new Uint8Array()));
      }
    }
  }
  return undefined;
}

function variableValue(
  variable: EnvVar,
  pod: Pod,
  container: Container,
  sources: EnvSources,
  lookup: (name: string) => string | undefined,
): Result<string | undefined, string> {
  const from = variable.valueFrom;
  if (from === undefined) return ok(expand(variable.value ?? '', lookup));
  const namespace = pod.metadata.namespace ?? '';
  if (from.fieldRef !== undefined)
    return fieldValue(pod, from.fieldRef.fieldPath, sources.podIp, sources.hostIp);
  if (from.resourceFieldRef !== undefined) {
    const named = from.resourceFieldRef.containerName;
    const target =
      named === undefined || named === ''
        ? container
        : pod.spec?.containers.find((other) => other.name === named);
    if (target === undefined) return err(`container ${named} not found`);
    return resourceValue(target, from.resourceFieldRef, sources.node);
  }
  if (from.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const found = sources.configMap(name);
    if (found === undefined)
      return optional === true ? ok(undefined) : err(`configmap "${name}" not found`);
    const value = entryOf(found.data, key);
    if (value === undefined)
      return optional === true
        ? ok(undefined)
        : err(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return ok(value);
  }
  if (from.secretKeyRef !== undefined) {
    const { name = '', key, optional } = from.secretKeyRef;
    const found = sources.secret(name);
    if (found === undefined)
      return optional === true ? ok(undefined) : err(`secret "${name}" not found`);
    const value = entryOf(found.data, key);
    if (value === undefined)
      return optional === true
        ? ok(undefined)
        : err(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return ok(textOf(parseBase64(value) ?? new Uint8Array()));
  }
  return ok('');
}
