/** Drydock's side of the comparison in a browser: in a worker, as the page runs it. */
import { runOwn } from './own.ts';

self.onmessage = (event: MessageEvent<{ readonly nodes: number; readonly replicas: number }>) => {
  self.postMessage(runOwn(event.data.nodes, event.data.replicas));
};
