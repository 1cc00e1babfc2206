/**
 * Event (pkg/apis/core, pkg/registry/core/event, 1.34): what a component saw. One store with two
 * views, core/v1 and events.k8s.io/v1: objects are kept in the core form, and the newer API converts
 * on the way in and out (`toEventsView`, `fromEventsView`).
 */
import { humanDuration, parseRfc3339, type WallTime } from '../../base/time.ts';
import { withFields } from '../edit.ts';
import { ZERO_TIME } from '../meta.ts';
import { type FieldError, invalidField, requiredField } from '../field-error.ts';
import type { Event, EventsEvent, ObjectReference } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain } from '../validation/names.ts';
import { ageOf, describeKind, integerColumn, nameColumn, textColumn } from './describe.ts';
import type { Column } from '../descriptor.ts';

const NOTE_MAX = 1024;
const NO_SOURCE = Object.freeze({});

function columns<T extends Event>(): readonly Column<T>[] {
  return [
    textColumn('Last Seen', 'Time since it was seen last.', lastSeenText),
    textColumn('Type', 'Normal or Warning.', (event) => event.type ?? ''),
    textColumn('Reason', 'Why, in one word.', (event) => event.reason ?? ''),
    textColumn('Object', 'What it is about.', (event) => objectText(event.involvedObject)),
    textColumn(
      'Subobject',
      'Which part of it.',
      (event) => event.involvedObject?.fieldPath ?? '',
      true,
    ),
    textColumn('Source', 'Who says so.', sourceText, true),
    textColumn('Message', 'What happened.', (event) => (event.message ?? '').trim()),
    textColumn('First Seen', 'Time since it was seen first.', firstSeenText, true),
    { ...integerColumn<T>('Count', 'How often it was seen.', countOf), priority: 1 },
    { ...nameColumn<T>(), priority: 1 },
  ];
}

function referenceFields(prefix: string): [string, (event: Event) => string][] {
  const parts: readonly (keyof ObjectReference)[] = [
    'kind',
    'namespace',
    'name',
    'uid',
    'apiVersion',
    'resourceVersion',
    'fieldPath',
  ];
  return parts.map((part) => [`${prefix}.${part}`, (event) => event.involvedObject?.[part] ?? '']);
}

const FIELDS: ReadonlyMap<string, (event: Event) => string> = new Map([
  ...referenceFields('involvedObject'),
  ['reason', (event: Event) => event.reason ?? ''],
  [
    'reportingComponent',
    (event: Event) => event.reportingComponent ?? event.source?.component ?? '',
  ],
  ['source', (event: Event) => event.source?.component ?? event.reportingComponent ?? ''],
  ['type', (event: Event) => event.type ?? ''],
] as [string, (event: Event) => string][]);

export const EVENT_KIND = describeKind<Event>({
  group: '',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
  shortNames: ['ev'],
  createOnUpdate: true,
  validateCreate: (event) => [
    ...metaErrors(event, true, isDns1123Subdomain),
    ...eventErrors(event),
  ],
  validateUpdate: metaUpdateErrors,
  prepareForCreate: withTimes,
  columns: columns(),
  fields: FIELDS,
});

/** The same store under events.k8s.io/v1; the object that functions get is the core form. */
export const EVENTS_EVENT_KIND = describeKind<Event>({
  group: 'events.k8s.io',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
  shortNames: ['ev'],
  createOnUpdate: true,
  validateCreate: EVENT_KIND.validateCreate,
  validateUpdate: EVENT_KIND.validateUpdate,
  prepareForCreate: withTimes,
  columns: columns(),
  fields: new Map([...FIELDS, ...referenceFields('regarding')]),
});

/** An event of either form has all three times; those that it does not tell are null. */
function withTimes(event: Event): Event {
  const { eventTime, firstTimestamp, lastTimestamp } = event;
  return withFields(event, {
    eventTime: eventTime ?? ZERO_TIME,
    firstTimestamp: firstTimestamp ?? ZERO_TIME,
    lastTimestamp: lastTimestamp ?? ZERO_TIME,
  });
}

function eventErrors(event: Event): FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  const about = event.involvedObject?.namespace ?? '';
  // Events about things without a namespace live in default.
  if (about === '' && namespace !== 'default' && namespace !== 'kube-system') {
    const detail = 'does not match event.namespace';
    return [invalidField('involvedObject.namespace', about, detail)];
  }
  if (about !== '' && about !== namespace) {
    return [invalidField('involvedObject.namespace', about, 'does not match event.namespace')];
  }
  const errors: FieldError[] = [];
  // Events of the new form, which have an event time, are checked more strictly.
  if ((event.eventTime ?? ZERO_TIME) !== ZERO_TIME) {
    if ((event.reportingComponent ?? '') === '') errors.push(requiredField('reportingController'));
    if ((event.reportingInstance ?? '') === '') errors.push(requiredField('reportingInstance'));
    if ((event.action ?? '') === '') errors.push(requiredField('action'));
    if ((event.reason ?? '') === '') errors.push(requiredField('reason'));
    if ((event.message ?? '').length > NOTE_MAX) {
      errors.push(invalidField('message', '', `can have at most ${NOTE_MAX} characters`));
    }
  }
  return errors;
}

function objectText(object: ObjectReference | undefined): string {
  return `${(object?.kind ?? '').toLowerCase()}/${object?.name ?? ''}`;
}

/** When it was seen last, whichever form it has; empty if it does not say. */
export function lastSeenOf(event: Event): string {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? '';
}

/** How often it was seen. */
export function countOf(event: Event): number {
  return event.series?.count ?? event.count ?? 1;
}

function lastSeenText(event: Event, now: WallTime): string {
  const first = event.firstTimestamp ?? event.eventTime ?? undefined;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? undefined;
  if (last === undefined) return ageOf(first, now);
  return ageOf(last, now);
}

function firstSeenText(event: Event, now: WallTime): string {
  const wall = parseRfc3339(event.firstTimestamp ?? event.eventTime ?? '');
  return wall === undefined ? '<unknown>' : humanDuration(now - wall);
}

function sourceText(event: Event): string {
  const component = event.source?.component ?? event.reportingComponent ?? '';
  const host = event.source?.host ?? event.reportingInstance ?? '';
  return host === '' || host === component ? component : `${component}, ${host}`;
}

/** The core event as events.k8s.io/v1 shows it. */
export function toEventsView(event: Event): EventsEvent {
  return Object.freeze({
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    metadata: event.metadata,
    eventTime: event.eventTime,
    series: event.series,
    reportingController: event.reportingComponent,
    reportingInstance: event.reportingInstance,
    action: event.action,
    reason: event.reason,
    regarding: event.involvedObject,
    related: event.related,
    note: event.message,
    type: event.type,
    deprecatedSource: event.source,
    deprecatedFirstTimestamp: event.firstTimestamp,
    deprecatedLastTimestamp: event.lastTimestamp,
    deprecatedCount: event.count,
  }) as unknown as EventsEvent;
}

/** The events.k8s.io/v1 event as the store keeps it. */
export function fromEventsView(event: EventsEvent): Event {
  const core: Event = Object.freeze({
    kind: 'Event',
    apiVersion: 'v1',
    metadata: event.metadata,
    involvedObject: event.regarding ?? Object.freeze({}),
  });
  return withFields(core, {
    reason: event.reason,
    message: event.note,
    source: event.deprecatedSource ?? NO_SOURCE,
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: event.deprecatedCount,
    type: event.type,
    eventTime: event.eventTime,
    series: event.series as Event['series'],
    action: event.action,
    related: event.related,
    reportingComponent: event.reportingController,
    reportingInstance: event.reportingInstance,
  });
}
