/** Drydock's side of the comparison in a browser: in a worker, as the page runs it. */
import { runOwn } from './own.ts';

interface Order {
  readonly nodes: number;
  readonly counts: readonly number[];
}

self.onmessage = (event: MessageEvent<Order>) => {
  self.postMessage(runOwn(event.data.nodes, event.data.counts));
};
