/**
 * A scenario on its way in a lab: which steps are open, which tasks have passed and when, what the
 * others still lack. A passed task stays passed; a step opens when all tasks before it have passed, or
 * when the person skips to it. Only objects, typed lines and answers are read, so a replay of the same
 * log passes the same tasks; the two things that act, set-up and sends, are inputs of that log and are
 * pushed by a live lab only.
 *
 * The door runs the lab through `run`, which halts it for a look at fixed instants of simulated time,
 * whatever the door's slices, and whenever it is quiet.
 */
import {
  type EventLoop,
  type Micros,
  MILLISECOND,
  type RunLimit,
  SECOND,
  type StopReason,
} from '../../ground/base/event-loop.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { LabInput, TimedInput } from '../input-types.ts';
import type { Sample } from '../sender.ts';
import type { FirstPacket, ScenarioState } from '../view-types.ts';
import {
  isCall,
  judgeLines,
  judgeObjects,
  judgeSample,
  notYet,
  PASSED,
  type Verdict,
} from './checker.ts';
import type { LoadedScenario } from './folder.ts';
import type { HoldTask, RequestTask, Scenario, StateTask, Step, Task } from './format.ts';

/**
 * Short enough to see the dip when a pod is replaced at once. A step taken to quiet looks between two
 * instants, which a replay does not: so lines and sends count from one period before a task is due.
 */
const CHECK_EVERY: Micros = 50 * MILLISECOND;
/** A busy lab is not waited for longer than this before the first send. */
const QUIET_PATIENCE: Micros = 2 * SECOND;
/** A send whose node died never ends. */
const SAMPLE_PATIENCE: Micros = 120 * SECOND;
const RETRY_MAX: Micros = 60 * SECOND;
/** Sends without a change in between: an idle lab's log does not grow for ever. */
const RETRIES_MAX = 10;

/** What a run needs of its lab. */
export interface ScenarioLab {
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly inputs: readonly TimedInput[];
  readonly cluster: { readonly sender: { readonly samples: readonly Sample[] } };
  push(input: LabInput): TimedInput;
  run(limit: RunLimit): StopReason;
}

/** Tries of a send since anything changed. */
interface Tries {
  count: number;
  changes: number;
}

export class ScenarioRun {
  readonly #lab: ScenarioLab;
  readonly #booted: () => boolean;
  readonly #scenario: Scenario;
  /** When each open step began. */
  readonly #began: Micros[] = [];
  readonly #passed = new Map<string, Micros>();
  readonly #verdicts = new Map<string, Verdict>();
  /** Since when a `hold` has been true. */
  readonly #held = new Map<string, Micros>();
  readonly #tries = new Map<string, Tries>();
  /** When the last send of a task takes effect. */
  readonly #sent = new Map<string, Micros>();
  /** When a pod first made the connection that a `call` waits for. */
  readonly #called = new Map<string, Micros>();
  /** Ids of checks that were not so at some time since their step opened: from then on they can come true. */
  readonly #armed = new Set<string>();
  #failed = '';
  #shown = 0;
  #due: Micros = 0;
  /** Writes that matter, and inputs of the person: whatever makes another look worth while. */
  #changes = 0;
  #judged = -1;
  #inputsSeen = 0;
  #samplesSeen = 0;
  #state: ScenarioState | undefined;

  /** `booted` tells whether the cluster is up: set-up waits for it. */
  constructor(loaded: LoadedScenario, lab: ScenarioLab, booted: () => boolean) {
    this.#lab = lab;
    this.#booted = booted;
    this.#scenario = loaded.scenario;
    lab.recorder.listen((record) => {
      if (record.revision > 0 && record.id % 2 === 0) this.#changes += 1;
      if (record.verb === 'packet' && record.detail !== undefined)
        this.#noteWalk(record.detail as FirstPacket);
    });
  }

  /** Runs the lab up to a limit and looks at the scenario on the way. */
  run(limit: RunLimit, live: boolean): StopReason {
    const { loop } = this.#lab;
    const until = limit.until ?? Number.POSITIVE_INFINITY;
    let events = limit.events ?? Number.POSITIVE_INFINITY;
    for (;;) {
      const before = loop.executed;
      const reason = this.#lab.run({ ...limit, events, until: Math.min(until, this.#due) });
      events -= loop.executed - before;
      if (reason === 'count') return reason;
      if (reason === 'quiet' || loop.now >= this.#due) this.#update(live);
      const stopped = reason === 'time' ? loop.now >= until : reason !== 'quiet' || loop.isQuiet();
      if (stopped) return reason;
      if (events <= 0) return 'count';
    }
  }

  /** Shows a step; a live lab opens it when it is further than the person has come. */
  show(step: number, live: boolean): void {
    this.#shown = Math.max(0, Math.min(step, this.#scenario.steps.length - 1));
    if (live) this.#skip();
    this.#judged = -1;
    this.#state = undefined;
  }

  /** Looks at what is open. `live`: may push set-up and sends. */
  #update(live: boolean): void {
    const now = this.#lab.loop.now;
    this.#due = (Math.floor(now / CHECK_EVERY) + 1) * CHECK_EVERY;
    this.#noteInputs(now);
    if (this.#began.length === 0) return this.#begin(live);
    if (live) this.#skip();
    this.#noteSamples();
    if (this.#judged !== this.#changes || this.#held.size > 0) {
      this.#judged = this.#changes;
      this.#judgeAll(now);
    }
    if (live) this.#sendAll(now);
  }

  /** For the page. */
  get state(): ScenarioState {
    this.#state ??= this.#makeState();
    return this.#state;
  }

  // ---- beginning

  /** Step 1 opens with the set-up, which is an input so that a replay has it at its time. */
  #begin(live: boolean): void {
    const now = this.#lab.loop.now;
    const setUp = this.#lab.inputs.find(({ input }) => input.kind === 'setup');
    if (setUp !== undefined) {
      if (setUp.time <= now) this.#open();
      return;
    }
    if (!live || !this.#booted()) return;
    const text = this.#scenario.start.map((path) => `kubectl apply -f ${path}\n`).join('');
    this.#lab.push({ kind: 'setup', text });
  }

  /** Opens what the person went on to. */
  #skip(): void {
    if (this.#began.length > 0) while (this.#began.length <= this.#shown) this.#open();
  }

  #open(): void {
    this.#began.push(this.#lab.loop.now);
    this.#failed = '';
    this.#judged = -1;
    this.#state = undefined;
  }

  // ---- what changed

  #noteInputs(now: Micros): void {
    const { inputs } = this.#lab;
    for (;;) {
      const next = inputs[this.#inputsSeen];
      if (next === undefined || next.time > now) return;
      this.#inputsSeen += 1;
      if (next.input.kind !== 'send') this.#changes += 1;
    }
  }

  /** A connection counts for the open steps' calls unless it is one of the scenario's own requests. */
  #noteWalk(walk: FirstPacket): void {
    const { cluster, loop, recorder } = this.#lab;
    for (let index = 0; index < this.#began.length; index += 1) {
      for (const task of this.#scenario.steps[index]?.tasks ?? []) {
        if (task.kind !== 'call' || this.#passed.has(task.id) || this.#called.has(task.id))
          continue;
        const sending = cluster.sender.samples.some(
          (one) => one.ended === undefined && one.refused === '',
        );
        if (sending || !isCall(task.to, walk, recorder.history, loop.now)) continue;
        this.#called.set(task.id, loop.now);
        this.#changes += 1;
      }
    }
  }

  #noteSamples(): void {
    const { samples } = this.#lab.cluster.sender;
    const ended = samples.reduce((last, sample) => Math.max(last, sample.ended ?? 0), 0);
    if (ended > this.#samplesSeen) this.#judged = -1;
    this.#samplesSeen = ended;
  }

  // ---- judging

  #judgeAll(now: Micros): void {
    const { steps } = this.#scenario;
    for (let index = 0; index < this.#began.length; index += 1) {
      const step = steps[index] as Step;
      const last = index === this.#began.length - 1;
      if (last) this.#watchNever(step, now);
      for (const task of step.tasks) {
        if (!this.#passed.has(task.id)) this.#judge(task, index, now);
      }
      if (last && index + 1 < steps.length && this.#isPassed(step)) this.#open();
    }
    this.#state = undefined;
  }

  #isPassed(step: Step): boolean {
    return step.tasks.every((task) => this.#passed.has(task.id));
  }

  #watchNever(step: Step, now: Micros): void {
    if (this.#failed !== '' || this.#isPassed(step)) return;
    const { history } = this.#lab.recorder;
    for (const { id, check } of step.never) {
      if (!judgeObjects(check, history, now).passed) this.#armed.add(id);
      else if (this.#armed.has(id)) this.#failed ||= id;
    }
  }

  #judge(task: Task, index: number, now: Micros): void {
    const from = this.#activeFrom(task, index);
    const failed = this.#failed !== '' && index === this.#began.length - 1;
    const verdict = failed
      ? notYet('check.never', { never: this.#failed })
      : from === undefined
        ? notYet('check.after', { task: task.after })
        : this.#verdictOf(task, from, now);
    if (verdict.passed) this.#passed.set(task.id, now);
    this.#verdicts.set(task.id, verdict);
  }

  /** From when a task is looked at; undefined: another must pass first. */
  #activeFrom(task: Task, index: number): Micros | undefined {
    const began = this.#began[index];
    if (task.after === '' || began === undefined) return began;
    const before = this.#passed.get(task.after);
    return before === undefined ? undefined : Math.max(began, before);
  }

  #verdictOf(task: Task, from: Micros, now: Micros): Verdict {
    const lab = this.#lab;
    switch (task.kind) {
      case 'state':
        return this.#judgeState(task, now);
      case 'command':
        return judgeLines(task.matches, lab.inputs, from - CHECK_EVERY, now);
      case 'call':
        return this.#called.has(task.id)
          ? PASSED
          : notYet('check.not-called', { service: task.to.name });
      case 'hold':
        return this.#judgeHold(task, now);
      case 'request':
        return judgeSample(task, this.#sampleOf(task, from, true));
    }
  }

  #judgeState(task: StateTask, now: Micros): Verdict {
    const verdict = judgeObjects(task.check, this.#lab.recorder.history, now);
    if (!verdict.passed) this.#armed.add(task.id);
    if (verdict.passed && task.becomes && !this.#armed.has(task.id)) return notYet('check.already');
    return verdict;
  }

  #judgeHold(task: HoldTask, now: Micros): Verdict {
    const verdict = judgeObjects(task.check, this.#lab.recorder.history, now);
    if (!verdict.passed) {
      this.#held.delete(task.id);
      return verdict;
    }
    const since = this.#held.get(task.id) ?? now;
    this.#held.set(task.id, since);
    const seconds = Math.floor((now - since) / SECOND);
    if (seconds < task.seconds)
      return notYet('check.hold', { seen: seconds, wanted: task.seconds });
    this.#held.delete(task.id);
    return PASSED;
  }

  // ---- sending

  /** The newest sample of a task since it became active. */
  #sampleOf(task: RequestTask, from: Micros, ended: boolean): Sample | undefined {
    const { samples } = this.#lab.cluster.sender;
    for (let index = samples.length - 1; index >= 0; index -= 1) {
      const sample = samples[index] as Sample;
      if (sample.started < from - CHECK_EVERY) return undefined;
      const { send } = task;
      if (sample.from !== send.from || sample.url !== send.url || sample.times !== send.times)
        continue;
      if (!ended || sample.ended !== undefined) return sample;
    }
    return undefined;
  }

  #sendAll(now: Micros): void {
    this.#began.forEach((_, index) => {
      for (const task of this.#scenario.steps[index]?.tasks ?? []) {
        if (task.kind !== 'request' || this.#passed.has(task.id) || this.#failed !== '') continue;
        const from = this.#activeFrom(task, index);
        if (from !== undefined && this.#isSendDue(task, from, now)) {
          this.#sent.set(task.id, this.#lab.push({ kind: 'send', ...task.send }).time);
        }
      }
    });
  }

  /** At once when the lab is quiet; again after a change, or after 2, 4, 8 … s without one. */
  #isSendDue(task: RequestTask, from: Micros, now: Micros): boolean {
    const last = this.#sampleOf(task, from, false);
    if ((this.#sent.get(task.id) ?? 0) > now) return false;
    if (last === undefined) return this.#lab.loop.isQuiet() || now - from >= QUIET_PATIENCE;
    if (last.ended === undefined) return now - last.started > SAMPLE_PATIENCE;
    const tries = this.#tries.get(task.id) ?? { count: 0, changes: this.#changes };
    this.#tries.set(task.id, tries);
    if (tries.changes !== this.#changes) {
      tries.changes = this.#changes;
      tries.count = 0;
    }
    const wait = Math.min(RETRY_MAX, 2 ** Math.min(tries.count + 1, 10) * SECOND);
    if (now - last.ended < wait || tries.count >= RETRIES_MAX) return false;
    tries.count += 1;
    return true;
  }

  // ---- the page's view

  #makeState(): ScenarioState {
    const { steps, id } = this.#scenario;
    const open = this.#began.length - 1;
    const tasks = steps.flatMap((step, index) =>
      step.tasks.map((task) => {
        const passedAt = this.#passed.get(task.id) ?? null;
        const later = notYet('check.later', { step: index });
        const verdict = index > open ? later : (this.#verdicts.get(task.id) ?? later);
        const { feedback, values } = passedAt === null ? verdict : PASSED;
        return { id: task.id, passed: passedAt !== null, passedAt, feedback, values };
      }),
    );
    return {
      id,
      step: this.#shown,
      open: Math.max(0, open),
      began: [...this.#began],
      failed: this.#failed,
      tasks,
      hints: this.#hints(steps[this.#shown]),
    };
  }

  /** The three of the ladder may always be asked for; those for a wrong turn when it was taken. */
  #hints(step: Step | undefined): ScenarioState['hints'] {
    const { history } = this.#lab.recorder;
    const now = this.#lab.loop.now;
    const open = this.#began.length > 0 && step !== undefined && !this.#isPassed(step);
    return (step?.hints ?? []).map(({ say, when }) => ({
      id: say,
      due: when === undefined || (open && judgeObjects(when, history, now).passed),
    }));
  }
}
