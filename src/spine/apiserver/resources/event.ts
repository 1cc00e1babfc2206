/**
 * events.k8s.io/v1 (pkg/apis/core, v1.34): the same events under other names of their fields. They are
 * kept as core/v1 events.
 */
import { fromEventsView, toEventsView } from '../../../ground/api/kinds/event.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Event, EventsEvent } from '../../../ground/api/types.ts';
import type { View } from '../generic/context.ts';

export const eventsView: View = {
  shown: (object) => toEventsView(object as Event) as unknown as KubeObject,
  kept: (object) => fromEventsView(object as unknown as EventsEvent),
};
