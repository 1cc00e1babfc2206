/**
 * Which kubeconfig counts (k8s.io/client-go/tools/clientcmd loader.go, v0.34): `--kubeconfig`, else
 * the files of $KUBECONFIG merged (the first to say a thing wins), else ~/.kube/config, else the
 * service account of the pod, else localhost:8080.
 */
import { ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Process } from '../../../machines/machine/process.ts';
import {
  type ClientConfig,
  clientConfig,
  inClusterConfig,
  type Kubeconfig,
  readKubeconfig,
} from '../../../spine/client/kubeconfig.ts';
import { fail, type Outcome } from './failure.ts';
import type { Flags } from './flags.ts';

export interface LoadedConfig {
  readonly config: Kubeconfig;
  /** The files that are read, whether they exist or not. */
  readonly paths: readonly string[];
  /** `--kubeconfig` named the file: it must exist. */
  readonly explicit: boolean;
}

const EMPTY: Kubeconfig = {
  clusters: new Map(),
  users: new Map(),
  contexts: new Map(),
  currentContext: '',
};

export function configPaths(process: Process, flags: Flags): readonly string[] {
  const given = flags.text('kubeconfig');
  if (given !== '') return [given];
  const listed = (process.env.get('KUBECONFIG') ?? '').split(':').filter((path) => path !== '');
  if (listed.length > 0) return listed;
  return [`${(process.env.get('HOME') ?? '').replace(/\/$/, '')}/.kube/config`];
}

/** Reads and merges the files; a missing one counts as empty unless it was asked for by flag. */
export function loadConfig(process: Process, flags: Flags): Result<LoadedConfig, string> {
  const explicit = flags.text('kubeconfig') !== '';
  const paths = configPaths(process, flags);
  let config = EMPTY;
  for (const path of paths) {
    if (!explicit && !process.files.exists(path)) continue;
    const read = readKubeconfig(process, path);
    if (!read.ok) return read;
    config = merged(config, read.value);
  }
  return ok({ config, paths, explicit });
}

function merged(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    clusters: new Map([...second.clusters, ...first.clusters]),
    users: new Map([...second.users, ...first.users]),
    contexts: new Map([...second.contexts, ...first.contexts]),
    currentContext: first.currentContext === '' ? second.currentContext : first.currentContext,
  };
}

/** What the client needs, flags applied. */
export function resolveConfig(process: Process, flags: Flags): Outcome<ClientConfig> {
  const loaded = loadConfig(process, flags);
  if (!loaded.ok) return fail(loaded.error);
  const { config, paths } = loaded.value;
  const server = flags.single('server');
  if (config.contexts.size === 0 && config.clusters.size === 0 && server === '') {
    if (flags.text('context') !== '') {
      return fail(`context ${quote(flags.text('context'))} does not exist`);
    }
    return withoutFile(process, flags);
  }
  const path = paths.find((each) => process.files.exists(each)) ?? '/';
  const absolute = process.files.resolve(path);
  const base = absolute.slice(0, absolute.lastIndexOf('/'));
  const text = (name: string): string | undefined => flags.single(name) || undefined;
  const overrides = {
    context: text('context'),
    cluster: text('cluster'),
    user: text('user'),
    server: text('server'),
    namespace: text('namespace'),
    token: text('token'),
    skipVerify: flags.has('insecure-skip-tls-verify')
      ? flags.bool('insecure-skip-tls-verify')
      : undefined,
    impersonate:
      text('as') === undefined
        ? undefined
        : { user: flags.text('as'), groups: flags.list('as-group') },
  };
  const given = Object.fromEntries(
    Object.entries(overrides).filter(([, value]) => value !== undefined),
  );
  const made = clientConfig(process, config, base, given);
  return made.ok ? made : fail(made.error);
}

function withoutFile(process: Process, flags: Flags): Outcome<ClientConfig> {
  const inside = inClusterConfig(process);
  const namespace = flags.text('namespace');
  const named = namespace === '' ? {} : { namespace };
  if (inside.ok) return ok({ ...inside.value, ...named });
  return ok({ server: 'http://localhost:8080', roots: [], namespace: 'default', ...named });
}

/** The file that changes are written to: the first. */
export function writablePath(process: Process, flags: Flags): string {
  const paths = configPaths(process, flags);
  return paths.find((path) => process.files.exists(path)) ?? paths[0] ?? '';
}
