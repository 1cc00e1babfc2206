/**
 * One simulation worker from the page's side: requests by number, each with one answer, and batches as
 * they come. A worker that fails to start, or fails, is told of once.
 */
import type { Answer, Batch, FromWorker, Request, ToWorker } from '../../worker/protocol.ts';
import { startedWorker } from './early-worker.ts';

/** An answer that says no: a locale key with values, or upstream's own words. */
export class Refusal extends Error {
  readonly values: Readonly<Record<string, string>>;

  constructor(error: string, values: Readonly<Record<string, string>> = {}) {
    super(error);
    this.name = 'Refusal';
    this.values = values;
  }
}

export interface ConnectionListener {
  batch(batch: Batch): void;
  /** The worker itself broke; its message. */
  broken(message: string): void;
}

export class Connection {
  /** Version of the engine, once it has said so. */
  engine = '';
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;
  #listener: ConnectionListener;

  constructor(listener: ConnectionListener) {
    this.#listener = listener;
    const { worker, said, failure } = startedWorker();
    this.#worker = worker;
    this.#worker.onmessage = (event: MessageEvent<FromWorker>) => this.#take(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#break(event.message);
    };
    for (const message of said) this.#take(message);
    if (failure !== undefined) this.#break(failure.message);
  }

  /** The answer's value; throws a Refusal. */
  async ask<T>(request: Request): Promise<T> {
    const answer = await new Promise<Answer>((resolve) => {
      const id = this.#next;
      this.#next += 1;
      this.#waiting.set(id, resolve);
      const message: ToWorker = { id, request };
      this.#worker.postMessage(message);
    });
    if (!answer.ok) throw new Refusal(answer.error, answer.values);
    return answer.value as T;
  }

  /** Sends without interest in the answer. */
  tell(request: Request): void {
    this.ask(request).catch(() => undefined);
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  close(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }

  #break(message: string): void {
    this.#listener.broken(message || 'the simulation could not be started');
  }

  #take(message: FromWorker): void {
    if ('batch' in message) this.#listener.batch(message.batch);
    else if ('answer' in message) {
      this.#waiting.get(message.id)?.(message.answer);
      this.#waiting.delete(message.id);
    } else this.engine = message.engine;
  }
}
