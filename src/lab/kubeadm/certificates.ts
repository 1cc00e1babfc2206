/**
 * The keys and certificates that `kubeadm init` and `join` make (cmd/kubeadm/app/phases/certs, v1.34):
 * three authorities, the servers, the clients, the service-account pair; ECDSA P-256, authorities for
 * ten years, the rest for one. Each key comes from the lab's seed and its own name; bytes are made when
 * a file is read.
 */
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import type { WallTime } from '../../ground/base/time.ts';
import {
  type CertifiedKey,
  type CertificateTemplate,
  certificatePem,
  issue,
  selfSigned,
} from '../../ground/pki/certificate.ts';
import { certificateFile, keyFile, publicKeyFile } from '../../ground/pki/document.ts';
import { newPrivateKey, privateKeyPem } from '../../ground/pki/keys.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import {
  KUBECONFIG,
  type KubeconfigCluster,
  type KubeconfigUser,
  type KubeconfigValue,
} from '../../spine/client/kubeconfig.ts';
import { base64Of, utf8 } from '../../ground/base/bytes.ts';

const DAY = 86_400_000_000;
const YEAR = 365 * DAY;
const PKI = '/etc/kubernetes/pki';

export interface AuthorityOptions {
  readonly seed: number;
  readonly now: WallTime;
}

/** The authorities of a cluster, and what they sign. */
export class ClusterAuthority {
  readonly #seed: number;
  readonly #now: WallTime;
  readonly cluster: CertifiedKey;
  readonly etcd: CertifiedKey;
  readonly frontProxy: CertifiedKey;
  /** The authority of the outside world, trusted by every host: the registries' certificates. */
  readonly internet: CertifiedKey;

  constructor(options: AuthorityOptions) {
    this.#seed = options.seed;
    this.#now = options.now;
    this.cluster = this.#authority('kubernetes', 'ca');
    this.etcd = this.#authority('etcd-ca', 'etcd-ca');
    this.frontProxy = this.#authority('front-proxy-ca', 'front-proxy-ca');
    this.internet = this.#authority('ISRG Root X1', 'internet-ca');
  }

  /** Signs a leaf for one year. */
  sign(
    authority: CertifiedKey,
    name: string,
    template: Omit<CertificateTemplate, 'notBefore' | 'notAfter' | 'publicKey'>,
  ): CertifiedKey {
    const key = newPrivateKey(this.#seed, name);
    const validity = { notBefore: this.#now, notAfter: this.#now + YEAR };
    return {
      key,
      certificate: issue({ ...template, ...validity, publicKey: key.publicKey }, authority),
    };
  }

  /** A client of the API server: user and groups. */
  client(user: string, groups: readonly string[]): CertifiedKey {
    const subject = { commonName: user, organizations: groups };
    return this.sign(this.cluster, `client/${user}`, { subject, usages: ['client'] });
  }

  /** Files of the control-plane host, by path. */
  controlPlaneFiles(host: string, ip: Ip, serviceIp: Ip): ReadonlyMap<string, Document> {
    const files = new Map<string, Document>();
    const pair = (path: string, pair: CertifiedKey): void => {
      files.set(`${PKI}/${path}.crt`, certificateFile(pair.certificate));
      files.set(`${PKI}/${path}.key`, keyFile(pair.key));
    };
    pair('ca', this.cluster);
    pair('etcd/ca', this.etcd);
    pair('front-proxy-ca', this.frontProxy);
    pair(
      'apiserver',
      this.sign(this.cluster, 'apiserver', {
        subject: { commonName: 'kube-apiserver' },
        dnsNames: [
          host,
          'kubernetes',
          'kubernetes.default',
          'kubernetes.default.svc',
          'kubernetes.default.svc.cluster.local',
        ],
        ipAddresses: [serviceIp, ip],
        usages: ['server'],
      }),
    );
    pair(
      'apiserver-kubelet-client',
      this.client('kube-apiserver-kubelet-client', ['kubeadm:cluster-admins']),
    );
    pair('apiserver-etcd-client', this.#etcdClient('kube-apiserver-etcd-client'));
    pair(
      'front-proxy-client',
      this.sign(this.frontProxy, 'front-proxy-client', {
        subject: { commonName: 'front-proxy-client' },
        usages: ['client'],
      }),
    );
    pair('etcd/server', this.#etcdServer('etcd/server', host, ip));
    pair('etcd/peer', this.#etcdServer('etcd/peer', host, ip));
    pair('etcd/healthcheck-client', this.#etcdClient('kube-etcd-healthcheck-client'));
    const serviceAccounts = newPrivateKey(this.#seed, 'sa');
    files.set(`${PKI}/sa.key`, keyFile(serviceAccounts));
    files.set(`${PKI}/sa.pub`, publicKeyFile(serviceAccounts.publicKey));
    return files;
  }

  #etcdClient(name: string): CertifiedKey {
    return this.sign(this.etcd, `etcd-client/${name}`, {
      subject: { commonName: name },
      usages: ['client'],
    });
  }

  #etcdServer(name: string, host: string, ip: Ip): CertifiedKey {
    return this.sign(this.etcd, name, {
      subject: { commonName: host },
      dnsNames: [host, 'localhost'],
      ipAddresses: [ip, 0x7f000001],
      usages: ['server', 'client'],
    });
  }

  #authority(name: string, keyName: string): CertifiedKey {
    const key = newPrivateKey(this.#seed, keyName);
    const subject = { commonName: name };
    const certificate = selfSigned(
      { subject, notBefore: this.#now, notAfter: this.#now + 10 * YEAR, isAuthority: true },
      key,
    );
    return { key, certificate };
  }
}

/** A kubeconfig with embedded credentials, as kubeadm writes them; made when it is read. */
export function kubeconfigFile(
  authority: ClusterAuthority,
  server: Ip,
  user: string,
  client: CertifiedKey,
): Document {
  const data = (pem: string): string => base64Of(utf8(pem));
  const context = `${user}@kubernetes`;
  const { certificate } = authority.cluster;
  const cluster: KubeconfigCluster = Object.freeze({
    server: `https://${formatIp(server)}:6443`,
    get 'certificate-authority-data'(): string {
      return data(certificatePem(certificate));
    },
  });
  const credentials: KubeconfigUser = Object.freeze({
    get 'client-certificate-data'(): string {
      return data(certificatePem(client.certificate));
    },
    get 'client-key-data'(): string {
      return data(privateKeyPem(client.key));
    },
  });
  const value: KubeconfigValue = {
    config: {
      clusters: new Map([['kubernetes', cluster]]),
      users: new Map([[user, credentials]]),
      contexts: new Map([[context, { cluster: 'kubernetes', user }]]),
      currentContext: context,
    },
    known: {
      clusters: new Map([[cluster, [certificate]]]),
      users: new Map([[credentials, client]]),
    },
  };
  return {
    kind: KUBECONFIG,
    value,
    render: () =>
      utf8(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${data(certificatePem(authority.cluster.certificate))}
    server: https://${formatIp(server)}:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: ${user}
  name: ${context}
current-context: ${context}
kind: Config
preferences: {}
users:
- name: ${user}
  user:
    client-certificate-data: ${data(certificatePem(client.certificate))}
    client-key-data: ${data(privateKeyPem(client.key))}
`),
  };
}

/** A kubeconfig that names its credentials by path: the kubelet's, and kube-proxy's. */
export function kubeconfigByPath(
  server: Ip,
  user: string,
  authorityPath: string,
  certificatePath: string,
  keyPath: string,
): Document {
  const address = `https://${formatIp(server)}:6443`;
  const cluster: KubeconfigCluster = Object.freeze({
    'certificate-authority': authorityPath,
    server: address,
  });
  const credentials: KubeconfigUser = Object.freeze({
    'client-certificate': certificatePath,
    'client-key': keyPath,
  });
  const context = { cluster: 'default-cluster', namespace: 'default', user };
  const value: KubeconfigValue = {
    config: {
      clusters: new Map([['default-cluster', cluster]]),
      users: new Map([[user, credentials]]),
      contexts: new Map([['default-context', context]]),
      currentContext: 'default-context',
    },
    known: { clusters: new Map(), users: new Map() },
  };
  return {
    kind: KUBECONFIG,
    value,
    render: () =>
      utf8(`apiVersion: v1
clusters:
- cluster:
    certificate-authority: ${authorityPath}
    server: ${address}
  name: default-cluster
contexts:
- context:
    cluster: default-cluster
    namespace: default
    user: ${user}
  name: default-context
current-context: default-context
kind: Config
preferences: {}
users:
- name: ${user}
  user:
    client-certificate: ${certificatePath}
    client-key: ${keyPath}
`),
  };
}
