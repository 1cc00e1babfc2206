/** HTTP clients. To be filled. */
import type { Running, Task } from '../../ground/base/task.ts';
import type { Clock } from '../machine/process.ts';
import type { Sockets } from './socket.ts';

/** Who speaks HTTP: anything with tasks, sockets and a clock. A process is one. */
export interface HttpHost {
  start<T>(name: string, task: Task<T>): Running<T>;
  readonly net: Sockets;
  readonly clock: Clock;
}
