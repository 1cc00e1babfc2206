/** etcd's program; everything else about etcd is in `wire`. */
export { etcd } from './server.ts';
