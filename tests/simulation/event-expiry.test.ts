/** Events live for an hour (--event-ttl); what expires in etcd is gone from the present and stands in the past. */
import { expect, test } from 'vitest';
import { MINUTE } from '../../src/ground/base/event-loop.ts';
import { bootLab } from '../support/transcript.ts';

const EVENTS = '/registry/events/';

test('an event is gone after its hour, and the past still has it', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  const { history } = lab.recorder;
  const now = lab.loop.now;
  const events = history.list(EVENTS, now).map(({ key }) => key);
  expect(events.length).toBeGreaterThan(5);
  lab.loop.run({ until: now + 70 * MINUTE });
  expect(lab.cluster.storedBelow(EVENTS)).toEqual([]);
  expect(history.list(EVENTS, lab.loop.now)).toEqual([]);
  expect(history.list(EVENTS, now).map(({ key }) => key)).toEqual(events);
});
