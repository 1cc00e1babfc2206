/**
 * An error of ours in the middle of an event stops the session and nothing else: it says where, and its
 * link opens to the event before, from where the next step fails in the same way.
 */
import { expect, test } from 'vitest';
import { extras } from '../../src/doors/worker/extras.ts';
import type { Answer } from '../../src/doors/worker/protocol.ts';
import { Session } from '../../src/doors/worker/session.ts';
import type { SavedLab, TimedInput } from '../../src/lab/input-types.ts';
import { shippedParts } from '../../src/lab/parts.ts';

const NEW_LAB: SavedLab = {
  format: 1,
  engine: '',
  base: { profile: 'modern', nodes: 1, scenario: '', files: { 'a.txt': 'a file' } },
  seed: 7,
  inputs: [],
  stop: 0,
  story: '',
  marks: [],
  view: {},
};

function begun(saved: SavedLab): Session {
  let now = 0;
  const clock = (): number => {
    now += 1;
    return now;
  };
  return new Session(saved, false, shippedParts(), clock, extras);
}

/** Slices until something holds; a batch costs more than a slice. */
function run(session: Session, done: () => boolean): void {
  for (let slice = 0; slice < 20_000 && !(slice % 50 === 0 && done()); slice += 1) session.slice();
}

function opened(saved: SavedLab): Session {
  const session = begun(saved);
  run(session, () => session.batch().ready);
  expect(session.batch()).toMatchObject({ ready: true, problem: null });
  return session;
}

function unpacked(text: string): SavedLab {
  const answer = extras.library({ verb: 'unpack', text });
  if (answer?.ok !== true) throw new Error('the link could not be read');
  return answer.value as SavedLab;
}

const step = (session: Session): void => {
  session.answer({ verb: 'time', command: { do: 'step-event' } });
};

/** A log that no page writes: a file below a file. */
function impossible(): SavedLab {
  const answer = opened(NEW_LAB).answer({ verb: 'save', view: {}, marks: [] });
  const { stop, ...saved } = (answer.ok ? answer.value : undefined) as SavedLab;
  const file = (after: number, path: string): TimedInput => ({
    time: stop + after,
    input: { kind: 'file', path, text: 'text' },
  });
  return { ...saved, inputs: [file(5, 'b.txt'), file(9, 'a.txt/c.txt')], stop: stop + 1000 };
}

test('an assertion stops the session; its link replays to just before', () => {
  const session = begun(impossible());
  run(session, () => session.batch().problem !== null);
  const { problem, time } = session.batch();
  expect(problem).toMatchObject({
    assertion: "the learner's home takes a.txt/c.txt",
    seed: 7,
    inputs: 2,
    time,
  });
  // It stands still from now on.
  step(session);
  session.answer({ verb: 'time', command: { do: 'run' } });
  expect(session.slice()).toBe(false);
  expect(session.batch()).toMatchObject({ time, problem });

  const again = opened(unpacked(problem?.link ?? ''));
  expect(again.batch().time).toBe(time - 1);
  expect(again.answer({ verb: 'list-files' })).toEqual({ ok: true, value: ['a.txt', 'b.txt'] });
  step(again);
  expect(again.batch().problem).toMatchObject({ assertion: problem?.assertion, time });

  const before = opened(problem?.saved as SavedLab);
  for (let events = 0; events < 5; events += 1) step(before);
  expect(before.batch().problem).toBeNull();
});

test('the door takes files that the home can have, and refuses others by name', () => {
  const session = opened(NEW_LAB);
  const put = (path: string): Answer =>
    session.answer({ verb: 'input', input: { kind: 'file', path, text: '' } });
  for (const path of ['b.txt', 'a.txt', 'new/folder/c.yaml', '.hidden'])
    expect(put(path), path).toEqual({ ok: true, value: null });
  for (let events = 0; events < 20; events += 1) step(session);
  for (const path of [
    '',
    '/',
    '../b',
    'x/../../b',
    'a.txt/c',
    'new',
    'new/',
    '.',
    'long'.repeat(99),
  ])
    expect(put(path), path).toEqual({ ok: false, error: 'file.path', values: { path } });
});
