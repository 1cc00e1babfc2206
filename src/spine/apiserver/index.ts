/** The API server's program, and the objects that kubeadm adds, for whoever builds a cluster. */
export { kubeApiserver } from './main.ts';
export { kubeadmObjects } from './bootstrap.ts';
