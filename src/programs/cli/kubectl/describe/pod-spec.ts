/** Containers, volumes and tolerations as `describe` prints them, of a pod and of a pod template. */
import type {
  Container,
  ContainerState,
  ContainerStatus,
  EnvVar,
  Pod,
  PodTemplateSpec,
  Probe,
  Toleration,
  Volume,
} from '../../../../ground/api/types.ts';
import { wholeValue, milliValue } from '../../../../ground/api/quantity.ts';
import { compareText } from '../../../../ground/base/text.ts';
import { boolText, type DescribeWriter, orNone } from './writer.ts';

/** What a template shares with a pod: `Pod Template:` of workloads. */
export function describeTemplate(
  writer: DescribeWriter,
  template: PodTemplateSpec | undefined,
): void {
  writer.write(0, 'Pod Template:\n');
  if (template === undefined) {
    writer.write(0, '  <unset>');
    return;
  }
  const { metadata, spec } = template;
  writer.labels('  Labels', metadata?.labels);
  if (Object.keys(metadata?.annotations ?? {}).length > 0)
    writer.annotations(metadata?.annotations, '  ');
  if (spec === undefined) return;
  if ((spec.serviceAccountName ?? '') !== '')
    writer.field(1, 'Service Account', spec.serviceAccountName as string);
  if ((spec.initContainers ?? []).length > 0) {
    describeContainers(
      writer,
      'Init Containers',
      spec.initContainers ?? [],
      undefined,
      undefined,
      '  ',
    );
  }
  describeContainers(writer, 'Containers', spec.containers ?? [], undefined, undefined, '  ');
  describeVolumes(writer, spec.volumes ?? [], '  ');
  if ((spec.priorityClassName ?? '') !== '')
    writer.field(1, 'Priority Class Name', spec.priorityClassName as string);
  writer.labels('  Node-Selectors', spec.nodeSelector);
  describeTolerations(writer, '  Tolerations', spec.tolerations ?? []);
}

export function describeContainers(
  writer: DescribeWriter,
  label: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
  pod: Pod | undefined,
  space: string,
): void {
  writer.write(0, `${space}${label}:${containers.length === 0 ? ' <none>' : ''}\n`);
  for (const container of containers) {
    const status = statuses?.find((each) => each.name === container.name);
    writer.write(1, `${space === '' ? '' : ' '}${container.name}:\n`);
    describeBasics(writer, container, status);
    describeWords(writer, 'Command', container.command);
    describeWords(writer, 'Args', container.args);
    if (status !== undefined) describeStatus(writer, status);
    writer.amounts(2, 'Limits', container.resources?.limits);
    writer.amounts(2, 'Requests', container.resources?.requests);
    for (const [title, probe] of [
      ['Liveness', container.livenessProbe],
      ['Readiness', container.readinessProbe],
      ['Startup', container.startupProbe],
    ] as const) {
      if (probe !== undefined) writer.field(2, title, probeText(probe));
    }
    describeEnvironment(writer, container, pod);
    describeMounts(writer, container);
  }
}

function describeBasics(
  writer: DescribeWriter,
  container: Container,
  status: ContainerStatus | undefined,
): void {
  if (status !== undefined) writer.field(2, 'Container ID', status.containerID ?? '');
  writer.field(2, 'Image', container.image ?? '');
  if (status !== undefined) writer.field(2, 'Image ID', status.imageID ?? '');
  const ports = container.ports ?? [];
  const text = (host: boolean): string =>
    ports
      .map((port) => {
        const number = host ? (port.hostPort ?? 0) : port.containerPort;
        const name = port.name === undefined || port.name === '' ? '' : ` (${port.name})`;
        return `${number}/${port.protocol ?? 'TCP'}${name}`;
      })
      .join(', ');
  writer.field(2, ports.length > 1 ? 'Ports' : 'Port', orNone(text(false)));
  writer.field(2, ports.length > 1 ? 'Host Ports' : 'Host Port', orNone(text(true)));
}

function describeWords(
  writer: DescribeWriter,
  label: string,
  words: readonly string[] | undefined,
): void {
  if (words === undefined || words.length === 0) return;
  writer.write(2, `${label}:\n`);
  for (const word of words) for (const line of word.split('\n')) writer.write(3, `${line}\n`);
}

function describeStatus(writer: DescribeWriter, status: ContainerStatus): void {
  describeState(writer, 'State', status.state);
  if (status.lastState?.terminated !== undefined)
    describeState(writer, 'Last State', status.lastState);
  writer.field(2, 'Ready', boolText(status.ready));
  writer.field(2, 'Restart Count', status.restartCount ?? 0);
}

function describeState(
  writer: DescribeWriter,
  label: string,
  state: ContainerState | undefined,
): void {
  if (state?.running !== undefined) {
    writer.field(2, label, 'Running');
    writer.field(3, 'Started', writer.date(state.running.startedAt));
  } else if (state?.terminated !== undefined) {
    const {
      reason = '',
      message = '',
      exitCode,
      signal = 0,
      startedAt,
      finishedAt,
    } = state.terminated;
    writer.field(2, label, 'Terminated');
    if (reason !== '') writer.field(3, 'Reason', reason);
    if (message !== '') writer.field(3, 'Message', message);
    writer.field(3, 'Exit Code', exitCode);
    if (signal > 0) writer.field(3, 'Signal', signal);
    writer.field(3, 'Started', writer.date(startedAt));
    writer.field(3, 'Finished', writer.date(finishedAt));
  } else {
    writer.field(2, label, 'Waiting');
    const reason = state?.waiting?.reason ?? '';
    if (reason !== '') writer.field(3, 'Reason', reason);
  }
}

/** `http-get http://:80/healthz delay=0s timeout=1s period=10s #success=1 #failure=3` */
function probeText(probe: Probe): string {
  const {
    initialDelaySeconds = 0,
    timeoutSeconds = 0,
    periodSeconds = 0,
    successThreshold = 0,
    failureThreshold = 0,
  } = probe;
  const times = `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s #success=${successThreshold} #failure=${failureThreshold}`;
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(' ')}] ${times}`;
  if (probe.httpGet !== undefined) {
    const { scheme = 'HTTP', host = '', port, path = '' } = probe.httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path} ${times}`;
  }
  if (probe.tcpSocket !== undefined) {
    return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${times}`;
  }
  if (probe.grpc !== undefined)
    return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${times}`;
  return `unknown ${times}`;
}

function describeEnvironment(
  writer: DescribeWriter,
  container: Container,
  pod: Pod | undefined,
): void {
  const sources = container.envFrom ?? [];
  if (sources.length > 0) {
    writer.write(2, 'Environment Variables from:\n');
    for (const source of sources) {
      const from = source.configMapRef !== undefined ? 'ConfigMap' : 'Secret';
      const reference = source.configMapRef ?? source.secretRef;
      const prefix =
        source.prefix === undefined || source.prefix === ''
          ? ''
          : ` with prefix '${source.prefix}'`;
      writer.write(
        3,
        `${reference?.name ?? ''}\t${from}${prefix}\tOptional: ${reference?.optional ?? false}\n`,
      );
    }
  }
  const variables = container.env ?? [];
  writer.write(2, `Environment:${variables.length === 0 ? '\t<none>' : ''}\n`);
  for (const variable of variables) {
    const [first = '', ...more] = variableText(variable, container, pod).split('\n');
    writer.write(3, `${variable.name}:\t${first}\n`);
    for (const line of more) writer.write(3, `\t${line}\n`);
  }
}

function variableText(variable: EnvVar, container: Container, pod: Pod | undefined): string {
  const from = variable.valueFrom;
  if (from === undefined) return variable.value ?? '';
  if (from.fieldRef !== undefined) {
    const { apiVersion = 'v1', fieldPath } = from.fieldRef;
    return ` ${fieldText(pod, fieldPath)} (${apiVersion}:${fieldPath})`.replace(/^ /, '');
  }
  if (from.resourceFieldRef !== undefined) {
    const { resource } = from.resourceFieldRef;
    return `${resourceText(container, resource)} (${resource})`;
  }
  if (from.secretKeyRef !== undefined) {
    const { key, name, optional = false } = from.secretKeyRef;
    return `<set to the key '${key}' in secret '${name}'>\tOptional: ${optional}`;
  }
  if (from.configMapKeyRef !== undefined) {
    const { key, name, optional = false } = from.configMapKeyRef;
    return `<set to the key '${key}' of config map '${name}'>\tOptional: ${optional}`;
  }
  return '';
}

/** The value of a field of metadata; what only the node knows stays empty. */
function fieldText(pod: Pod | undefined, path: string): string {
  if (pod === undefined) return '';
  const key = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (key !== null)
    return pod.metadata[key[1] as 'labels' | 'annotations']?.[key[2] as string] ?? '';
  const metadata = pod.metadata as unknown as Readonly<Record<string, unknown>>;
  const simple = /^metadata\.(name|namespace|uid)$/.exec(path)?.[1];
  return simple === undefined ? '' : String(metadata[simple] ?? '');
}

function resourceText(container: Container, resource: string): string {
  const [kind = '', name = ''] = resource.split('.');
  const amounts = container.resources?.[kind as 'limits' | 'requests'];
  const text = amounts?.[name];
  if (text === undefined) return kind === 'limits' ? 'node allocatable' : '0';
  return name === 'cpu' ? `${Math.ceil(milliValue(text) / 1000)}` : `${wholeValue(text)}`;
}

function describeMounts(writer: DescribeWriter, container: Container): void {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) =>
    compareText(a.mountPath, b.mountPath),
  );
  writer.write(2, `Mounts:${mounts.length === 0 ? '\t<none>' : ''}\n`);
  for (const mount of mounts) {
    const flags = [mount.readOnly === true ? 'ro' : 'rw'];
    if (mount.subPath !== undefined && mount.subPath !== '') flags.push(`path="${mount.subPath}"`);
    writer.write(3, `${mount.mountPath} from ${mount.name} (${flags.join(',')})\n`);
  }
}

export function describeVolumes(
  writer: DescribeWriter,
  volumes: readonly Volume[],
  space: string,
): void {
  if (volumes.length === 0) {
    writer.write(0, `${space}Volumes:\t<none>\n`);
    return;
  }
  writer.write(0, `${space}Volumes:\n`);
  for (const volume of volumes) {
    writer.write(1, `${space === '' ? '' : ' '}${volume.name}:\n`);
    for (const [label, value] of volumeLines(volume)) writer.field(2, label, value);
    for (const item of volume.downwardAPI?.items ?? []) {
      writer.write(
        3,
        `${item.fieldRef?.fieldPath ?? item.resourceFieldRef?.resource ?? ''} -> ${item.path}\n`,
      );
    }
  }
}

function volumeLines(volume: Volume): readonly (readonly [string, string])[] {
  if (volume.emptyDir !== undefined) {
    return [
      ['Type', "EmptyDir (a temporary directory that shares a pod's lifetime)"],
      ['Medium', volume.emptyDir.medium ?? ''],
      ['SizeLimit', volume.emptyDir.sizeLimit ?? '<unset>'],
    ];
  }
  if (volume.hostPath !== undefined) {
    return [
      ['Type', 'HostPath (bare host directory volume)'],
      ['Path', volume.hostPath.path],
      ['HostPathType', volume.hostPath.type ?? '<none>'],
    ];
  }
  if (volume.secret !== undefined) {
    return [
      ['Type', 'Secret (a volume populated by a Secret)'],
      ['SecretName', volume.secret.secretName ?? ''],
      ['Optional', `${volume.secret.optional ?? false}`],
    ];
  }
  if (volume.configMap !== undefined) {
    return [
      ['Type', 'ConfigMap (a volume populated by a ConfigMap)'],
      ['Name', volume.configMap.name ?? ''],
      ['Optional', `${volume.configMap.optional ?? false}`],
    ];
  }
  if (volume.downwardAPI !== undefined) {
    return [
      ['Type', 'DownwardAPI (a volume populated by information about the pod)'],
      ['Items', ''],
    ];
  }
  return volume.projected === undefined ? [['Type', '<unknown>']] : projectedLines(volume);
}

function projectedLines(volume: Volume): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [
    ['Type', 'Projected (a volume that contains injected data from multiple sources)'],
  ];
  for (const source of volume.projected?.sources ?? []) {
    if (source.secret !== undefined) {
      lines.push(
        ['SecretName', source.secret.name ?? ''],
        ['Optional', `${source.secret.optional ?? false}`],
      );
    } else if (source.downwardAPI !== undefined) lines.push(['DownwardAPI', 'true']);
    else if (source.configMap !== undefined) {
      lines.push(
        ['ConfigMapName', source.configMap.name ?? ''],
        ['Optional', `${source.configMap.optional ?? false}`],
      );
    } else if (source.serviceAccountToken !== undefined) {
      lines.push([
        'TokenExpirationSeconds',
        `${source.serviceAccountToken.expirationSeconds ?? 3600}`,
      ]);
    }
  }
  return lines;
}

export function describeTolerations(
  writer: DescribeWriter,
  title: string,
  tolerations: readonly Toleration[],
): void {
  const sorted = [...tolerations].sort((a, b) => compareText(a.key ?? '', b.key ?? ''));
  writer.lines(title, sorted.map(tolerationText));
}

function tolerationText(toleration: Toleration): string {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  let text = key;
  if (value !== '') text += `=${value}`;
  if (effect !== '') text += `:${effect}`;
  if (operator === 'Exists' && value === '') text += text === '' ? 'op=Exists' : ' op=Exists';
  return tolerationSeconds === undefined ? text : `${text} for ${tolerationSeconds}s`;
}
