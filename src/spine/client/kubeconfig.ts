/**
 * Kubeconfig files: read, written, and turned into what a client needs (k8s.io/client-go/tools/clientcmd,
 * v0.34), and the configuration of a program inside a pod (rest.InClusterConfig). Errors are in
 * clientcmd's words.
 *
 * Not modelled: exec and auth-provider plugins, basic authentication and proxies are refused with a
 * message when a client would need them. Several files in KUBECONFIG are merged by kubectl.
 */
import { parseBase64 } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { quote, sortedText } from '../../ground/base/text.ts';
import { formatYaml, parseYaml } from '../../ground/lang/yaml/index.ts';
import type { Certificate } from '../../ground/pki/certificate.ts';
import { certificatesFromContent } from '../../ground/pki/document.ts';
import type { SignedToken } from '../../ground/pki/jwt.ts';
import { goError } from '../../machines/network/errno.ts';
import type { TlsIdentity } from '../../machines/network/tls-types.ts';
import type { Content } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { certificatesOf, identityOf, tokenOfFile } from './credentials.ts';

export interface KubeconfigCluster {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
}

export interface KubeconfigUser {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly as?: string;
  readonly 'as-groups'?: readonly string[];
  readonly username?: string;
  readonly exec?: { readonly command?: string };
  readonly 'auth-provider'?: { readonly name?: string };
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string;
}

/** The file as a value; names in file order. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
  readonly currentContext: string;
}

/** What a client needs to speak to a server, credentials read. */
export interface ClientConfig {
  /** `https://192.168.0.10:6443` */
  readonly server: string;
  readonly roots: readonly Certificate[];
  readonly identity?: TlsIdentity;
  readonly token?: string | SignedToken;
  /** Read again when it is a minute old. */
  readonly tokenFile?: string;
  readonly skipVerify?: boolean;
  readonly serverName?: string;
  readonly impersonate?: { readonly user: string; readonly groups: readonly string[] };
  /** Namespace of the context, `default` when it names none. */
  readonly namespace: string;
}

export interface ConfigOverrides {
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly namespace?: string;
  readonly token?: string;
  /** `--as` and `--as-group`. */
  readonly impersonate?: { readonly user: string; readonly groups: readonly string[] };
  readonly skipVerify?: boolean;
}

/** Kind of the documents that are kubeconfigs: files that nobody has edited. */
export const KUBECONFIG = 'kubeconfig';

/** Credentials that are there by reference, so that no PEM is made and read again. */
export interface KnownCredentials {
  readonly clusters: ReadonlyMap<KubeconfigCluster, readonly Certificate[]>;
  readonly users: ReadonlyMap<KubeconfigUser, TlsIdentity>;
}

/** What such a document stands for. */
export interface KubeconfigValue {
  readonly config: Kubeconfig;
  readonly known: KnownCredentials;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const NO_CONFIGURATION =
  'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable';

type Fields = Readonly<Record<string, unknown>>;

/** Reads the text of a kubeconfig file; the error is clientcmd's. `path` is for messages. */
export function parseKubeconfig(text: string, path: string): Result<Kubeconfig, string> {
  const bad = (reason: string) => err(`error loading config file ${quote(path)}: ${reason}`);
  const parsed = parseYaml(text);
  if (parsed.error !== undefined) return bad(parsed.error.message);
  const root = parsed.documents[0]?.value;
  if (root === undefined || root === null) return ok(EMPTY);
  if (typeof root !== 'object' || Array.isArray(root)) {
    return bad(
      `couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const fields = root as Fields;
  const version = fields['apiVersion'];
  if (version !== undefined && version !== 'v1') {
    return bad(
      `no kind ${quote(String(fields['kind'] ?? ''))} is registered for version ${quote(String(version))} in scheme "pkg/api/latest/latest.go:50"`,
    );
  }
  return ok({
    clusters: named<KubeconfigCluster>(fields['clusters'], 'cluster'),
    users: named<KubeconfigUser>(fields['users'], 'user'),
    contexts: named<KubeconfigContext>(fields['contexts'], 'context'),
    currentContext: textField(fields, 'current-context'),
  });
}

const EMPTY: Kubeconfig = {
  clusters: new Map(),
  users: new Map(),
  contexts: new Map(),
  currentContext: '',
};

/** A list of `{name, <field>: {…}}` as a map; of equal names the first counts. */
function named<T>(list: unknown, field: string): ReadonlyMap<string, T> {
  const entries = new Map<string, T>();
  if (!Array.isArray(list)) return entries;
  for (const item of list as readonly Fields[]) {
    const name = textField(item, 'name');
    if (!entries.has(name)) entries.set(name, (item[field] ?? {}) as T);
  }
  return entries;
}

function textField(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** The file's text as `kubectl config` writes it: names in byte order, keys too. */
export function formatKubeconfig(config: Kubeconfig): string {
  const list = (entries: ReadonlyMap<string, object>, field: string) =>
    entries.size === 0
      ? null
      : sortedText(entries.keys()).map((name) =>
          field === 'user'
            ? { name, [field]: sortedKeys(entries.get(name) as Fields) }
            : { [field]: sortedKeys(entries.get(name) as Fields), name },
        );
  return formatYaml({
    apiVersion: 'v1',
    clusters: list(config.clusters, 'cluster'),
    contexts: list(config.contexts, 'context'),
    'current-context': config.currentContext,
    kind: 'Config',
    users: list(config.users, 'user'),
  });
}

function sortedKeys(fields: Fields): Fields {
  return Object.fromEntries(sortedText(Object.keys(fields)).map((key) => [key, fields[key]]));
}

/** Reads a file. A missing one: `stat <path>: no such file or directory`. */
export function readKubeconfig(process: Process, path: string): Result<Kubeconfig, string> {
  const text = process.files.readText(path);
  if (text.ok) return parseKubeconfig(text.value, path);
  const call = text.error === 'ENOENT' ? 'stat' : 'error loading config file: open';
  return err(`${call} ${path}: ${goError(text.error)}`);
}

/** Credentials of a context, files read (relative to `base`, the file's folder). */
export function clientConfig(
  process: Process,
  config: Kubeconfig,
  base: string,
  overrides: ConfigOverrides = {},
  known?: KnownCredentials,
): Result<ClientConfig, string> {
  const contextName = overrides.context ?? config.currentContext;
  const context = config.contexts.get(contextName);
  if (context === undefined && overrides.context !== undefined) {
    return err(`context ${quote(contextName)} does not exist`);
  }
  if (context === undefined && contextName !== '') {
    return err(
      `invalid configuration: context was not found for specified context: ${contextName}`,
    );
  }
  const clusterName = overrides.cluster ?? context?.cluster ?? '';
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined && overrides.cluster !== undefined) {
    return err(`cluster ${quote(clusterName)} does not exist`);
  }
  const server = overrides.server ?? cluster?.server ?? '';
  if (server === '') {
    return err(
      clusterName === ''
        ? NO_CONFIGURATION
        : `invalid configuration: no server found for cluster ${quote(clusterName)}`,
    );
  }
  const userName = overrides.user ?? context?.user ?? '';
  const user = config.users.get(userName);
  if (user === undefined && overrides.user !== undefined) {
    return err(`auth info ${quote(userName)} does not exist`);
  }
  const refusal = refusalOf(cluster, clusterName, user, userName);
  if (refusal !== undefined) return err(refusal);
  const reader = new CredentialReader(process, base, clusterName, userName, known);
  const roots = reader.roots(cluster ?? { server });
  const identity = reader.identity(user ?? {});
  const problem = reader.problem;
  if (problem !== undefined) return err(problem);
  const as = user?.as;
  const impersonate =
    overrides.impersonate ??
    (as === undefined ? undefined : { user: as, groups: user?.['as-groups'] ?? [] });
  const token = overrides.token ?? user?.token;
  const skip = overrides.skipVerify ?? cluster?.['insecure-skip-tls-verify'];
  const serverName = cluster?.['tls-server-name'];
  const tokenFile = user?.tokenFile;
  return ok({
    server: server.replace(/\/+$/, ''),
    roots,
    namespace: overrides.namespace ?? context?.namespace ?? 'default',
    ...(identity === undefined ? {} : { identity }),
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined || token !== undefined
      ? {}
      : { tokenFile: joinPath(base, tokenFile) }),
    ...(skip === true ? { skipVerify: true } : {}),
    ...(serverName === undefined ? {} : { serverName }),
    ...(impersonate === undefined ? {} : { impersonate }),
  });
}

/** Ways to reach a server or to prove oneself that do not exist here. */
function refusalOf(
  cluster: KubeconfigCluster | undefined,
  clusterName: string,
  user: KubeconfigUser | undefined,
  userName: string,
): string | undefined {
  const unsupported = 'not supported by this simulator';
  if ((cluster?.['proxy-url'] ?? '') !== '') {
    return `invalid configuration: proxy-url of cluster ${quote(clusterName)} is ${unsupported}`;
  }
  if (user?.exec !== undefined) {
    const command = quote(user.exec.command ?? '');
    return `invalid configuration: exec plugin ${command} of user ${quote(userName)} is ${unsupported}: use a client certificate or a token`;
  }
  const provider = user?.['auth-provider']?.name;
  if (provider === 'gcp' || provider === 'azure') return REMOVED_PROVIDERS[provider];
  if (provider !== undefined) return `no Auth Provider found for name ${quote(provider)}`;
  if ((user?.username ?? '') !== '') {
    return `invalid configuration: basic authentication of user ${quote(userName)} is ${unsupported}, and no API server since 1.19 takes it`;
  }
  return undefined;
}

const REMOVED_PROVIDERS = {
  gcp: 'The gcp auth plugin has been removed.\nPlease use the "gke-gcloud-auth-plugin" kubectl/client-go credential plugin instead.\nSee https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details',
  azure:
    'The azure auth plugin has been removed.\nPlease use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead.\nSee https://github.com/Azure/kubelogin#exec-plugin for further details',
} as const;

/** Reads what a kubeconfig names as data or as files, and collects what is wrong with it. */
class CredentialReader {
  readonly #process: Process;
  readonly #base: string;
  readonly #cluster: string;
  readonly #user: string;
  readonly #known: KnownCredentials | undefined;
  /** Problems of reading, listed together; and those of the content, of which the first is told. */
  readonly #unreadable: string[] = [];
  #malformed: string | undefined;

  constructor(
    process: Process,
    base: string,
    cluster: string,
    user: string,
    known: KnownCredentials | undefined,
  ) {
    this.#known = known;
    this.#process = process;
    this.#base = base;
    this.#cluster = cluster;
    this.#user = user;
  }

  get problem(): string | undefined {
    const list = this.#unreadable;
    if (list.length === 0) return this.#malformed;
    return `invalid configuration: ${list.length === 1 ? list[0] : `[${list.join(', ')}]`}`;
  }

  roots(cluster: KubeconfigCluster): readonly Certificate[] {
    const known = this.#known?.clusters.get(cluster);
    if (known !== undefined) return known;
    const content = this.#read(
      cluster['certificate-authority-data'],
      cluster['certificate-authority'],
      'certificate-authority',
      this.#cluster,
    );
    if (content === undefined) return [];
    const parsed = certificatesFromContent(content);
    if (parsed.ok && parsed.value.length > 0) return parsed.value;
    this.#malformed ??= 'unable to load root certificates: unable to parse bytes as PEM block';
    return [];
  }

  identity(user: KubeconfigUser): TlsIdentity | undefined {
    const known = this.#known?.users.get(user);
    if (known !== undefined) return known;
    const certificate = this.#read(
      user['client-certificate-data'],
      user['client-certificate'],
      'client-cert',
      this.#user,
    );
    const key = this.#read(user['client-key-data'], user['client-key'], 'client-key', this.#user);
    if (certificate === undefined && key === undefined) return undefined;
    if (certificate === undefined || key === undefined) {
      this.#malformed ??= `invalid configuration: client-${certificate === undefined ? 'cert' : 'key'}-data or client-${certificate === undefined ? 'cert' : 'key'} must be specified for ${this.#user} to use the clientCert authentication method`;
      return undefined;
    }
    const identity = identityOf(certificate, key);
    if (identity.ok) return identity.value;
    this.#malformed ??= identity.error;
    return undefined;
  }

  /** PEM out of base64 data, or a file's content; undefined when neither is given or it cannot be read. */
  #read(
    data: string | undefined,
    file: string | undefined,
    what: string,
    owner: string,
  ): Content | undefined {
    if (data !== undefined && data !== '') {
      const bytes = parseBase64(data);
      if (bytes !== undefined) return bytes;
      this.#malformed ??= `illegal base64 data at input byte 0`;
      return undefined;
    }
    if (file === undefined || file === '') return undefined;
    const path = joinPath(this.#base, file);
    const content = this.#process.files.readContent(path);
    if (content.ok) return content.value;
    this.#unreadable.push(
      `unable to read ${what} ${path} for ${owner} due to open ${path}: ${goError(content.error)}`,
    );
    return undefined;
  }
}

function joinPath(base: string, path: string): string {
  return path.startsWith('/') ? path : `${base}/${path}`;
}

/** `readKubeconfig` and `clientConfig` in one: what components do with `--kubeconfig`. */
export function loadKubeconfig(
  process: Process,
  path: string,
  overrides: ConfigOverrides = {},
): Result<ClientConfig, string> {
  const absolute = process.files.resolve(path);
  const base = absolute.slice(0, absolute.lastIndexOf('/'));
  const content = process.files.readContent(path);
  if (content.ok && 'kind' in content.value && content.value.kind === KUBECONFIG) {
    const { config, known } = content.value.value as KubeconfigValue;
    return clientConfig(process, config, base, overrides, known);
  }
  const config = readKubeconfig(process, path);
  return config.ok ? clientConfig(process, config.value, base, overrides) : config;
}

/** From /var/run/secrets/kubernetes.io/serviceaccount and KUBERNETES_SERVICE_HOST, _PORT. */
export function inClusterConfig(process: Process): Result<ClientConfig, string> {
  const host = process.env.get('KUBERNETES_SERVICE_HOST') ?? '';
  const port = process.env.get('KUBERNETES_SERVICE_PORT') ?? '';
  if (host === '' || port === '') {
    return err(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  }
  const tokenFile = `${SERVICE_ACCOUNT}/token`;
  const token = tokenOfFile(process, tokenFile);
  if (!token.ok) return err(`open ${tokenFile}: ${goError(token.error)}`);
  const authority = process.files.readText(`${SERVICE_ACCOUNT}/ca.crt`);
  if (!authority.ok) {
    process.log(
      'E',
      'config.go:533',
      `Expected to load root CA config from ${SERVICE_ACCOUNT}/ca.crt, but got err: open ${SERVICE_ACCOUNT}/ca.crt: ${goError(authority.error)}`,
    );
  }
  const namespace = process.files.readText(`${SERVICE_ACCOUNT}/namespace`);
  return ok({
    server: `https://${host}:${port}`,
    roots: authority.ok ? (certificatesOf(authority.value) ?? []) : [],
    token: token.value,
    tokenFile,
    namespace: namespace.ok ? namespace.value.trim() : 'default',
  });
}
