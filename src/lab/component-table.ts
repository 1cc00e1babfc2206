/** Stand-ins of the components: key, command name, version, how it begins. A test holds it to the code. */
import type { Beginning } from './lazy-program.ts';

type Row = readonly [key: string, name: string, version: string, beginning?: Beginning];

export const COMPONENT_TABLE: readonly Row[] = [
  ['containerd', 'containerd', 'v2.1.4', 'costs'],
  ['containerd-shim-runc-v2', 'containerd-shim', '2.1.4'],
  ['kubelet', 'kubelet', 'v1.34.0', 'costs'],
  ['etcd', 'etcd', '3.6.4'],
  ['kube-apiserver', 'kube-apiserver', 'v1.34.0'],
  ['kube-controller-manager', 'kube-controller-manager', 'v1.34.0'],
  ['kube-scheduler modern', 'kube-scheduler', 'v1.34.0'],
  ['kube-scheduler seed-era', 'kube-scheduler', 'v1.34.0'],
  ['kube-proxy modern', 'kube-proxy', 'v1.34.0'],
  ['kube-proxy seed-era', 'kube-proxy', 'v1.10.0'],
  ['coredns', 'coredns', '1.12.1'],
  ['cni bridge', 'bridge', '1.7.1'],
  ['cni host-local', 'host-local', '1.7.1'],
  ['cni portmap', 'portmap', '1.7.1'],
];
