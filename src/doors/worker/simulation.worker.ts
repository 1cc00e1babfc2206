/**
 * Entry point of the simulation worker: one session at a time, driven in slices between the page's
 * messages. A fork, a reset or a look at a replayed moment is another worker of the same kind that the
 * page opens with a saved lab and then takes in place of this one.
 */
import { partsWith } from '../../lab/cores.ts';
import { ENGINE_VERSION } from '../../lab/lab.ts';
import { ProgramShelf } from '../../lab/lazy-program.ts';
import {
  type Answer,
  BATCHES_PER_SECOND_MAX,
  type FromWorker,
  PROTOCOL_VERSION,
  type Request,
  type ToWorker,
} from './protocol.ts';
import { answerWithoutLab, Session } from './session.ts';

const BATCH_MS = 1000 / BATCHES_PER_SECOND_MAX;

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
};

const shelf = new ProgramShelf();
let session: Session | undefined;
let lastBatch = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

function handle(request: Request): Answer {
  const outside = answerWithoutLab(request);
  if (outside !== undefined) return outside;
  if (request.verb === 'open') {
    session = new Session(request.saved, request.runAtOnce, partsWith(shelf), () =>
      performance.now(),
    );
    return { ok: true, value: null };
  }
  if (session === undefined) return { ok: false, error: 'worker.no-lab' };
  return session.answer(request);
}

function tick(): void {
  timer = undefined;
  if (session === undefined) return;
  const more = session.slice();
  const now = performance.now();
  if (now - lastBatch >= BATCH_MS) {
    lastBatch = now;
    scope.postMessage({ batch: session.batch() });
  }
  schedule(more ? 0 : BATCH_MS / 2);
}

function schedule(delay: number): void {
  if (timer === undefined) timer = setTimeout(tick, delay);
}

scope.onmessage = (event) => {
  const { id, request } = event.data;
  scope.postMessage({ id, answer: handle(request) });
  schedule(0);
};
scope.postMessage({ ready: true, protocol: PROTOCOL_VERSION, engine: ENGINE_VERSION });

// The programs that people type come in a chunk of their own, beside the first view.
import('../../lab/console.ts').then((chunk) => {
  shelf.fill(chunk.consolePrograms());
  session?.release();
  schedule(0);
});
