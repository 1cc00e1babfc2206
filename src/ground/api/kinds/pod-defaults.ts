/**
 * Defaults of pods and pod templates (pkg/apis/core/v1/defaults.go, 1.34). A template that already
 * has them comes back as it is, so that pods made from it share all of it.
 */
import { replacedAt, withEntry, withFields } from '../edit.ts';
import type {
  Container,
  ContainerPort,
  EnvVar,
  Lifecycle,
  LifecycleHandler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ProjectedVolumeSource,
  Volume,
} from '../types.ts';

const EMPTY = Object.freeze({});
/** 0644 */
const FILE_MODE = 420;

/** The pod with its defaults. */
export function defaultedPod(pod: Pod): Pod {
  let spec = defaultedPodSpec(pod.spec ?? (EMPTY as PodSpec));
  if (spec.enableServiceLinks === undefined) spec = withFields(spec, { enableServiceLinks: true });
  spec = withFields(spec, {
    containers: mapShared(spec.containers, withRequests),
    initContainers: mapShared(spec.initContainers, withRequests),
  });
  if (spec.hostNetwork === true) {
    spec = withFields(spec, {
      containers: mapShared(spec.containers, withHostPorts),
      initContainers: mapShared(spec.initContainers, withHostPorts),
    });
  }
  return withFields(pod, { spec });
}

/** The template with its defaults. */
export function defaultedTemplate(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const given = template ?? (EMPTY as PodTemplateSpec);
  const metadata = given.metadata ?? (EMPTY as NonNullable<PodTemplateSpec['metadata']>);
  return withFields(given, {
    metadata,
    spec: defaultedPodSpec(given.spec ?? (EMPTY as PodSpec)),
  });
}

function defaultedPodSpec(spec: PodSpec): PodSpec {
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  return withFields(spec, {
    volumes: mapShared(spec.volumes, defaultedVolume),
    initContainers: mapShared(spec.initContainers, defaultedContainer),
    containers: mapShared(spec.containers, defaultedContainer),
    restartPolicy: spec.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    // The two names of the account are one value; the old one is kept for old clients.
    serviceAccountName: account,
    serviceAccount: account,
    securityContext: spec.securityContext ?? EMPTY,
    schedulerName: spec.schedulerName ?? 'default-scheduler',
  });
}

/** Applies a function to all items; the very list when none changed. */
export function mapShared<L extends readonly unknown[] | undefined>(
  list: L,
  change: (item: NonNullable<L>[number]) => NonNullable<L>[number],
): L {
  if (list === undefined) return list;
  let result: readonly unknown[] = list;
  list.forEach((item, index) => {
    const next = change(item as NonNullable<L>[number]);
    if (next !== item) result = replacedAt(result, index, next);
  });
  return result as L;
}

function defaultedContainer(container: Container): Container {
  return withFields(container, {
    ports: mapShared(container.ports, defaultedPort),
    env: mapShared(container.env, defaultedEnv),
    resources: container.resources ?? EMPTY,
    livenessProbe: defaultedProbe(container.livenessProbe),
    readinessProbe: defaultedProbe(container.readinessProbe),
    startupProbe: defaultedProbe(container.startupProbe),
    lifecycle: defaultedLifecycle(container.lifecycle),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    imagePullPolicy: container.imagePullPolicy ?? pullPolicyOf(container.image ?? ''),
  });
}

/** `Always` for the tag latest, given or implied; else `IfNotPresent`. */
function pullPolicyOf(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^:/]*)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultedPort(port: ContainerPort): ContainerPort {
  return port.protocol === undefined ? withFields(port, { protocol: 'TCP' }) : port;
}

function defaultedEnv(variable: EnvVar): EnvVar {
  const source = variable.valueFrom;
  const fieldRef = source?.fieldRef;
  if (source === undefined || fieldRef === undefined || fieldRef.apiVersion !== undefined) {
    return variable;
  }
  const valueFrom = withFields(source, { fieldRef: withFields(fieldRef, { apiVersion: 'v1' }) });
  return withFields(variable, { valueFrom });
}

function defaultedProbe(probe: Probe | undefined): Probe | undefined {
  if (probe === undefined) return undefined;
  return withFields(probe, {
    httpGet: defaultedHttpGet(probe.httpGet),
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    periodSeconds: probe.periodSeconds ?? 10,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  });
}

function defaultedHttpGet(action: Probe['httpGet']): Probe['httpGet'] {
  if (action === undefined) return undefined;
  return withFields(action, { path: action.path ?? '/', scheme: action.scheme ?? 'HTTP' });
}

function defaultedLifecycle(lifecycle: Lifecycle | undefined): Lifecycle | undefined {
  if (lifecycle === undefined) return undefined;
  const handler = (each: LifecycleHandler | undefined): LifecycleHandler | undefined =>
    each === undefined ? undefined : withFields(each, { httpGet: defaultedHttpGet(each.httpGet) });
  return withFields(lifecycle, {
    postStart: handler(lifecycle.postStart),
    preStop: handler(lifecycle.preStop),
  });
}

function defaultedVolume(volume: Volume): Volume {
  if (Object.keys(volume).length <= 1) return withFields(volume, { emptyDir: EMPTY });
  const { hostPath, secret, configMap, downwardAPI, projected } = volume;
  return withFields(volume, {
    hostPath:
      hostPath === undefined ? undefined : withFields(hostPath, { type: hostPath.type ?? '' }),
    secret: withMode(secret),
    configMap: withMode(configMap),
    downwardAPI:
      downwardAPI === undefined
        ? undefined
        : withFields(withMode(downwardAPI) as typeof downwardAPI, {
            items: mapShared(downwardAPI.items, defaultedFile),
          }),
    projected: defaultedProjection(projected),
  });
}

function withMode<T extends { readonly defaultMode?: number | undefined }>(
  source: T | undefined,
): T | undefined {
  if (source === undefined || source.defaultMode !== undefined) return source;
  return withFields<{ readonly defaultMode?: number | undefined }>(source, {
    defaultMode: FILE_MODE,
  }) as T;
}

type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

function defaultedFile(file: DownwardFile): DownwardFile {
  const fieldRef = file.fieldRef;
  if (fieldRef === undefined || fieldRef.apiVersion !== undefined) return file;
  return withFields(file, { fieldRef: withFields(fieldRef, { apiVersion: 'v1' }) });
}

function defaultedProjection(
  projected: ProjectedVolumeSource | undefined,
): ProjectedVolumeSource | undefined {
  if (projected === undefined) return undefined;
  const sources = mapShared(projected.sources, (source) => {
    const { serviceAccountToken: token, downwardAPI } = source;
    return withFields(source, {
      serviceAccountToken:
        token === undefined
          ? undefined
          : withFields(token, { expirationSeconds: token.expirationSeconds ?? 3600 }),
      downwardAPI:
        downwardAPI === undefined
          ? undefined
          : withFields(downwardAPI, { items: mapShared(downwardAPI.items, defaultedFile) }),
    });
  });
  return withFields(withMode(projected) as ProjectedVolumeSource, { sources });
}

/** Requests that are not given are the limits. Of pods only, not of templates. */
function withRequests(container: Container): Container {
  const limits = container.resources?.limits;
  if (container.resources === undefined || limits === undefined) return container;
  let requests = container.resources.requests;
  for (const [name, amount] of Object.entries(limits)) {
    if (requests === undefined || !Object.hasOwn(requests, name)) {
      requests = withEntry(requests, name, amount);
    }
  }
  return withFields(container, { resources: withFields(container.resources, { requests }) });
}

/** On the host's network a container port is the host's port. */
function withHostPorts(container: Container): Container {
  const ports = mapShared(container.ports, (port) =>
    port.hostPort === undefined || port.hostPort === 0
      ? withFields(port, { hostPort: port.containerPort })
      : port,
  );
  return withFields(container, { ports });
}
