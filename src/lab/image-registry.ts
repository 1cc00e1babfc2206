/**
 * The cluster's own images, put together from the components' programs: what `crictl images` lists on
 * a node that kubeadm has set up. Distroless like upstream's: there is no shell in them, so an exec of
 * `sh` fails as it really does.
 */
import type { Costs } from '../machines/machine/costs.ts';
import type { ImageArchive, ImageConfig, ImageFile } from '../machines/machine/image.ts';
import type { Program } from '../machines/machine/process.ts';
import type { Profile } from './profiles.ts';

/** Programs of the components, by name. */
export interface ComponentPrograms {
  readonly etcd: Program;
  readonly etcdctl: Program;
  readonly apiserver: Program;
  readonly controllerManager: Program;
  readonly scheduler: Program;
  readonly kubeProxy: Program;
  readonly coredns: Program;
  readonly iptables: readonly { readonly path: string; readonly program: Program }[];
}

function config(entrypoint: readonly string[]): ImageConfig {
  return {
    entrypoint,
    command: [],
    environment: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
    ],
    workingDir: '/',
    user: '',
    exposedPorts: [],
    stopSignal: 'SIGTERM',
  };
}

/** The images of a profile's control plane and add-ons. */
export function componentImages(
  programs: ComponentPrograms,
  profile: Profile,
): readonly ImageArchive[] {
  const version = profile.kubernetes;
  const image = (
    name: string,
    tag: string,
    entrypoint: readonly string[],
    files: readonly (readonly [string, Program])[],
  ): ImageArchive => ({
    repository: `registry.k8s.io/${name}`,
    tags: [tag],
    size: sizeOf(profile.costs, name),
    config: config(entrypoint),
    tree: new Map<string, ImageFile>([
      [
        '/etc/passwd',
        {
          content:
            'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
        },
      ],
      ['/etc/group', { content: 'root:x:0:\nnonroot:x:65532:\n' }],
      ['/tmp', { directory: true, mode: 0o1777 }],
      ...files.map(([path, program]) => [path, { content: program, mode: 0o755 }] as const),
    ]),
  });
  return [
    image('kube-apiserver', version, [], [['/usr/local/bin/kube-apiserver', programs.apiserver]]),
    image(
      'kube-controller-manager',
      version,
      [],
      [['/usr/local/bin/kube-controller-manager', programs.controllerManager]],
    ),
    image('kube-scheduler', version, [], [['/usr/local/bin/kube-scheduler', programs.scheduler]]),
    image(
      'kube-proxy',
      version,
      [],
      [
        ['/usr/local/bin/kube-proxy', programs.kubeProxy],
        ...programs.iptables.map((tool) => [tool.path, tool.program] as const),
      ],
    ),
    image(
      'etcd',
      profile.etcdTag,
      [],
      [
        ['/usr/local/bin/etcd', programs.etcd],
        ['/usr/local/bin/etcdctl', programs.etcdctl],
      ],
    ),
    image('coredns/coredns', profile.corednsTag, ['/coredns'], [['/coredns', programs.coredns]]),
  ];
}

function sizeOf(costs: Costs, name: string): number {
  return costs.imageBytes.get(name.slice(name.lastIndexOf('/') + 1)) ?? costs.unknownImageBytes;
}
