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

/** A configuration without anything. */
export const EMPTY_CONFIG: Kubeconfig = {
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
export function loadConfig(
  process: Process,
  flags: Flags,
  resolvePaths = false,
): Result<LoadedConfig, string> {
  const explicit = flags.text('kubeconfig') !== '';
  const paths = configPaths(process, flags);
  let config = EMPTY_CONFIG;
  for (const path of paths) {
    if (!explicit && !process.files.exists(path)) continue;
    const read = readKubeconfig(process, path);
    if (!read.ok) return read;
    config = merged(config, resolvePaths ? withPaths(process, path, read.value) : read.value);
  }
  return ok({ config, paths, explicit });
}

const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Relative files of a kubeconfig are those beside it (clientcmd.ResolveLocalPaths). */
function withPaths(process: Process, path: string, config: Kubeconfig): Kubeconfig {
  const absolute = process.files.resolve(path);
  const folder = absolute.slice(0, absolute.lastIndexOf('/'));
  const resolved = <T extends object>(entries: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...entries].map(([name, entry]) => [name, resolvedEntry(process, entry, folder)]));
  return { ...config, clusters: resolved(config.clusters), users: resolved(config.users) };
}

function resolvedEntry<T extends object>(process: Process, entry: T, folder: string): T {
  const fields = entry as Readonly<Record<string, unknown>>;
  const relative = PATH_FIELDS.filter((field) => {
    const value = fields[field];
    return typeof value === 'string' && value !== '' && !value.startsWith('/');
  });
  if (relative.length === 0) return entry;
  const changes = relative.map((field) => [
    field,
    process.files.resolve(`${folder}/${String(fields[field])}`),
  ]);
  return { ...entry, ...Object.fromEntries(changes) };
}

/** The file that was read first, for `-v`. */
export function configFile(process: Process, flags: Flags): string | undefined {
  return configPaths(process, flags).find((path) => process.files.exists(path));
}

function merged(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    clusters: new Map([...second.clusters, ...first.clusters]),
    users: new Map([...second.users, ...first.users]),
    contexts: new Map([...second.contexts, ...first.contexts]),
    currentContext: first.currentContext === '' ? second.currentContext : first.currentContext,
  };
}

/** What the client needs, flags applied. Who asks for the namespace first hears of a missing context in its words. */
export function resolveConfig(
  process: Process,
  flags: Flags,
  asksNamespace: boolean,
): Outcome<ClientConfig> {
  const loaded = loadConfig(process, flags, true);
  if (!loaded.ok) return fail(loaded.error);
  const { config, paths } = loaded.value;
  const server = flags.single('server');
  const wanted = flags.single('context') || config.currentContext;
  if (wanted !== '' && !config.contexts.has(wanted)) {
    if (flags.single('context') !== '' && !asksNamespace) {
      return fail(`context ${quote(wanted)} does not exist`);
    }
    return configFailure(`${INVALID}context was not found for specified context: ${wanted}`);
  }
  const clusterName = flags.single('cluster');
  if (clusterName !== '' && !config.clusters.has(clusterName)) {
    return fail(`no server found for cluster ${quote(clusterName)}`);
  }
  if (config.contexts.size === 0 && config.clusters.size === 0 && server === '') {
    return withoutFile(process, flags);
  }
  const user = flags.single('user') || (config.contexts.get(wanted)?.user ?? '');
  if (flags.list('as-group').length > 0 && flags.text('as') === '') {
    return fail(`requesting uid, groups or user-extra for ${user} without impersonating a user`);
  }
  const path = paths.find((each) => process.files.exists(each)) ?? '/';
  const absolute = process.files.resolve(path);
  const base = absolute.slice(0, absolute.lastIndexOf('/'));
  const text = (name: string): string | undefined => flags.single(name) || undefined;
  const overrides = {
    context: text('context'),
    cluster: text('cluster'),
    user: text('user'),
    server: text('server') ?? localServer(config, wanted, clusterName),
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
  return made.ok ? made : configFailure(made.error);
}

/** A context whose cluster is not there asks the server of old: nothing says another. */
function localServer(config: Kubeconfig, context: string, cluster: string): string | undefined {
  const name = cluster === '' ? (config.contexts.get(context)?.cluster ?? '') : cluster;
  return name === '' || config.clusters.has(name) ? undefined : 'http://localhost:8080';
}

const INVALID = 'invalid configuration: ';

/** What clientcmd calls invalid is told in a form of its own (cmd/util checkErr). */
function configFailure(text: string): Outcome<never> {
  if (!text.startsWith(INVALID)) return fail(text);
  const problems = text.slice(INVALID.length);
  const list = /^\[(.*)\]$/s.exec(problems)?.[1]?.split(', ');
  const told = list === undefined ? problems : `\n* ${list.join('\n* ')}`;
  return { ok: false, error: { kind: 'plain', text: `Error in configuration: ${told}` } };
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
