/**
 * `kubectl get` (k8s.io/kubectl/pkg/cmd/get/get.go, v0.34). The server makes the tables; kubectl
 * aligns them, hides wide columns, adds namespaces and labels, and sorts. Pages of 500 are asked for
 * one after the other and printed as one table.
 */
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { humanDuration, parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import { type Api, continueOf, JSON_ACCEPT, type Loose, TABLE_ACCEPT } from './api.ts';
import {
  apiFailure,
  fail,
  type Failure,
  failApi,
  isNotFound,
  type Outcome,
  together,
} from './failure.ts';
import { flagSpecs } from './flags.ts';
import { watchObjects } from './get-watch.ts';
import type { Mapping } from './mapper.ts';
import { listOf, type ObjectPrinter, printerFor, structJson } from './print.ts';
import {
  fileInfos,
  listFailure,
  namespaceOf,
  PATHS_AND_ARGUMENTS,
  refuseKustomize,
  type Target,
  targetsOf,
  visit,
} from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { sorterFor } from './sort-by.ts';
import { isTable, type Table, type TableRow, TablePrinter } from './table-printer.ts';

export const get: Verb = {
  name: 'get',
  usage:
    '[(-o|--output=)json|yaml|name|jsonpath|custom-columns|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]',
  short: 'Display one or many resources',
  flags:
    flagSpecs(`A all-namespaces=false allow-missing-template-keys=true chunk-size=500 field-selector=''
    f filename=[] ignore-not-found=false k kustomize='' L label-columns=[] no-headers=false o output=''
    output-watch-events=false raw='' R recursive=false l selector='' server-print=true show-kind=false
    show-labels=false show-managed-fields=false sort-by='' subresource='' template='' w watch=false watch-only=false`),
  *run(session) {
    const { flags, args } = session;
    if (flags.text('raw') !== '') {
      const wrong = rawMisfit(session);
      return wrong === undefined ? yield* getRaw(session, flags.text('raw')) : fail(wrong);
    }
    const problem = checkFlags(session);
    if (problem !== undefined) return problem;
    const kustomize = refuseKustomize(session);
    if (kustomize !== undefined) return { ok: false, error: kustomize };
    if (args.length > 0 && flags.list('filename').length > 0) return fail(PATHS_AND_ARGUMENTS);
    if (args.length === 0 && flags.list('filename').length === 0) {
      yield* session.printError(
        'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
      );
      return session.usageError(
        'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
      );
    }
    const printer = printerFor(session, flags.text('output'), ',wide');
    if (!printer.ok) return printer;
    if (flags.bool('watch') || flags.bool('watch-only')) {
      const targets = yield* wantedTargets(session);
      if (!targets.ok) return targets;
      return yield* watchObjects(session, targets.value, printer.value);
    }
    if (printer.value !== undefined) return yield* printObjects(session, printer.value);
    return yield* printTables(session);
  },
};

function checkFlags(session: Session): Outcome<never> | undefined {
  const { flags } = session;
  if (flags.bool('show-labels') && flags.text('output') !== '' && flags.text('output') !== 'wide') {
    return fail(`--show-labels option cannot be used with ${flags.text('output')} printer`);
  }
  if (flags.bool('output-watch-events') && !flags.bool('watch') && !flags.bool('watch-only')) {
    return fail('--output-watch-events option can only be used with --watch or --watch-only');
  }
  return undefined;
}

/** What does not go with `--raw`. */
function rawMisfit({ flags, args }: Session): string | undefined {
  const path = flags.text('raw');
  if (args.length > 0) return 'arguments may not be passed when --raw is specified';
  if (flags.bool('watch') || flags.bool('watch-only') || flags.text('selector') !== '')
    return '--raw may not be specified with other flags that filter the server request or alter the output';
  if (flags.text('output') !== '') return '--raw and --output are mutually exclusive';
  return path.startsWith('/')
    ? undefined
    : `--raw must be a valid URL path: parse ${quote(path)}: invalid URI for request`;
}

function* getRaw(session: Session, path: string): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  const text = yield* api.value.text(path, 'GET', (object) => structJson(object, 0));
  if (!text.ok) return failApi(text.error);
  yield* session.print(text.value);
  return ok(0);
}

/** The targets of arguments, or of files by the names in them. */
function* wantedTargets(session: Session, failures?: Failure[]): Task<Outcome<readonly Target[]>> {
  const files = session.flags.list('filename');
  if (files.length === 0) return yield* targetsOf(session, session.args);
  const infos = yield* fileInfos(session, files);
  if (!infos.ok) return infos;
  const failure = infos.value.failures[0];
  if (failures !== undefined) failures.push(...infos.value.failures);
  else if (failure !== undefined) return { ok: false, error: failure };
  return ok(infos.value.infos.map(({ mapping, name }) => ({ mapping, names: [name] })));
}

/** `-o yaml` and the like: one object alone, or a List of all. */
function* printObjects(session: Session, printer: ObjectPrinter): Task<Outcome<number>> {
  const visited = yield* visit(session, { everything: true });
  if (!visited.ok) return visited;
  const { infos, failures, single } = visited.value;
  const sorted = sorterFor(session.flags.text('sort-by'));
  if (!sorted.ok) return sorted;
  const objects = infos.map((info) => info.object);
  const ordered = objects.length > 1 ? sorted.value(objects, (object) => object) : ok(objects);
  if (!ordered.ok) return ordered;
  const only = single ? ordered.value[0] : undefined;
  if (only !== undefined || !single) {
    const text = printer(only ?? listOf(ordered.value), true);
    if (!text.ok) return fail(text.error);
    if (single || failures.length === 0 || infos.length > 0) yield* session.print(text.value);
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

interface Block {
  readonly mapping: Mapping;
  readonly table: Table;
}

/** Neighbours of one type stand in one table: they share its heading and the widths of its columns. */
function joined(blocks: readonly Block[]): readonly Block[] {
  const tables: { readonly mapping: Block['mapping']; table: Table }[] = [];
  for (const { mapping, table } of blocks) {
    const last = tables.at(-1);
    if (
      last === undefined ||
      last.mapping.resource !== mapping.resource ||
      last.mapping.group !== mapping.group
    ) {
      tables.push({ mapping, table });
    } else last.table = { ...last.table, rows: [...last.table.rows, ...table.rows] };
  }
  return tables;
}

function* printTables(session: Session): Task<Outcome<number>> {
  const { flags } = session;
  const failures: Failure[] = [];
  const targets = yield* wantedTargets(session, failures);
  if (!targets.ok) return targets;
  const namespace = namespaceOf(session);
  if (!namespace.ok) return namespace;
  const api = session.api();
  if (!api.ok) return api;
  const problem = checkTargets(session, targets.value, namespace.value);
  if (problem !== undefined) return problem;
  const sorter = sorterFor(flags.text('sort-by'));
  if (!sorter.ok) return sorter;
  const blocks: Block[] = [];
  for (const target of targets.value) {
    yield* readTarget(session, api.value, target, namespace.value, blocks, failures);
  }
  const printer = new TablePrinter({
    wide: flags.text('output') === 'wide',
    headers: !flags.bool('no-headers'),
    namespaces: flags.bool('all-namespaces'),
    showKind: flags.bool('show-kind') || severalTypes(session, blocks),
    showLabels: flags.bool('show-labels'),
    labelColumns: flags.list('label-columns'),
    events: false,
  });
  let written = false;
  for (const { mapping, table } of joined(blocks)) {
    const rows = sorter.value(table.rows, (row: TableRow) => row.object as Loose);
    // A single table without the field is left out in silence (seen with 1.27 to 1.33).
    if (!rows.ok && blocks.length === 1) continue;
    if (!rows.ok) return rows;
    const text = printer.format(mapping, { ...table, rows: rows.value });
    written ||= text !== '';
    yield* session.print(text);
  }
  if (!written && failures.length === 0 && !flags.bool('ignore-not-found')) {
    const scoped = namespace.value !== '' && targets.value.every((each) => each.mapping.namespaced);
    yield* session.printError(
      scoped ? `No resources found in ${namespace.value} namespace.\n` : 'No resources found\n',
    );
  }
  const failure = together(failures);
  return failure === undefined ? ok(0) : { ok: false, error: failure };
}

function checkTargets(
  session: Session,
  targets: readonly Target[],
  namespace: string,
): Outcome<never> | undefined {
  const named = targets.some((target) => target.names.length > 0);
  const { flags } = session;
  if (flags.text('subresource') !== '' && targets.some((target) => target.names.length === 0))
    return fail('subresource cannot be used when bulk resources are specified');
  if (named && (flags.text('selector') !== '' || flags.text('field-selector') !== '')) {
    return fail('name cannot be provided when a selector is specified');
  }
  if (named && namespace === '' && targets.some((each) => each.mapping.namespaced)) {
    return fail('a resource cannot be retrieved by name across all namespaces');
  }
  return undefined;
}

/** `all`, `pods,svc` or `pod/a svc/b`: names are then printed with their type. */
function severalTypes(session: Session, blocks: readonly Block[]): boolean {
  return session.args[0] === 'all' || new Set(blocks.map((each) => each.mapping)).size > 1;
}

function* readTarget(
  session: Session,
  api: Api,
  target: Target,
  namespace: string,
  blocks: Block[],
  failures: Failure[],
): Task<void> {
  const { flags } = session;
  const { mapping, names } = target;
  const accept = flags.bool('server-print') ? TABLE_ACCEPT : JSON_ACCEPT;
  for (const name of names) {
    const answer = yield* api.get(mapping, namespace, name, flags.text('subresource'), accept);
    if (answer.ok) blocks.push({ mapping, table: tableOf(answer.value, session.now) });
    else if (!(flags.bool('ignore-not-found') && isNotFound(answer.error))) {
      failures.push(apiFailure(answer.error));
    }
  }
  if (names.length > 0) return;
  const sorts = flags.text('sort-by') !== '';
  let more = '';
  do {
    const query = {
      labelSelector: flags.text('selector'),
      fieldSelector: flags.text('field-selector'),
      continue: more,
      ...(sorts ? { includeObject: 'Object' } : { limit: flags.int('chunk-size') }),
    };
    const answer = yield* api.list(mapping, namespace, query, accept);
    if (!answer.ok) {
      failures.push(listFailure(answer.error, mapping, query.labelSelector, query.fieldSelector));
      return;
    }
    append(blocks, mapping, tableOf(answer.value, session.now));
    more = continueOf(answer.value);
  } while (more !== '');
}

/** A later page continues the table before it. */
function append(blocks: Block[], mapping: Mapping, table: Table): void {
  const last = blocks.at(-1);
  if (last?.mapping !== mapping) blocks.push({ mapping, table });
  else
    blocks[blocks.length - 1] = {
      mapping,
      table: { ...last.table, rows: [...last.table.rows, ...table.rows] },
    };
}

/** A Table, or NAME and AGE of an answer that is none. */
function tableOf(answer: Loose, now: WallTime): Table {
  if (isTable(answer)) return answer as unknown as Table;
  const items = Array.isArray(answer['items']) ? (answer['items'] as readonly Loose[]) : [answer];
  const age = (timestamp: string | undefined): string => {
    const wall = timestamp === undefined ? undefined : parseRfc3339(timestamp);
    return wall === undefined ? '<unknown>' : humanDuration(now - wall);
  };
  return {
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', priority: 0 },
      { name: 'Age', type: 'string', format: '', priority: 0 },
    ],
    rows: items.map((object) => ({
      cells: [object.metadata.name, age(object.metadata.creationTimestamp)],
      object,
    })),
  };
}
