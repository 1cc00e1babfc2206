/** Event. */
import type { Event } from '../types.ts';
import { describeKind } from './describe.ts';

export const EVENT_KIND = describeKind<Event>({
  group: '',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
  shortNames: ['ev'],
  createOnUpdate: true,
});
