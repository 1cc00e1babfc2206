/**
 * From what a person types to a resource: discovery documents as kubectl reads them
 * (k8s.io/client-go/restmapper, discovery/cached/disk, v0.34). They are kept in
 * ~/.kube/cache/discovery/<server> for six hours; a type that a kept document does not know has it
 * asked for again, so a new custom resource is found at once.
 *
 * Precedence of equal names is the order of the document: the core group, then groups by priority.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson, parseJson } from '../../../ground/lang/json.ts';
import type { Document } from '../../../machines/machine/files-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import type { ApiError } from '../../../spine/client/types.ts';
import type { Api } from './api.ts';

/** One resource of one version of a group. */
export interface Mapping {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
  /** The group prefers this version. */
  readonly preferred: boolean;
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly kind: string };
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly DiscoveredResource[];
    }[];
  }[];
}

const ACCEPT =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
/** disk.NewCachedDiscoveryClientForConfig's ttl in kubectl. */
const CACHE_AGE_MAX = 6 * 3600 * SECOND;

export class Mapper {
  readonly #process: Process;
  readonly #api: Api;
  readonly #cacheDir: string;
  #mappings: readonly Mapping[] | undefined;
  /** The documents were read by this run: asking again would change nothing. */
  #fresh = false;

  constructor(process: Process, api: Api, cacheDir: string) {
    this.#process = process;
    this.#api = api;
    this.#cacheDir = cacheDir;
  }

  /** All resources, in order of precedence. */
  *all(): Task<Result<readonly Mapping[], ApiError>> {
    if (this.#mappings !== undefined) return ok(this.#mappings);
    const kept = this.#readCache();
    if (kept !== undefined) {
      this.#mappings = kept;
      return ok(kept);
    }
    return yield* this.refresh();
  }

  /** Asks the server, whatever is kept. */
  *refresh(): Task<Result<readonly Mapping[], ApiError>> {
    const documents: Discovery[] = [];
    for (const path of ['/api', '/apis']) {
      const answer = yield* this.#api.call('GET', `${path}?timeout=32s`, { accept: ACCEPT });
      if (!answer.ok) {
        yield* this.#complain(answer.error);
        return answer;
      }
      documents.push(answer.value as Discovery);
    }
    this.#fresh = true;
    this.#mappings = mappingsOf(documents);
    this.#writeCache(documents, this.#mappings);
    return ok(this.#mappings);
  }

  /** The resource of a name as typed, in any of its forms; undefined when there is none. */
  *named(text: string): Task<Result<Mapping | undefined, ApiError>> {
    return yield* this.#find((all) => findNamed(all, text));
  }

  /** The resource of a kind; `version` may be '' for the preferred one. */
  *ofKind(
    group: string,
    version: string,
    kind: string,
  ): Task<Result<Mapping | undefined, ApiError>> {
    return yield* this.#find((all) =>
      all.find(
        (each) =>
          each.group === group &&
          each.kind === kind &&
          (version === '' ? each.preferred : each.version === version),
      ),
    );
  }

  *#find(
    search: (all: readonly Mapping[]) => Mapping | undefined,
  ): Task<Result<Mapping | undefined, ApiError>> {
    const all = yield* this.all();
    if (!all.ok) return all;
    const found = search(all.value);
    if (found !== undefined || this.#fresh) return ok(found);
    const again = yield* this.refresh();
    return again.ok ? ok(search(again.value)) : again;
  }

  /** What client-go logs while it tries the group list five times. */
  *#complain(error: ApiError): Task<void> {
    if (error.transport === undefined) return;
    const text = `couldn't get current server API group list: ${error.message}`;
    const quoted = formatJson(text, { escapeHtml: false });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      this.#process.log('E', 'memcache.go:265', `"Unhandled Error" err=${quoted}`);
    }
    // The lines go out before the message that follows them.
    yield* this.#process.printError('');
  }

  get #cacheFile(): string {
    const host = this.#api.server.replace(/^https?:\/\//, '').replace(/[^A-Za-z0-9.]/g, '_');
    return `${this.#cacheDir}/discovery/${host}/servergroups.json`;
  }

  #readCache(): readonly Mapping[] | undefined {
    const { files, clock } = this.#process;
    const stat = files.stat(this.#cacheFile);
    if (!stat.ok || clock.wall() - stat.value.modified > CACHE_AGE_MAX) return undefined;
    const content = files.readContent(this.#cacheFile);
    if (!content.ok) return undefined;
    const kept = content.value;
    if ('kind' in kept && kept.kind === 'kubectl-discovery')
      return kept.value as readonly Mapping[];
    const text = files.readText(this.#cacheFile);
    const parsed = text.ok ? parseJson(text.value) : undefined;
    if (parsed?.ok !== true || !Array.isArray(parsed.value.value)) return undefined;
    return mappingsOf(parsed.value.value as unknown as Discovery[]);
  }

  #writeCache(documents: readonly Discovery[], mappings: readonly Mapping[]): void {
    const { files } = this.#process;
    const path = this.#cacheFile;
    const made = files.mkdir(path.slice(0, path.lastIndexOf('/')), { parents: true, mode: 0o750 });
    if (!made.ok) return;
    const content: Document = {
      kind: 'kubectl-discovery',
      value: mappings,
      render: () => utf8(formatJson(documents)),
    };
    files.write(path, content, 0o660);
  }
}

function mappingsOf(documents: readonly Discovery[]): readonly Mapping[] {
  const mappings: Mapping[] = [];
  for (const document of documents) {
    for (const group of document.items ?? []) {
      group.versions.forEach(({ version, resources }, index) => {
        for (const each of resources ?? []) {
          mappings.push(
            Object.freeze({
              group: group.metadata?.name ?? '',
              version,
              resource: each.resource,
              singular: each.singularResource,
              kind: each.responseKind.kind,
              namespaced: each.scope === 'Namespaced',
              shortNames: each.shortNames ?? [],
              categories: each.categories ?? [],
              verbs: each.verbs,
              subresources: (each.subresources ?? []).map((sub) => sub.subresource),
              preferred: index === 0,
            }),
          );
        }
      });
    }
  }
  return Object.freeze(mappings);
}

/** Plural, singular, short name or kind in any case, with or without `.group` or `.version.group`. */
function findNamed(all: readonly Mapping[], text: string): Mapping | undefined {
  const lower = text.toLowerCase();
  const dot = lower.indexOf('.');
  if (dot < 0) return all.find((each) => each.preferred && isCalled(each, lower));
  const name = lower.slice(0, dot);
  const rest = lower.slice(dot + 1);
  return (
    all.find((each) => `${each.version}.${each.group}` === rest && isCalled(each, name)) ??
    all.find((each) => each.preferred && groupMatches(each.group, rest) && isCalled(each, name))
  );
}

function groupMatches(group: string, asked: string): boolean {
  return group === asked || (asked !== '' && group.startsWith(`${asked}.`));
}

function isCalled(mapping: Mapping, name: string): boolean {
  return (
    mapping.resource === name ||
    mapping.singular === name ||
    mapping.shortNames.includes(name) ||
    mapping.kind.toLowerCase() === name
  );
}

/** `deployments.apps`, `pods`. */
export function qualified(mapping: Mapping): string {
  return mapping.group === '' ? mapping.resource : `${mapping.resource}.${mapping.group}`;
}

/** `deployment.apps/web`, `pod/c`: as success lines name an object. */
export function named(mapping: Mapping, name: string): string {
  return `${typeName(mapping)}/${name}`;
}

/** `deployment.apps`, `pod`. */
export function typeName(mapping: Mapping): string {
  const kind = mapping.kind.toLowerCase();
  return mapping.group === '' ? kind : `${kind}.${mapping.group}`;
}

/** `apps/v1` */
export function groupVersion(mapping: Mapping): string {
  return mapping.group === '' ? mapping.version : `${mapping.group}/${mapping.version}`;
}
