/**
 * Entry point of the simulation worker: one session at a time, driven in slices between the page's
 * messages. A fork, a reset or a look at a replayed moment is another worker of the same kind that the
 * page opens with a saved lab and then takes in place of this one.
 */
import { partsWith } from '../../lab/cores.ts';
import { ENGINE_VERSION } from '../../lab/lab.ts';
import { firstPrograms } from '../../lab/first-programs.ts';
import { CodeShelf } from '../../lab/lazy-program.ts';
import type { Extras } from './extras.ts';
import {
  type Answer,
  BATCHES_PER_SECOND_MAX,
  type FromWorker,
  PROTOCOL_VERSION,
  type Request,
  type ToWorker,
} from './protocol.ts';
import { needsExtras, Session } from './session.ts';

const BATCH_MS = 1000 / BATCHES_PER_SECOND_MAX;

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
};

const shelf = new CodeShelf();
/** Requests in the page's order. Opening a scenario waits for the extras, and all after it. */
const inbox: ToWorker[] = [];
/** Questions that wait for the extras, and let others pass: they change nothing. */
const questions: ToWorker[] = [];
let session: Session | undefined;
let extras: Extras | undefined;
let lastBatch = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

function handle(request: Request): Answer {
  const outside = extras?.library(request);
  if (outside !== undefined) return outside;
  if (request.verb === 'open') {
    const now = (): number => performance.now();
    session = new Session(request.saved, request.runAtOnce, partsWith(shelf), now, extras);
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

function answerAll(): void {
  for (let next = inbox[0]; next !== undefined; next = inbox[0]) {
    if (extras === undefined && needsExtras(next.request)) {
      fetchExtras();
      if (next.request.verb === 'open') return;
      questions.push(next);
    } else reply(next);
    inbox.shift();
  }
}

function reply({ id, request }: ToWorker): void {
  scope.postMessage({ id, answer: handle(request) });
  schedule(0);
}

function fetchExtras(): void {
  import('./extras.ts').then((chunk) => {
    if (extras !== undefined) return;
    extras = chunk.extras;
    if (session !== undefined) session.extras = extras;
    take(extras.code);
    for (const question of questions.splice(0)) reply(question);
    answerAll();
  }, fail);
}

/** A chunk that cannot be had breaks the worker, so that the page says so. */
function fail(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

scope.onmessage = (event) => {
  inbox.push(event.data);
  answerAll();
};
scope.postMessage({ ready: true, protocol: PROTOCOL_VERSION, engine: ENGINE_VERSION });

/** Puts a chunk's code on the shelf; the lab goes on when all is here that it waits for. */
function take(code: ReadonlyMap<string, unknown>): void {
  shelf.fill(code);
  if (!shelf.wanting) session?.release();
  schedule(0);
}

// What the first prompt does not need comes in chunks of its own beside it, the boot's before the rest.
take(firstPrograms(shelf));
import('../../lab/components.ts').then((chunk) => {
  take(chunk.componentCode());
  import('../../lab/console.ts').then((next) => take(next.consoleCode(shelf)), fail);
  fetchExtras();
}, fail);
