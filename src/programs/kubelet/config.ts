/**
 * What the kubelet is told: flags of its unit (10-kubeadm.conf and kubeadm-flags.env) and
 * /var/lib/kubelet/config.yaml (kubelet.config.k8s.io/v1beta1, v1.34). Fields that have no effect
 * here are logged once at the start.
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Taint } from '../../ground/api/types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { readYaml } from '../../spine/client/yaml-file.ts';

export interface KubeletConfig {
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly containerRuntimeEndpoint: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly registerTaints: readonly Taint[];
  readonly staticPodPath: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly resolvConf: string;
  readonly maxPods: number;
  readonly port: number;
  readonly readOnlyPort: number;
  readonly clientCaFile: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly anonymous: boolean;
  readonly fileCheckFrequency: Micros;
  readonly syncFrequency: Micros;
  readonly nodeStatusFrequency: Micros;
  readonly nodeStatusReport: Micros;
  readonly leaseSeconds: number;
  readonly evictionMemory: number;
}

const KNOWN = new Set([
  'apiVersion',
  'kind',
  'logging',
  'authentication',
  'authorization',
  'cgroupDriver',
  'clusterDNS',
  'clusterDomain',
  'containerRuntimeEndpoint',
  'fileCheckFrequency',
  'healthzBindAddress',
  'healthzPort',
  'maxPods',
  'nodeStatusReportFrequency',
  'nodeStatusUpdateFrequency',
  'port',
  'readOnlyPort',
  'resolvConf',
  'staticPodPath',
  'syncFrequency',
  'tlsCertFile',
  'tlsPrivateKeyFile',
  'rotateCertificates',
  'nodeLeaseDurationSeconds',
  'registerWithTaints',
]);

/** Flags as a map: `--a=b`, `--a b`, `--a`. */
function flagsOf(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let index = 1; index < argv.length; index += 1) {
    const text = argv[index] as string;
    if (!text.startsWith('--')) continue;
    const equals = text.indexOf('=');
    if (equals >= 0) flags.set(text.slice(2, equals), text.slice(equals + 1));
    else {
      const next = argv[index + 1];
      const takes = next !== undefined && !next.startsWith('--');
      flags.set(text.slice(2), takes ? next : 'true');
      if (takes) index += 1;
    }
  }
  return flags;
}

/** `key=value:Effect`, comma separated. */
function parseTaints(text: string): Taint[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const colon = part.lastIndexOf(':');
      const [key = '', value] = part.slice(0, colon).split('=');
      const effect = part.slice(colon + 1);
      return value === undefined || value === '' ? { effect, key } : { effect, key, value };
    });
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) labels[part.slice(0, equals)] = part.slice(equals + 1);
  }
  return labels;
}

/** Go durations of the kind that configuration holds: `20s`, `1m0s`; 0 and absent mean the default. */
function durationOf(value: unknown, fallback: Micros): Micros {
  if (typeof value !== 'string') return fallback;
  let total = 0;
  for (const match of value.matchAll(/(\d+)(h|m|s)/g)) {
    total += Number(match[1]) * (match[2] === 'h' ? 3600 : match[2] === 'm' ? 60 : 1);
  }
  return total === 0 ? fallback : total * SECOND;
}

/** True for what kubeadm writes for "the default": `0s`, `{}`, empty; the log settings are upstream's own. */
function isDefault(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === '0s' || value === 0)
    return true;
  if (value === '0') return true;
  return typeof value === 'object' && Object.values(value).every(isDefault);
}

/** Reads flags and file; the error ends the kubelet as upstream's command does. */
export function readConfig(process: Process): Result<KubeletConfig, string> {
  const flags = flagsOf(process.argv);
  let file: Record<string, unknown> = {};
  const path = flags.get('config');
  if (path !== undefined) {
    const parsed = readYaml(process, path);
    if (!parsed.ok) {
      return err(
        `failed to load kubelet config file, path: ${path}, error: failed to load Kubelet config file ${path}, error failed to read kubelet config file "${path}", error: open ${path}: no such file or directory`,
      );
    }
    const { documents, error } = parsed.value;
    if (error !== undefined)
      return err(`failed to load kubelet config file, path: ${path}, error: ${error.message}`);
    const value = documents[0]?.value;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      file = value as Record<string, unknown>;
    for (const key of Object.keys(file)) {
      if (!KNOWN.has(key) && !isDefault(file[key]))
        process.log(
          'W',
          'server.go:250',
          `The field ${key} of the configuration has no effect here`,
        );
    }
  }
  return ok(buildConfig(process, flags, file));
}

function buildConfig(
  process: Process,
  flags: ReadonlyMap<string, string>,
  file: Record<string, unknown>,
): KubeletConfig {
  const text = (key: string, fallback: string): string =>
    typeof file[key] === 'string' ? (file[key] as string) : fallback;
  const number = (key: string, fallback: number): number =>
    typeof file[key] === 'number' ? (file[key] as number) : fallback;
  const authentication = (file['authentication'] ?? {}) as {
    readonly x509?: { readonly clientCAFile?: string };
    readonly anonymous?: { readonly enabled?: boolean };
  };
  return {
    kubeconfig: flags.get('kubeconfig') ?? '/etc/kubernetes/kubelet.conf',
    nodeName: (flags.get('hostname-override') ?? process.hostname).toLowerCase(),
    nodeIp: flags.get('node-ip') ?? '',
    containerRuntimeEndpoint: (
      flags.get('container-runtime-endpoint') ??
      text('containerRuntimeEndpoint', 'unix:///run/containerd/containerd.sock')
    )
      .replace(/^unix:\/\//, '')
      .replace(/^\/var\/run\//, '/run/'),
    nodeLabels: parseLabels(flags.get('node-labels') ?? ''),
    registerTaints: parseTaints(flags.get('register-with-taints') ?? ''),
    staticPodPath: flags.get('pod-manifest-path') ?? text('staticPodPath', ''),
    clusterDns: Array.isArray(file['clusterDNS']) ? (file['clusterDNS'] as string[]) : [],
    clusterDomain: text('clusterDomain', ''),
    resolvConf: text('resolvConf', '/etc/resolv.conf'),
    maxPods: number('maxPods', 110),
    port: number('port', 10250),
    readOnlyPort: number('readOnlyPort', 0),
    clientCaFile: authentication.x509?.clientCAFile ?? '',
    tlsCertFile: text('tlsCertFile', '/var/lib/kubelet/pki/kubelet.crt'),
    tlsKeyFile: text('tlsPrivateKeyFile', '/var/lib/kubelet/pki/kubelet.key'),
    anonymous: authentication.anonymous?.enabled === true,
    fileCheckFrequency: durationOf(file['fileCheckFrequency'], 20 * SECOND),
    syncFrequency: durationOf(file['syncFrequency'], 60 * SECOND),
    nodeStatusFrequency: durationOf(file['nodeStatusUpdateFrequency'], 10 * SECOND),
    nodeStatusReport: durationOf(file['nodeStatusReportFrequency'], 300 * SECOND),
    leaseSeconds: number('nodeLeaseDurationSeconds', 40),
    evictionMemory: 100 * 1024 * 1024,
  };
}
