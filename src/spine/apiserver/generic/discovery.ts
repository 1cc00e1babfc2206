/**
 * Discovery from the descriptors: the legacy documents and the aggregated one (k8s.io/apiserver/pkg/
 * endpoints/discovery, v0.34). Made once per server.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { freezeDeep } from '../../../ground/api/edit.ts';
import { fnv1a } from '../../../ground/base/hash.ts';
import { base64Of, utf8 } from '../../../ground/base/bytes.ts';
import { compareText } from '../../../ground/base/text.ts';

/** Groups by priority; others follow by name. */
const ORDER = `apiregistration.k8s.io apps events.k8s.io authentication.k8s.io authorization.k8s.io
autoscaling batch certificates.k8s.io networking.k8s.io policy rbac.authorization.k8s.io storage.k8s.io
admissionregistration.k8s.io apiextensions.k8s.io scheduling.k8s.io coordination.k8s.io node.k8s.io
discovery.k8s.io resource.k8s.io flowcontrol.apiserver.k8s.io`.split(/\s+/);

type Version = 'v2' | 'v2beta1';

export class Discovery {
  readonly #descriptors: readonly ResourceDescriptor[];
  readonly #made = new Map<string, unknown>();
  readonly #server: string;

  constructor(descriptors: readonly ResourceDescriptor[], server: string) {
    this.#descriptors = descriptors;
    this.#server = server;
  }

  /** `/api`, legacy. */
  versions(): unknown {
    return freezeDeep({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: this.#server }],
    });
  }

  /** `/apis`, legacy. */
  groups(): unknown {
    return this.#once('groups', () => ({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: this.#groupNames().map((name) => this.#group(name)),
    }));
  }

  /** Paths of the groups and their versions, for the index of everything. */
  paths(): readonly string[] {
    return this.#groupNames().flatMap((name) => [`/apis/${name}`, `/apis/${name}/v1`]);
  }

  /** `/apis/{group}`; undefined when there is none. */
  group(name: string): unknown {
    if (!this.#groupNames().includes(name)) return undefined;
    return freezeDeep({ kind: 'APIGroup', apiVersion: 'v1', ...this.#group(name) });
  }

  /** `/api/v1` and `/apis/{group}/{version}`; undefined when there is none. */
  resources(group: string, version: string): unknown {
    const found = this.#descriptors.filter(
      (each) => each.group === group && each.version === version,
    );
    if (found.length === 0) return undefined;
    const groupVersion = group === '' ? version : `${group}/${version}`;
    return this.#once(groupVersion, () => ({
      kind: 'APIResourceList',
      ...(group === '' ? {} : { apiVersion: 'v1' }),
      groupVersion,
      resources: sorted(found).flatMap(legacyEntries),
    }));
  }

  /** The aggregated document of `/api` (core) or `/apis`. */
  aggregated(core: boolean, version: Version): unknown {
    return this.#once(`${core}${version}`, () => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: (core ? [''] : this.#groupNames()).map((name) => ({
        metadata: name === '' ? {} : { name },
        versions: this.#versionsOf(name).map((each) => ({
          version: each,
          resources: sorted(
            this.#descriptors.filter((one) => one.group === name && one.version === each),
          ).map(aggregatedEntry),
          freshness: 'Current',
        })),
      })),
    }));
  }

  etag(core: boolean): string {
    const names = this.#descriptors.filter((each) => (each.group === '') === core);
    const hash = fnv1a(
      names.map((each) => `${each.group}/${each.version}/${each.resource}`).join(),
    );
    return `"${hash.toString(16).padStart(8, '0').repeat(8).toUpperCase()}"`;
  }

  #group(name: string) {
    const versions = this.#versionsOf(name).map((version) => ({
      groupVersion: `${name}/${version}`,
      version,
    }));
    return { name, versions, preferredVersion: versions[0] };
  }

  #groupNames(): string[] {
    const names = [...new Set(this.#descriptors.map((each) => each.group))].filter(
      (each) => each !== '',
    );
    const rank = (name: string): number => {
      const at = ORDER.indexOf(name);
      return at < 0 ? ORDER.length : at;
    };
    return names.sort((a, b) => rank(a) - rank(b) || compareText(a, b));
  }

  #versionsOf(group: string): string[] {
    return [
      ...new Set(
        this.#descriptors.filter((each) => each.group === group).map((each) => each.version),
      ),
    ];
  }

  #once(key: string, make: () => unknown): unknown {
    let made = this.#made.get(key);
    if (made === undefined) {
      made = freezeDeep(make());
      this.#made.set(key, made);
    }
    return made;
  }
}

function sorted(descriptors: readonly ResourceDescriptor[]): ResourceDescriptor[] {
  return [...descriptors].sort((a, b) => compareText(a.resource, b.resource));
}

function legacyEntries(each: ResourceDescriptor): unknown[] {
  const main = {
    name: each.resource,
    singularName: each.singular,
    namespaced: each.namespaced,
    kind: each.kind,
    verbs: each.virtual === true ? ['create'] : each.verbs,
    ...(each.shortNames.length === 0 ? {} : { shortNames: each.shortNames }),
    ...(each.categories.length === 0 ? {} : { categories: each.categories }),
    ...(each.virtual === true ? {} : { storageVersionHash: storageHash(each) }),
  };
  const subresources = [...each.subresources].sort((a, b) => compareText(a.name, b.name));
  const others = subresources.map((one) => ({
    name: `${each.resource}/${one.name}`,
    singularName: '',
    namespaced: each.namespaced,
    ...(one.group === each.group && one.version === each.version
      ? {}
      : { group: one.group, version: one.version }),
    kind: one.kind,
    verbs: one.verbs,
  }));
  return [main, ...others];
}

/** Eight bytes that change with the storage version. */
function storageHash(each: ResourceDescriptor): string {
  const text = `${each.group}/${each.version}/${each.kind}`;
  const hash = fnv1a(text);
  const bytes = utf8(text + text)
    .subarray(0, 8)
    .map((byte, index) => byte ^ (hash >>> ((index % 4) * 8)));
  return base64Of(bytes);
}

function aggregatedEntry(each: ResourceDescriptor): unknown {
  const kindOf = (group: string, version: string, kind: string) => {
    const own = group === each.group && version === each.version;
    return own ? { group: '', version: '', kind } : { group, version, kind };
  };
  const subresources = [...each.subresources].sort((a, b) => compareText(a.name, b.name));
  return {
    resource: each.resource,
    responseKind: { group: '', version: '', kind: each.kind },
    scope: each.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: each.singular,
    verbs: each.virtual === true ? ['create'] : each.verbs,
    ...(each.shortNames.length === 0 ? {} : { shortNames: each.shortNames }),
    ...(each.categories.length === 0 ? {} : { categories: each.categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((one) => ({
            subresource: one.name,
            responseKind: kindOf(one.group, one.version, one.kind),
            verbs: one.verbs,
          })),
        }),
  };
}
