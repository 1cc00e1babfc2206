/** Walks a scenario headless: opens its lab, types the solutions, looks at the tasks as the page would. */
import { type Micros, SECOND } from '../../src/ground/base/event-loop.ts';
import { Lab } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import { isBooted } from '../../src/lab/readiness.ts';
import type { LoadedScenario } from '../../src/lab/scenarios/folder.ts';
import type { ScenarioText } from '../../src/lab/scenarios/format.ts';
import { ScenarioRun } from '../../src/lab/scenarios/run.ts';
import { whyText } from '../../src/lab/why/index.ts';
import type { ScenarioState } from '../../src/lab/view-types.ts';

/** Simulated time that a step may take. */
const PATIENCE: Micros = 900 * SECOND;

/** The commands that a step's prose offers: its fenced `run` blocks, in order. */
export function runBlocks(text: ScenarioText | undefined, step: string): readonly string[] {
  const prose = text?.steps.find((one) => one.id === step)?.prose ?? '';
  return [...prose.matchAll(/^```run\n([\s\S]*?)^```$/gm)].map((match) => (match[1] ?? '').trim());
}

export class Walk {
  readonly lab: Lab;
  readonly run: ScenarioRun;
  output = '';

  constructor(loaded: LoadedScenario) {
    const { id, profile, nodes, seed } = loaded.scenario;
    this.lab = new Lab({
      base: { profile, nodes, scenario: id, files: {} },
      home: loaded.files,
      seed,
      parts: shippedParts(),
      commands: { why: whyText },
    });
    this.lab.boot();
    this.run = new ScenarioRun(loaded, this.lab, () => isBooted(this.lab.cluster));
    this.lab.push({ kind: 'open-terminal', terminal: 1, columns: 120, rows: 40 });
    this.#until(() => this.state.began?.length === 1 && this.#waiting);
    this.quiet();
  }

  get state(): ScenarioState {
    return this.run.state;
  }

  get #waiting(): boolean {
    return this.lab.terminals.get(1)?.state.waiting === true;
  }

  /** Runs until nothing is due soon. */
  quiet(): void {
    this.run.run({ quiet: true, until: this.lab.loop.now + PATIENCE }, true);
  }

  /** Types a script line by line, each at the prompt. */
  type(script: string): void {
    for (const line of script.split('\n').filter((one) => one !== '')) {
      this.lab.push({ kind: 'line', terminal: 1, text: line });
      this.lab.run({ events: 1 });
      this.#until(() => this.#waiting);
      this.output += this.lab.terminals.get(1)?.takeOutput() ?? '';
    }
  }

  /** Runs until all of the named tasks have passed; false when they do not. */
  pass(tasks: readonly string[]): boolean {
    const done = (): boolean => tasks.every((id) => this.task(id).passed);
    this.#until(done, false);
    return done();
  }

  task(id: string): ScenarioState['tasks'][number] {
    const found = this.state.tasks.find((task) => task.id === id);
    if (found === undefined) throw new Error(`no task ${id}`);
    return found;
  }

  #until(done: () => boolean, must = true): void {
    const limit = this.lab.loop.now + PATIENCE;
    while (!done() && this.lab.loop.now < limit) {
      const until = Math.min(limit, this.lab.loop.now + SECOND / 4);
      this.run.run({ until, when: done }, true);
    }
    if (must && !done()) throw new Error(`not within ${PATIENCE / SECOND} s: ${this.output}`);
  }
}
