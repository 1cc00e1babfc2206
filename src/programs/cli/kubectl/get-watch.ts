/**
 * `get -w`: the list, then every change as a row (k8s.io/kubectl/pkg/cmd/get/get.go watch, v0.34).
 * Ends when the server ends the watch, or by Ctrl-C.
 */
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { JSON_ACCEPT, type Loose, TABLE_ACCEPT } from './api.ts';
import { fail, failApi, type Outcome } from './failure.ts';
import type { ObjectPrinter } from './print.ts';
import { namespaceOf, type Target } from './resource-builder.ts';
import type { Session } from './session.ts';
import { isTable, type Table, TablePrinter } from './table-printer.ts';

/** Prints what is there and then what changes. */
export function* watchObjects(
  session: Session,
  targets: readonly Target[],
  printer: ObjectPrinter | undefined,
): Task<Outcome<number>> {
  const { flags } = session;
  const target = targets[0];
  if (target === undefined || targets.length > 1)
    return fail('you may only specify a single resource type');
  const namespace = namespaceOf(session);
  if (!namespace.ok) return namespace;
  const api = session.api();
  if (!api.ok) return api;
  const name = target.names[0];
  const accept = printer === undefined ? TABLE_ACCEPT : JSON_ACCEPT;
  const query = {
    labelSelector: flags.text('selector'),
    fieldSelector: name === undefined ? flags.text('field-selector') : `metadata.name=${name}`,
  };
  const output = outputOf(session, target, printer);
  let revision = '';
  if (name === undefined || flags.bool('watch-only')) {
    const list = yield* api.value.list(
      target.mapping,
      namespace.value,
      { ...query, limit: flags.int('chunk-size') },
      accept,
    );
    if (!list.ok) return failApi(list.error);
    revision = list.value.metadata.resourceVersion ?? '';
    if (!flags.bool('watch-only')) yield* session.print(output(list.value, 'ADDED', true));
  } else {
    for (const each of target.names) {
      const one = yield* api.value.get(target.mapping, namespace.value, each, '', accept);
      if (!one.ok) return failApi(one.error);
      revision = one.value.metadata.resourceVersion ?? '';
      yield* session.print(output(one.value, 'ADDED', true));
    }
    if (target.names.length > 1)
      return fail('you may only watch a single resource or type of resource at a time');
  }
  const watch = yield* api.value.watch(
    target.mapping,
    namespace.value,
    { ...query, resourceVersion: revision },
    accept,
  );
  if (!watch.ok) return failApi(watch.error);
  for (;;) {
    const event = yield* watch.value.receive();
    if (event === undefined) return ok(0);
    if (event.type === 'BOOKMARK') continue;
    if (event.type === 'ERROR') {
      const status = event.object as unknown as { readonly message?: string };
      return fail(status.message ?? 'the watch failed');
    }
    yield* session.print(output(event.object, event.type, false));
  }
}

type Output = (object: Loose, event: string, initial: boolean) => string;

function outputOf(session: Session, target: Target, printer: ObjectPrinter | undefined): Output {
  const { flags } = session;
  const events = flags.bool('output-watch-events');
  if (printer === undefined) {
    const tables = new TablePrinter({
      wide: flags.text('output') === 'wide',
      headers: !flags.bool('no-headers'),
      namespaces: flags.bool('all-namespaces'),
      showKind: flags.bool('show-kind'),
      showLabels: flags.bool('show-labels'),
      labelColumns: flags.list('label-columns'),
      events,
    });
    let columns: Table['columnDefinitions'] = [];
    return (object, event) => {
      if (!isTable(object)) return '';
      const table = object as unknown as Table;
      // Only the first table of a watch has its columns.
      if (table.columnDefinitions.length > 0) columns = table.columnDefinitions;
      return tables.format(target.mapping, { columnDefinitions: columns, rows: table.rows }, event);
    };
  }
  let first = true;
  const print = (object: Loose): string => {
    const text = printer(object, first);
    first = false;
    return text.ok ? text.value : '';
  };
  return (object, event, initial) => {
    const items = object['items'];
    const objects = initial && Array.isArray(items) ? (items as readonly Loose[]) : [object];
    return objects
      .map((each) => print(events ? ({ type: event, object: each } as unknown as Loose) : each))
      .join('');
  };
}
