/**
 * Programs whose code may come later. The files of hosts and images hold a stand-in with the program's
 * name; executing it when the code is not here yet holds the loop, without time, until the door has
 * loaded it: the only stop of a lab from outside. Whether it was here or not makes no difference to the
 * events.
 */
import { required } from '../ground/base/assert.ts';
import type { EventLoop, Micros } from '../ground/base/event-loop.ts';
import { breathe, type Task } from '../ground/base/task.ts';
import type { Process, Program } from '../machines/machine/process.ts';
import type { Regexps } from '../programs/shell/interpreter.ts';

/** Code by key, filled by the door when a chunk has arrived. Two labs of one worker may share it. */
export class CodeShelf {
  readonly #code = new Map<string, unknown>();
  readonly #wanted = new Set<string>();

  /** True when a loop may be held for code that is not here. */
  get wanting(): boolean {
    return this.#wanted.size > 0;
  }

  fill(chunk: ReadonlyMap<string, unknown>): void {
    for (const [key, code] of chunk) {
      this.#code.set(key, code);
      this.#wanted.delete(key);
    }
  }

  /** Says that code is needed from a time on, by default in the very next event. */
  need(key: string, loop: EventLoop, from: Micros = loop.now): void {
    if (this.#code.has(key)) return;
    this.#wanted.add(key);
    loop.hold(`code of ${key}`, from);
  }

  /** What a chunk put under a key; whoever fills and takes agree on its type. */
  take<T>(key: string): T {
    return required(this.#code.get(key), `a chunk has the code of ${key}`) as T;
  }
}

/** How a program begins before its own code does. */
export type Beginning =
  /** With that code. */
  | 'at-once'
  /** With an event of its own, as the tools that people type do. */
  | 'breath'
  /** With memory and work of the table of costs, under its name. */
  | 'costs';

/** The stand-in of a program of the shelf, or of one made from what is there. */
export function lazyProgram(
  shelf: CodeShelf,
  key: string,
  name: string,
  version: string,
  beginning: Beginning = 'at-once',
  program: () => Program = () => shelf.take(key),
): Program {
  return {
    name,
    version,
    main(process) {
      const { loop } = process.trace;
      const work = beginning === 'costs' ? startMicros(process, name) : 0;
      shelf.need(key, loop, loop.now + work);
      return begin(program, process, name, beginning);
    },
  };
}

function* begin(
  program: () => Program,
  process: Process,
  name: string,
  beginning: Beginning,
): Task<number> {
  if (beginning === 'breath') yield* breathe();
  if (beginning === 'costs') {
    process.memory(process.costs.memory.get(name) ?? 0);
    yield* process.work(startMicros(process, name));
  }
  return yield* program().main(process);
}

function startMicros(process: Process, name: string): Micros {
  return process.costs.startMicros.get(name) ?? 0;
}

/** bash's `=~` takes an event of its own, in which the code of regular expressions comes. */
export function lateRegexps(shelf: CodeShelf): Regexps {
  return function* (process) {
    shelf.need('regexps', process.trace.loop);
    yield* breathe();
    return shelf.take('regexps');
  };
}
