/**
 * An error of ours in the middle of an event stops the session and nothing else: it says where, and its
 * link opens to the event before, from where the next step fails in the same way.
 */
import { expect, test } from 'vitest';
import { extras } from '../../src/doors/worker/extras.ts';
import { Session } from '../../src/doors/worker/session.ts';
import type { SavedLab } from '../../src/lab/input-types.ts';
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

function opened(saved: SavedLab): Session {
  let now = 0;
  const session = new Session(saved, false, shippedParts(), () => (now += 1), extras);
  for (let slice = 0; slice < 20_000 && !session.batch().ready; slice += 1) session.slice();
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

test('an assertion stops the session; its link replays to just before', () => {
  const session = opened(NEW_LAB);
  session.answer({ verb: 'input', input: { kind: 'file', path: 'b.txt', text: 'b' } });
  // No door sends this: a file below a file cannot be.
  session.answer({ verb: 'input', input: { kind: 'file', path: 'a.txt/c.txt', text: 'c' } });
  step(session);
  expect(session.batch().problem).toBeNull();
  step(session);
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
  expect(again.batch().time).toBe(time);
  expect(again.answer({ verb: 'list-files' })).toEqual({ ok: true, value: ['a.txt', 'b.txt'] });
  step(again);
  expect(again.batch().problem).toMatchObject({ assertion: problem?.assertion, time });

  const before = opened(problem?.saved as SavedLab);
  for (let events = 0; events < 5; events += 1) step(before);
  expect(before.batch().problem).toBeNull();
});
