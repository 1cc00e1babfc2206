/**
 * Programs whose code may come later. The files of hosts and images hold a stand-in with the program's
 * name; executing it when the code is not here yet holds the loop, without time, until the door has
 * loaded it: the only stop of a lab from outside. Whether it was here or not makes no difference to the
 * events: the stand-in takes one event of its own either way.
 */
import { required } from '../ground/base/assert.ts';
import { breathe, type Task } from '../ground/base/task.ts';
import type { Process, Program } from '../machines/machine/process.ts';

/** Programs by key, filled by the door when their chunk has arrived. */
export class ProgramShelf {
  #programs: ReadonlyMap<string, Program> | undefined;

  get filled(): boolean {
    return this.#programs !== undefined;
  }

  fill(programs: ReadonlyMap<string, Program>): void {
    this.#programs = programs;
  }

  take(key: string): Program {
    return required(this.#programs?.get(key), `the chunk of programs has ${key}`);
  }
}

/** The stand-in of a program of the shelf. */
export function lazyProgram(
  shelf: ProgramShelf,
  key: string,
  name: string,
  version: string,
): Program {
  return {
    name,
    version,
    main: (process) => whenHere(shelf, key, process),
  };
}

function* whenHere(shelf: ProgramShelf, key: string, process: Process): Task<number> {
  if (!shelf.filled) process.trace.loop.hold(`code of ${key}`);
  yield* breathe();
  return yield* shelf.take(key).main(process);
}
