/**
 * One lab behind the worker's door: answers requests, runs the loop in slices of at most 8 ms, and
 * hands out batches. The entry point (simulation.worker) gives it timers and a port; it knows neither.
 */
import { AssertionError, required } from '../../ground/base/assert.ts';
import type { RunLimit, StopReason } from '../../ground/base/event-loop.ts';
import type { ScenarioRun } from '../../lab/scenarios/run.ts';
import { Lab, type LabParts, limitTo } from '../../lab/lab.ts';
import type { LabInput, SavedLab } from '../../lab/input-types.ts';
import type { KindFinder } from '../../lab/views/rows.ts';
import { RowTable } from '../../lab/views/rows.ts';
import { BatchMaker } from './batches.ts';
import type { Extras } from './extras.ts';
import { Pacing } from './pacing.ts';
import type { Answer, Batch, HashAnswer, Problem, Request, TimeCommand } from './protocol.ts';

/** Real milliseconds of one slice. */
const SLICE_MS = 8;
/** Events between two looks at the clock. */
const EVENTS_PER_LOOK = 400;
/** A lab that has not booted by then opens as it is. */
const BOOT_LIMIT = 600_000_000;

type Phase =
  | { readonly kind: 'booting'; readonly seen: { up: boolean } }
  | { readonly kind: 'replaying'; readonly saved: SavedLab }
  | { readonly kind: 'ready' };

export class Session {
  readonly #now: () => number;
  readonly #lab: Lab;
  readonly #rows: RowTable;
  readonly #batches: BatchMaker;
  readonly #pacing = new Pacing();
  readonly #scenario: ScenarioRun | undefined;
  #phase: Phase;
  #running: boolean;
  #until: number | undefined;
  #stepQuiet = false;
  #looking: number | null = null;
  #problem: Omit<Problem, 'link'> | null = null;
  /** What a problem's link opens: the event before it. */
  #before: SavedLab | undefined;
  /** Set when their chunk has come. */
  extras: Extras | undefined;

  /** A saved lab with a scenario needs the extras here; one without may get them later. */
  constructor(
    saved: SavedLab,
    runAtOnce: boolean,
    parts: LabParts,
    now: () => number,
    extras?: Extras,
  ) {
    this.#now = now;
    this.extras = extras;
    const scenario =
      saved.base.scenario === ''
        ? undefined
        : required(extras, 'the chunk of scenarios is here').scenario(saved.base.scenario);
    this.#lab = new Lab({
      base: saved.base,
      home: scenario?.files ?? {},
      seed: saved.seed,
      parts,
      commands: { why: (lab, key) => this.extras?.why(lab, key) ?? '' },
    });
    for (const timed of saved.inputs) this.#lab.pushAt(timed.time, timed.input);
    const epoch = saved.base.epoch ?? this.#lab.profile.costs.epoch;
    const kinds: KindFinder = (version, kind) =>
      parts.shelf.take<KindFinder>('kinds')(version, kind);
    this.#rows = new RowTable(this.#lab.cluster, this.#lab.recorder.history, epoch, kinds);
    this.#batches = new BatchMaker(this.#lab, this.#rows);
    this.#scenario = scenario === undefined ? undefined : extras?.run(scenario, this.#lab);
    this.#phase =
      saved.stop > 0 ? { kind: 'replaying', saved } : { kind: 'booting', seen: { up: false } };
    this.#running = runAtOnce;
  }

  /** The code that the loop was held for has come. */
  release(): void {
    this.#lab.loop.release();
  }

  /** Work for one slice; true when there is more to do at once. */
  slice(): boolean {
    if (this.#problem !== null || this.#lab.loop.held !== undefined) return false;
    try {
      return this.#slice();
    } catch (error) {
      this.#stop(error);
      return false;
    }
  }

  batch(): Batch {
    return this.#batches.make({
      ready: this.#phase.kind === 'ready',
      running: this.#running && this.#phase.kind === 'ready',
      speed: this.#pacing.speed,
      looking: this.#looking,
      problem: this.#linked(),
      scenario: this.#scenario?.state ?? null,
    });
  }

  get batchPending(): boolean {
    return this.#batches.pending;
  }

  /** Answers a request; the extras must be here for those that `needsExtras` names. */
  answer(request: Request): Answer {
    switch (request.verb) {
      case 'input':
        return this.#problem === null ? this.#take(request.input) : OK;
      case 'time':
        this.#obey(request.command);
        return OK;
      case 'look':
        this.#looking = request.time;
        this.#batches.show(request.time);
        return OK;
      case 'read-file':
        return value(this.#lab.readHome(request.path));
      case 'list-files':
        return value(this.#lab.listHome());
      case 'hash': {
        const { traceHash, story, loop } = this.#lab;
        return value({
          trace: traceHash,
          story,
          time: loop.now,
          events: loop.executed,
        } satisfies HashAnswer);
      }
      case 'save':
        return value(this.#lab.save(request.view, request.marks));
      case 'scenario-step':
        this.#scenario?.show(request.step, this.#phase.kind === 'ready');
        return OK;
      default:
        return (
          this.extras?.ask(
            { lab: this.#lab, rows: this.#rows, looking: this.#looking },
            request,
          ) ?? {
            ok: false,
            error: 'worker.unknown-verb',
            values: { verb: request.verb },
          }
        );
    }
  }

  #slice(): boolean {
    const end = this.#now() + SLICE_MS;
    switch (this.#phase.kind) {
      case 'booting': {
        const { seen } = this.#phase;
        while (this.#now() < end && this.#lab.loop.held === undefined) {
          if (this.#lab.bootSlice(BOOT_LIMIT, seen)) continue;
          this.#phase = { kind: 'ready' };
          this.#pacing.reset();
          break;
        }
        return true;
      }
      case 'replaying': {
        const { saved } = this.#phase;
        while (this.#now() < end) {
          const limit = limitTo(saved, this.#lab.loop, EVENTS_PER_LOOK);
          const reason = limit === undefined ? 'time' : this.#run(limit);
          if (reason === 'count') continue;
          // Code is being loaded: the replay goes on when it has come.
          if (reason === 'held') return false;
          this.#phase = { kind: 'ready' };
          this.#pacing.reset();
          break;
        }
        return true;
      }
      case 'ready':
        return this.#advance(end);
    }
  }

  #advance(end: number): boolean {
    if (this.#stepQuiet) {
      const horizon = this.#lab.loop.now + BOOT_LIMIT;
      while (this.#now() < end) {
        const reason = this.#run({ quiet: true, until: horizon, events: EVENTS_PER_LOOK });
        if (reason === 'count') continue;
        // Code is being loaded: the step goes on when it has come.
        if (reason === 'held') return false;
        this.#stepQuiet = false;
        return false;
      }
      return true;
    }
    if (!this.#running) return false;
    const due = this.#pacing.due(this.#now(), SLICE_MS);
    const target = Math.min(this.#lab.loop.now + due, this.#until ?? Number.POSITIVE_INFINITY);
    while (this.#now() < end) {
      const reason = this.#run({
        events: EVENTS_PER_LOOK,
        ...(target === Number.POSITIVE_INFINITY ? {} : { until: target }),
      });
      if (reason !== 'count') break;
    }
    if (this.#until !== undefined && this.#lab.loop.now >= this.#until) {
      this.#until = undefined;
      this.#running = false;
    }
    return this.#running && this.#pacing.speed === 0;
  }

  #take(input: LabInput): Answer {
    if (input.kind === 'file' && !this.#lab.takesFile(input.path))
      return { ok: false, error: 'file.path', values: { path: input.path } };
    this.#lab.push(input);
    return OK;
  }

  /** A lab that has stopped on an error of ours stands still. */
  #obey(command: TimeCommand): void {
    if (this.#problem !== null) return;
    try {
      this.#command(command);
    } catch (error) {
      this.#stop(error);
    }
  }

  #command(command: TimeCommand): void {
    this.#looking = null;
    switch (command.do) {
      case 'run':
        this.#running = true;
        this.#pacing.reset();
        return;
      case 'pause':
        this.#running = false;
        this.#stepQuiet = false;
        return;
      case 'speed':
        this.#pacing.setSpeed(command.speed);
        this.#pacing.reset();
        return;
      case 'step-event':
        this.#running = false;
        this.#run({ events: 1 });
        return;
      case 'step-write': {
        this.#running = false;
        let wrote = false;
        const stop = this.#lab.recorder.listen((record) => {
          if (record.revision > 0) wrote = true;
        });
        this.#run({ when: () => wrote, until: this.#lab.loop.now + BOOT_LIMIT });
        stop();
        return;
      }
      case 'step-quiet':
        this.#running = false;
        this.#stepQuiet = true;
        return;
      case 'run-until':
        this.#until = command.time;
        this.#running = true;
        this.#pacing.reset();
        return;
    }
  }

  /** Runs the lab; a scenario is looked at on the way. */
  #run(limit: RunLimit): StopReason {
    const live = this.#phase.kind === 'ready';
    return this.#scenario === undefined ? this.#lab.run(limit) : this.#scenario.run(limit, live);
  }

  /** An assertion failed, or worse, in the middle of an event: the lab stops, and says where. */
  #stop(error: unknown): void {
    const saved = this.#lab.save();
    const { now: time, executed } = this.#lab.loop;
    const last = saved.inputs.at(-1);
    this.#running = false;
    this.#before = { ...saved, story: '', events: executed - 1 };
    this.#problem = {
      assertion: error instanceof AssertionError ? error.message : String(error),
      time,
      seed: this.#lab.seed,
      inputs: saved.inputs.length,
      saved: {
        ...saved,
        inputs: saved.inputs.slice(0, -1),
        stop: Math.max(1, (last?.time ?? 1) - 1),
        events: undefined,
        story: '',
      },
    };
  }

  /** The problem with its link, once the extras are here to pack it. */
  #linked(): Problem | null {
    const { extras } = this;
    if (this.#problem === null || this.#before === undefined || extras === undefined) return null;
    return { ...this.#problem, link: extras.packLink(this.#before) };
  }
}

const OK: Answer = { ok: true, value: null };

function value(answer: unknown): Answer {
  return { ok: true, value: answer };
}

/** Whether a request can only be answered with the extras: questions, and opening a scenario. */
export function needsExtras(request: Request): boolean {
  return request.verb === 'open' ? request.saved.base.scenario !== '' : !WITHOUT.has(request.verb);
}

const WITHOUT: ReadonlySet<Request['verb']> = new Set([
  'input',
  'time',
  'look',
  'read-file',
  'list-files',
  'hash',
  'save',
  'scenario-step',
]);
