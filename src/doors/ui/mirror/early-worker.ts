/**
 * The first simulation worker, begun before the page's own code is here: it is the longer way to the
 * prompt. What it says until somebody listens is kept.
 */
import SimulationWorker from '../../worker/simulation.worker.ts?worker';
import type { FromWorker } from '../../worker/protocol.ts';

export interface StartedWorker {
  readonly worker: Worker;
  /** What it has said so far. */
  readonly said: readonly FromWorker[];
  /** Set when it could not be started. */
  readonly failure: { readonly message: string } | undefined;
}

let early: StartedWorker | undefined;

/** A worker that may have begun before; what comes from now on is the caller's to hear. */
export function startedWorker(): StartedWorker {
  const started = early ?? { worker: new SimulationWorker(), said: [], failure: undefined };
  early = undefined;
  return started;
}

/** Begins the worker that the page will ask for first. */
export function beginEarly(): void {
  const worker = new SimulationWorker();
  const said: FromWorker[] = [];
  let failure: { readonly message: string } | undefined;
  worker.onmessage = (event: MessageEvent<FromWorker>) => said.push(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    failure = { message: event.message };
  };
  early = {
    worker,
    said,
    get failure() {
      return failure;
    },
  };
}
