/** Watches on folders and files: what inotify is. Events queue until they are received. */
import { Condition, type Task, type Wait } from '../../../ground/base/task.ts';
import type { FileEvent, FileWatch } from '../files-types.ts';
import type { Inode } from './inode.ts';

/** fs.inotify.max_queued_events: more are lost. */
const EVENTS_MAX = 16_384;

/** Watches an inode; paths of events begin with the path that was watched. */
export function watchInode(inode: Inode, path: string): FileWatch {
  const events: FileEvent[] = [];
  const arrived = new Condition('file events');
  let closed = false;
  const stop = inode.watch({
    notice(name, change) {
      const full = name === '' ? path : `${path === '/' ? '' : path}/${name}`;
      if (events.length < EVENTS_MAX) events.push({ path: full, change });
      arrived.notify();
    },
  });
  const readable: Wait = {
    description: 'file events',
    arm(waiter) {
      if (events.length === 0 && !closed) arrived.arm(waiter);
      else waiter.wake(undefined);
    },
    withdraw: (waiter) => arrived.withdraw(waiter),
  };
  return {
    readable,
    *receive(): Task<FileEvent | undefined> {
      while (events.length === 0 && !closed) yield* arrived.wait();
      return events.shift();
    },
    close() {
      closed = true;
      stop();
      arrived.notify();
    },
  };
}
