/**
 * A scenario behind the worker's door: what passes and when depends on simulated time alone, whatever
 * the slices of real time, and is the same when the saved lab is opened again.
 */
import { describe, expect, it } from 'vitest';
import { extras } from '../../src/doors/worker/extras.ts';
import { Session } from '../../src/doors/worker/session.ts';
import type { Guide, ScenarioCard } from '../../src/lab/scenarios/format.ts';
import type { SavedLab } from '../../src/lab/input-types.ts';
import { ENGINE_VERSION } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import type { ScenarioState } from '../../src/lab/view-types.ts';

const NEW_LAB: SavedLab = {
  format: 1,
  engine: ENGINE_VERSION,
  base: { profile: 'modern', nodes: 3, scenario: 'first-service', files: {} },
  seed: 7,
  inputs: [],
  stop: 0,
  story: '',
  marks: [],
  view: {},
};

/** A session whose clock moves so many milliseconds at each look. */
function open(saved: SavedLab, step: number): Session {
  let now = 0;
  const clock = (): number => {
    now += step;
    return now;
  };
  return new Session(saved, true, shippedParts(), clock, extras);
}

/** Slices and batches, as the worker makes them, until the scenario is as wanted. */
function until(
  session: Session,
  done: (state: ScenarioState, time: number) => boolean,
): ScenarioState {
  for (let slice = 0; slice < 20_000; slice += 1) {
    session.slice();
    if (slice % 4 !== 0) continue;
    const { scenario, time, problem } = session.batch();
    if (problem !== null) throw new Error(problem.assertion);
    if (scenario !== null && done(scenario, time)) return scenario;
  }
  throw new Error(JSON.stringify(session.batch().scenario));
}

const passed = (state: ScenarioState): readonly unknown[] =>
  state.tasks.filter((task) => task.passed).map((task) => [task.id, task.passedAt]);

const savedOf = (session: Session): SavedLab => {
  const answer = session.answer({ verb: 'save', view: {}, marks: [] });
  if (!answer.ok) throw new Error(answer.error);
  return answer.value as SavedLab;
};

describe('a scenario in a session', () => {
  it('goes on by typing, and is the same when opened again in other slices', () => {
    const session = open(NEW_LAB, 1);
    expect(session.answer({ verb: 'read-file', path: 'backend-v2.yaml' })).toMatchObject({
      ok: true,
    });
    until(session, (state) => state.began?.length === 1);
    session.answer({
      verb: 'input',
      input: { kind: 'open-terminal', terminal: 1, columns: 80, rows: 24 },
    });
    const lines = ['kubectl apply -f backend-v2.yaml', 'kubectl apply -f backend-service.yaml'];
    for (const text of lines)
      session.answer({ verb: 'input', input: { kind: 'line', terminal: 1, text } });
    const state = until(session, (now) => now.open === 2);
    expect(passed(state).length).toBe(3);
    const saved = savedOf(session);
    for (const step of [0.3, 4]) {
      const again = open(saved, step);
      const replayed = until(again, (_, time) => time >= saved.stop);
      expect(passed(replayed)).toEqual(passed(state));
      expect(replayed.began).toEqual(state.began);
    }
  }, 60_000);

  it('opens the step that a person goes on to', () => {
    const session = open(NEW_LAB, 1);
    until(session, (state) => state.began?.length === 1);
    session.answer({ verb: 'scenario-step', step: 3 });
    expect(session.batch().scenario).toMatchObject({ step: 3, open: 3 });
    // Too few pods from the start are no failure of who went on without them, and no pod that was killed.
    session.answer({ verb: 'scenario-step', step: 6 });
    const begun = session.batch().time;
    const state = until(session, (_, time) => time > begun + 2_000_000);
    expect(state).toMatchObject({ open: 6, failed: '' });
    expect(passed(state)).toEqual([]);
  }, 60_000);
});

describe('without a lab', () => {
  it('there is a catalogue in each language', () => {
    const titles = ['en', 'zh-CN'].map((language) => {
      const answer = extras.library({ verb: 'catalogue', language });
      return answer?.ok === true ? (answer.value as readonly ScenarioCard[])[0]?.title : undefined;
    });
    expect(titles).toEqual(['A first Service', '第一个 Service']);
  });

  it('there is a guide, or a reason why not', () => {
    const guideIn = (scenario: string, language: string) =>
      extras.library({ verb: 'guide', scenario, language });
    const answer = guideIn('first-service', 'zh-CN');
    const guide = answer?.ok === true ? (answer.value as Guide) : undefined;
    expect(
      guide?.scenario.steps.map((step) => guide.solutions[step.id]?.split('\n')[0]),
    ).toHaveLength(8);
    expect(guideIn('__proto__', 'en')).toEqual({
      ok: false,
      error: 'scenario.unknown',
      values: { scenario: '__proto__' },
    });
  });
});
