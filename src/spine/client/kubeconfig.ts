/** Kubeconfig files: read, written, and turned into what a client needs. Signatures first. */
import type { Result } from '../../ground/base/result.ts';
import type { Certificate } from '../../ground/pki/certificate.ts';
import type { TlsIdentity } from '../../machines/network/tls-types.ts';
import type { Process } from '../../machines/machine/process.ts';

export interface KubeconfigCluster {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
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
  readonly token?: string;
  /** Read again when it changes (at most once a minute). */
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
}

/** Reads the text of a kubeconfig file; the error is client-go's. `path` is for messages. */
export declare function parseKubeconfig(text: string, path: string): Result<Kubeconfig, string>;
/** The file's text as `kubectl config` writes it. */
export declare function formatKubeconfig(config: Kubeconfig): string;
/** Reads a file. A missing file: `stat <path>: no such file or directory`. */
export declare function readKubeconfig(process: Process, path: string): Result<Kubeconfig, string>;
/** Credentials of a context, files read (relative to `base`, the file's folder). */
export declare function clientConfig(
  process: Process,
  config: Kubeconfig,
  base: string,
  overrides?: ConfigOverrides,
): Result<ClientConfig, string>;
/** The two before in one: what components do with `--kubeconfig`. */
export declare function loadKubeconfig(
  process: Process,
  path: string,
  overrides?: ConfigOverrides,
): Result<ClientConfig, string>;
/** From /var/run/secrets/kubernetes.io/serviceaccount and KUBERNETES_SERVICE_HOST, _PORT. */
export declare function inClusterConfig(process: Process): Result<ClientConfig, string>;
