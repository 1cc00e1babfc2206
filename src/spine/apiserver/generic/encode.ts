/**
 * Objects into answers: what the Accept header asks for (k8s.io/apiserver/pkg/endpoints/handlers/
 * {negotiation,response}.go, v0.34). JSON by reference is the usual case and costs nothing; Tables
 * and PartialObjectMetadata are made for kubectl and metadata clients; YAML and indented JSON are
 * bytes for people.
 */
import { formatObjectYaml } from './text.ts';
import { inSchemaOrder } from '../../../ground/api/encode.ts';
import { freezeDeep } from '../../../ground/api/edit.ts';
import { apiVersionOf, type KubeObject } from '../../../ground/api/object.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import type { RequestContext } from './context.ts';
import type { Answer } from './handler.ts';
import type { Listed } from './list.ts';
import type { Registry } from './registry.ts';
import { notAcceptable } from './status.ts';
import { partialOf, tableOf } from './table.ts';
import type { Transform } from './watch.ts';

/** The form of an answer. */
type Form = 'json' | 'yaml' | 'table' | 'partial';

const ACCEPTED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The first clause that can be served; undefined when none can. */
function formOf(accept: string): Form | undefined {
  if (accept === '' || accept === 'application/json') return 'json';
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    const as = parameters.find((each) => each.startsWith('as='))?.slice(3);
    const json = type === 'application/json' || type === '*/*' || type === 'application/*';
    if (json && as === undefined) return 'json';
    if (json && as === 'Table' && hasVersion(parameters, ['v1', 'v1beta1'])) return 'table';
    if (
      json &&
      as?.startsWith('PartialObjectMetadata') === true &&
      hasVersion(parameters, ['v1'])
    ) {
      return 'partial';
    }
    if (type === 'application/yaml' && as === undefined) return 'yaml';
  }
  return undefined;
}

function hasVersion(parameters: readonly string[], versions: readonly string[]): boolean {
  const version = parameters.find((each) => each.startsWith('v='))?.slice(2) ?? 'v1';
  return versions.includes(version);
}

/** True when the answer is wanted as a Table first. */
export function wantsTable(answer: Answer): boolean {
  return formFor(answer) === 'table';
}

function send(answer: Answer, form: Form, status: number, object: unknown): void {
  if (form === 'yaml') {
    answer.chunk(status, 'application/yaml', utf8(formatObjectYaml(inSchemaOrder(object))));
    return;
  }
  answer.object(status, object);
}

export function encodeObject(
  answer: Answer,
  context: RequestContext,
  registry: Registry,
  status: number,
  object: KubeObject,
): void {
  const form = formFor(answer);
  if (form === undefined) {
    answer.fail(notAcceptable(ACCEPTED).error);
    return;
  }
  if (form === 'table' || form === 'partial') {
    send(answer, form, status, single(registry, context, form, object));
    return;
  }
  send(answer, form, status, registry.shown(object));
}

export function encodeList(
  answer: Answer,
  context: RequestContext,
  registry: Registry,
  listed: Listed,
): void {
  const form = formFor(answer);
  if (form === undefined) {
    answer.fail(notAcceptable(ACCEPTED).error);
    return;
  }
  const metadata = listMetadata(listed);
  if (form === 'table') {
    const include = context.info.query.get('includeObject') ?? 'Metadata';
    const table = tableOf(registry, listed.items, metadata, include, context.now, true);
    send(answer, form, 200, table);
    return;
  }
  if (form === 'partial') {
    const items = listed.items.map(partialOf);
    const kind = 'PartialObjectMetadataList';
    const list = freezeDeep({ kind, apiVersion: 'meta.k8s.io/v1', metadata, items });
    send(answer, form, 200, list);
    return;
  }
  send(answer, form, 200, listObject(registry, listed));
}

function formFor(answer: Answer): Form | undefined {
  return formOf(answer.exchange.request.headers.get('accept') ?? '');
}

function single(
  registry: Registry,
  context: RequestContext,
  form: Form,
  object: KubeObject,
): KubeObject {
  if (form === 'partial') return partialOf(object);
  const include = context.info.query.get('includeObject') ?? 'Metadata';
  const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' };
  return tableOf(registry, [object], metadata, include, context.now, true);
}

function listMetadata(listed: Listed) {
  return Object.freeze({
    resourceVersion: String(listed.revision),
    ...(listed.continue === '' ? {} : { continue: listed.continue }),
    ...(listed.remaining === undefined ? {} : { remainingItemCount: listed.remaining }),
  });
}

/** The list as an object. */
function listObject(registry: Registry, listed: Listed): KubeObject {
  const { descriptor } = registry;
  return Object.freeze({
    kind: descriptor.listKind,
    apiVersion: apiVersionOf(descriptor),
    metadata: listMetadata(listed),
    items: Object.freeze(
      registry.hooks.view === undefined
        ? listed.items
        : listed.items.map(registry.hooks.view.shown),
    ),
  }) as unknown as KubeObject;
}

/** What a watch shows instead of objects, or undefined for the objects themselves. */
export function transformFor(
  answer: Answer,
  context: RequestContext,
  registry: Registry,
): Transform {
  const form = formFor(answer);
  if (form === 'partial') return partialOf;
  if (form !== 'table') return registry.hooks.view?.shown;
  const include = context.info.query.get('includeObject') ?? 'Metadata';
  let first = true;
  return (object) => {
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' };
    const now = context.process.clock.wall();
    const table = tableOf(registry, [object], metadata, include, now, first);
    first = false;
    return table;
  };
}
