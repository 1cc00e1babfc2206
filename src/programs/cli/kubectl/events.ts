/** `kubectl events` (k8s.io/kubectl/pkg/cmd/events, v0.34): events of a namespace or of one object, oldest first. */
import { ZERO_TIME } from '../../../ground/api/meta.ts';
import type { Event } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { compareText } from '../../../ground/base/text.ts';
import { humanDuration, parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import { fail, failApi } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { listOf, printerFor } from './print.ts';
import { namespaceOf } from './resource-builder.ts';
import type { Verb } from './session.ts';
import { TableWriter } from './table.ts';

export const events: Verb = {
  name: 'events',
  usage:
    '[(-o|--output=)json|yaml|name|...] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]',
  short: 'List events',
  flags: flagSpecs(
    "A all-namespaces=false allow-missing-template-keys=true chunk-size=500 for='' no-headers=false o output='' show-managed-fields=false template='' types=[] w watch=false",
  ),
  *run(session) {
    const { flags } = session;
    if (flags.bool('watch'))
      return fail('--watch is not supported here yet: use kubectl get events -w');
    const types = flags.list('types');
    const strange = types.find((type) => !/^(normal|warning)$/i.test(type));
    if (strange !== undefined) return fail('valid --types are Normal or Warning');
    const target = flags.text('for');
    const terms: string[] = [];
    if (target !== '') {
      const slash = target.indexOf('/');
      if (slash <= 0 || slash === target.length - 1)
        return fail(`--for must be in resource/name form`);
      const mapping = yield* session.mapping(target.slice(0, slash));
      if (!mapping.ok) return mapping;
      terms.push(
        `involvedObject.kind=${mapping.value.kind}`,
        `involvedObject.name=${target.slice(slash + 1)}`,
      );
    }
    const printer = printerFor(session, flags.text('output'));
    if (!printer.ok) return printer;
    const namespace = namespaceOf(session);
    if (!namespace.ok) return namespace;
    const api = session.api();
    if (!api.ok) return api;
    const found = yield* api.value.items(
      kindMapping('Event'),
      namespace.value,
      terms.length === 0 ? {} : { fieldSelector: terms.join(',') },
    );
    if (!found.ok) return failApi(found.error);
    const wanted = (found.value as unknown as readonly Event[]).filter(
      (event) =>
        types.length === 0 ||
        types.some((type) => type.toLowerCase() === event.type?.toLowerCase()),
    );
    const sorted = [...wanted].sort((a, b) => compareText(timeOf(a), timeOf(b)));
    if (printer.value !== undefined) {
      const text = printer.value(listOf(sorted as never), true);
      if (!text.ok) return fail(text.error);
      yield* session.print(text.value);
      return ok(0);
    }
    if (sorted.length === 0) {
      const where = namespace.value === '' ? '' : ` in ${namespace.value} namespace`;
      yield* session.printError(`No events found${where}.\n`);
      return ok(0);
    }
    const all = flags.bool('all-namespaces');
    const head = [
      ...(all ? ['NAMESPACE'] : []),
      'LAST SEEN',
      'TYPE',
      'REASON',
      'OBJECT',
      'MESSAGE',
    ];
    const rows = sorted.map((event) => [
      ...(all ? [event.metadata.namespace ?? ''] : []),
      ...rowOf(event, session.now),
    ]);
    yield* session.print(
      new TableWriter().format([...(flags.bool('no-headers') ? [] : [head]), ...rows]),
    );
    return ok(0);
  },
};

function timeOf(event: Event): string {
  return (
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.firstTimestamp ??
    ''
  );
}

function rowOf(event: Event, now: WallTime): readonly string[] {
  const { kind = '', name = '' } = event.involvedObject ?? {};
  return [
    seen(event, now),
    event.type ?? '',
    event.reason ?? '',
    `${kind}/${name}`,
    (event.message ?? '').trim(),
  ];
}

/** `5s`, or `5s (x3 over 2m)`. */
function seen(event: Event, now: WallTime): string {
  const age = (text: string | undefined): string => {
    const wall = parseRfc3339(text ?? '');
    return wall === undefined ? '<unknown>' : humanDuration(now - wall);
  };
  const first = age(event.firstTimestamp ?? event.eventTime);
  const count = event.series?.count ?? event.count ?? 1;
  if (count <= 1)
    return (event.firstTimestamp ?? event.eventTime ?? ZERO_TIME) === ZERO_TIME
      ? age(event.lastTimestamp)
      : first;
  return `${age(timeOf(event))} (x${count} over ${first})`;
}
