/** A scenario on its way, over objects written directly: what opens, passes, stays, fails and is sent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { EventLoop, SECOND } from '../../../../src/ground/base/event-loop.ts';
import { Recorder } from '../../../../src/ground/trace/recorder.ts';
import type { LabInput, TimedInput } from '../../../../src/lab/input-types.ts';
import type { Sample, SampleAnswer } from '../../../../src/lab/sender.ts';
import { loadScenario } from '../../../../src/lab/scenarios/folder.ts';
import { type ScenarioLab, ScenarioRun } from '../../../../src/lab/scenarios/run.ts';

const LOGIC = `
format: 1
id: tiny
level: beginner
minutes: 5
start: [files/a.yaml]
steps:
  - id: one
    tasks:
      - { id: three, kind: state, object: Deployment/web, where: { spec.replicas: 3 } }
      - { id: steady, kind: hold, object: Deployment/web, where: { status.availableReplicas: ">=2" }, seconds: 5 }
    hints:
      - { say: nudge }
      - { say: wrong, when: { object: Deployment/web, where: { spec.replicas: ">3" } } }
    never:
      - { id: outage, object: Deployment/web, where: { status.availableReplicas: 0 } }
    solve: solution/1.sh
  - id: two
    tasks:
      - { id: typed, kind: command, matches: '\\bcurl\\b' }
      - id: answered
        kind: request
        after: typed
        send: { from: pod/c, get: "http://web/", times: 4 }
        expect: { status: 200, bodies: ">=2" }
    solve: solution/1.sh
`;
const TEXT = `---
{ title: T, track: T, summary: T, tasks: { three: a, steady: b, outage: c, typed: d, answered: e }, hints: { nudge: f, wrong: g } }
---
## One {#one}
One.
## Two {#two}
Two.
`;

/** A lab without machines: objects are put, samples are answered by hand. */
class BareLab implements ScenarioLab {
  readonly loop = new EventLoop();
  readonly recorder = new Recorder(this.loop);
  readonly inputs: TimedInput[] = [];
  readonly cluster = { sender: { samples: [] as Sample[] } };
  answers: readonly SampleAnswer[] | undefined;
  #revision = 0;

  push(input: LabInput): TimedInput {
    const timed = { time: this.loop.now + 1, input };
    this.inputs.push(timed);
    this.loop.input(timed.time, () => {
      if (input.kind !== 'send') return;
      const { from, url, times } = input;
      const started = this.loop.now;
      const answers = this.answers ?? [];
      const ended = this.answers === undefined ? undefined : started;
      this.cluster.sender.samples.push({ from, url, times, started, answers, ended, refused: '' });
    });
    return timed;
  }

  run(limit: Parameters<EventLoop['run']>[0]): ReturnType<EventLoop['run']> {
    return this.loop.run(limit);
  }

  deployment(replicas: number, available: number): void {
    this.#revision += 1;
    const value = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas },
      status: { availableReplicas: available },
    };
    const object = 'Deployment/default/web';
    const cause = this.recorder.record({
      component: 'test',
      verb: 'update',
      object,
      revision: this.#revision,
    });
    const moment = { time: this.loop.now, revision: this.#revision, value, cause };
    this.recorder.history.put('/registry/deployments/default/web', moment, false);
  }

  sends(): number {
    return this.inputs.filter(({ input }) => input.kind === 'send').length;
  }
}

let lab: BareLab;
let run: ScenarioRun;

function newRun(on: BareLab): ScenarioRun {
  const folder = {
    logic: LOGIC,
    texts: { en: TEXT, 'zh-CN': TEXT },
    files: { 'a.yaml': '' },
    solutions: { '1.sh': '' },
  };
  const loaded = loadScenario(folder);
  if (!loaded.ok) throw new Error(loaded.error.join('\n'));
  return new ScenarioRun(loaded.value, on, () => true);
}

function pass(seconds: number, live = true): void {
  run.run({ until: lab.loop.now + seconds * SECOND }, live);
}

function task(id: string) {
  return run.state.tasks.find((one) => one.id === id);
}

const answer = (body: string, status = 200): SampleAnswer => ({ status, body, error: '' });

beforeEach(() => {
  lab = new BareLab();
  run = newRun(lab);
  pass(1);
});

describe('a scenario on its way', () => {
  it('begins with its set-up, an input', () => {
    expect(lab.inputs.map(({ input }) => input)).toEqual([
      { kind: 'setup', text: 'kubectl apply -f a.yaml\n' },
    ]);
    expect(run.state).toMatchObject({ id: 'tiny', open: 0, step: 0, failed: '' });
    expect(task('three')).toMatchObject({
      passed: false,
      feedback: 'check.missing',
      values: { object: 'Deployment/default/web' },
    });
    expect(task('typed')).toMatchObject({ feedback: 'check.later', values: { step: '1' } });
  });

  it('says what it sees and wants, and keeps what has passed', () => {
    lab.deployment(2, 1);
    pass(1);
    expect(task('three')).toMatchObject({
      feedback: 'check.value',
      values: { object: 'Deployment/web', path: 'spec.replicas', seen: '2', wanted: '3' },
    });
    lab.deployment(3, 1);
    pass(1);
    lab.deployment(5, 1);
    pass(1);
    expect(task('three')).toMatchObject({ passed: true, passedAt: 2_050_000, feedback: '' });
    expect(run.state.hints).toEqual([
      { id: 'nudge', due: true },
      { id: 'wrong', due: true },
    ]);
  });

  it('counts a hold from its last interruption, and opens the next step', () => {
    lab.deployment(3, 2);
    pass(4);
    expect(task('steady')).toMatchObject({
      feedback: 'check.hold',
      values: { seen: '3', wanted: '5' },
    });
    lab.deployment(3, 1);
    pass(1);
    lab.deployment(3, 2);
    pass(4);
    expect(task('steady')?.passed).toBe(false);
    pass(2);
    expect(task('steady')?.passed).toBe(true);
    expect(run.state.open).toBe(1);
    expect(run.state.began?.length).toBe(2);
  });

  it('fails the attempt when what must never be happens', () => {
    lab.deployment(3, 0);
    pass(1);
    lab.deployment(3, 3);
    pass(10);
    expect(run.state.failed).toBe('outage');
    expect(task('steady')).toMatchObject({
      passed: false,
      feedback: 'check.never',
      values: { never: 'outage' },
    });
  });

  it('wants the command in its own step', () => {
    lab.push({ kind: 'line', terminal: 1, text: 'curl web' });
    lab.deployment(3, 3);
    pass(7);
    expect(task('typed')).toMatchObject({ passed: false, feedback: 'check.not-typed' });
    lab.push({ kind: 'line', terminal: 1, text: 'curl web' });
    pass(1);
    expect(task('typed')?.passed).toBe(true);
  });
});

describe('requests', () => {
  beforeEach(() => {
    lab.deployment(3, 3);
    pass(7);
    lab.push({ kind: 'line', terminal: 1, text: 'curl web' });
  });

  it('are sent again until they please, more and more seldom', () => {
    lab.answers = [answer('a'), answer('a'), answer('a'), answer('a')];
    pass(1);
    expect(lab.sends()).toBe(1);
    expect(task('answered')).toMatchObject({
      feedback: 'check.bodies',
      values: { seen: '1', wanted: '>= 2', times: '4' },
    });
    pass(20);
    expect(lab.sends()).toBe(4);
    lab.answers = [answer('a'), answer('b'), answer('a'), answer('b')];
    pass(30);
    expect(task('answered')?.passed).toBe(true);
    const sent = lab.sends();
    pass(300);
    expect(lab.sends()).toBe(sent);
  });

  it('stop when nothing changes, and begin again with a change', () => {
    lab.answers = [answer('', 503)];
    pass(3600);
    const sent = lab.sends();
    expect(sent).toBe(11);
    expect(task('answered')).toMatchObject({
      feedback: 'check.status',
      values: { seen: '503', wanted: '200' },
    });
    lab.deployment(4, 4);
    pass(10);
    expect(lab.sends()).toBeGreaterThan(sent);
  });

  it('tell why there was no answer', () => {
    lab.answers = [answer('a'), { status: 0, body: '', error: 'Connection refused' }];
    pass(1);
    expect(task('answered')).toMatchObject({
      feedback: 'check.unanswered',
      values: { failed: '1', error: 'Connection refused' },
    });
  });

  it('are not sent by a replay, which finds them in its log', () => {
    pass(1, false);
    expect(lab.sends()).toBe(0);
    lab.answers = [answer('a'), answer('b'), answer('a'), answer('b')];
    lab.push({ kind: 'send', from: 'pod/c', url: 'http://web/', times: 4 });
    pass(1, false);
    expect(task('answered')?.passed).toBe(true);
  });
});

describe('a skip', () => {
  it('opens a step in a live lab only', () => {
    run.show(1, false);
    expect(run.state).toMatchObject({ step: 1, open: 0 });
    pass(1, false);
    expect(run.state.open).toBe(0);
    pass(1, true);
    expect(run.state.open).toBe(1);
  });
});
