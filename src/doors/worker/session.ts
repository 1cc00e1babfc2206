/**
 * One lab behind the worker's door: answers requests, runs the loop in slices of at most 8 ms, and
 * hands out batches. The entry point (simulation.worker) gives it timers and a port; it knows neither.
 */
import { AssertionError, required } from '../../ground/base/assert.ts';
import type { RunLimit, StopReason } from '../../ground/base/event-loop.ts';
import type { ScenarioRun } from '../../lab/scenarios/run.ts';
import { packFile, packLink, unpackFile, unpackLink } from '../../lab/scenarios/packer.ts';
import { Lab, type LabParts, limitTo } from '../../lab/lab.ts';
import type { SavedLab } from '../../lab/input-types.ts';
import { rowOfRecord } from '../../lab/views/lanes.ts';
import { objectAnswer } from '../../lab/views/object.ts';
import { packetsOf } from '../../lab/views/packets.ts';
import { RowTable } from '../../lab/views/rows.ts';
import { schedulingOf } from '../../lab/views/scheduling.ts';
import { explain, whyText } from '../../lab/why/index.ts';
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
  #problem: Problem | null = null;

  /** A saved lab with a scenario needs the extras here; one without may get them later. */
  constructor(
    saved: SavedLab,
    runAtOnce: boolean,
    parts: LabParts,
    now: () => number,
    extras?: Extras,
  ) {
    this.#now = now;
    const scenario =
      saved.base.scenario === ''
        ? undefined
        : required(extras, 'the chunk of scenarios is here').scenario(saved.base.scenario);
    this.#lab = new Lab({
      base: saved.base,
      home: scenario?.files ?? {},
      seed: saved.seed,
      parts,
      commands: { why: whyText },
    });
    for (const timed of saved.inputs) this.#lab.pushAt(timed.time, timed.input);
    const epoch = saved.base.epoch ?? this.#lab.profile.costs.epoch;
    this.#rows = new RowTable(this.#lab.cluster, this.#lab.recorder.history, epoch);
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
      problem: this.#problem,
      scenario: this.#scenario?.state ?? null,
    });
  }

  get batchPending(): boolean {
    return this.#batches.pending;
  }

  /** Answers a request; the extras are needed for those that `needsExtras` names. */
  answer(request: Request, extras?: Extras): Answer {
    switch (request.verb) {
      case 'input':
        if (this.#problem === null) this.#lab.push(request.input);
        return OK;
      case 'time':
        this.#obey(request.command);
        return OK;
      case 'look':
        this.#looking = request.time;
        this.#batches.show(request.time);
        return OK;
      case 'object':
        return value(objectAnswer(this.#lab, this.#rows, request.key, this.#looking));
      case 'explain':
        return value(explain(this.#lab, request.key));
      case 'scheduling':
        return value(schedulingOf(this.#lab.recorder, request.key.replace(/^Pod\//, '')));
      case 'packets':
        return value(packetsOf(this.#lab.recorder, this.#addressOf(request.key)));
      case 'records':
        return value({
          records: this.#lab.recorder
            .all()
            .filter((record) => record.time >= request.from && record.time <= request.to)
            .slice(-2000)
            .map(rowOfRecord),
        });
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
      case 'pack-link':
        return value(packLink(this.#lab.save(request.view, request.marks)));
      case 'pack-file': {
        const saved = this.#lab.save(request.view, request.marks);
        return value(packFile(saved, request.view['title'] ?? 'lab'));
      }
      case 'scenario-step':
        this.#scenario?.show(request.step, this.#phase.kind === 'ready');
        return OK;
      default:
        return (
          extras?.assist(this.#lab, request) ?? {
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

  #addressOf(key: string): string {
    if (key === '') return '';
    const stored = this.#rows.storageKeyOf(key);
    const object =
      stored === undefined
        ? undefined
        : this.#lab.cluster.stored<{ status?: { podIP?: string }; spec?: { clusterIP?: string } }>(
            stored,
          );
    return object?.status?.podIP ?? object?.spec?.clusterIP ?? '-';
  }

  /** An assertion failed, or worse, in the middle of an event: the lab stops, and says where. */
  #stop(error: unknown): void {
    const saved = this.#lab.save();
    const { now: time, executed } = this.#lab.loop;
    const last = saved.inputs.at(-1);
    this.#running = false;
    this.#problem = {
      assertion: error instanceof AssertionError ? error.message : String(error),
      time,
      seed: this.#lab.seed,
      inputs: saved.inputs.length,
      link: packLink({ ...saved, story: '', events: executed - 1 }),
      saved: {
        ...saved,
        inputs: saved.inputs.slice(0, -1),
        stop: Math.max(1, (last?.time ?? 1) - 1),
        events: undefined,
        story: '',
      },
    };
  }
}

const OK: Answer = { ok: true, value: null };

function value(answer: unknown): Answer {
  return { ok: true, value: answer };
}

/** Whether a request is for the chunk of scenarios and help with typing. */
export function needsExtras(request: Request): boolean {
  switch (request.verb) {
    case 'open':
      return request.saved.base.scenario !== '';
    case 'catalogue':
    case 'guide':
    case 'complete-line':
    case 'complete-yaml':
    case 'hover-yaml':
    case 'check-yaml':
      return true;
    default:
      return false;
  }
}

/** Answers what needs no open lab; undefined for everything else. */
export function answerWithoutLab(request: Request, extras?: Extras): Answer | undefined {
  return request.verb === 'unpack' ? unpack(request.text) : extras?.library(request);
}

/** Reads a link or the text of a file. */
function unpack(text: string): Answer {
  const result = /^drydock /.test(text) ? unpackFile(text) : unpackLink(text);
  return result.ok
    ? value(result.value)
    : { ok: false, error: result.error.key, values: result.error.values };
}
