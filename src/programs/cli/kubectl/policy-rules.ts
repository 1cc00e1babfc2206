/**
 * Rules as `describe role` and `auth can-i --list` show them: taken apart, put together again by
 * resource, and in the order of their texts (k8s.io/kubectl/pkg/util/rbac, v0.34).
 */
import type { PolicyRule } from '../../../ground/api/types.ts';
import { compareText } from '../../../ground/base/text.ts';

type Rule = Partial<PolicyRule>;

interface Part {
  readonly verbs: string[];
  readonly group: string | undefined;
  readonly resource: string | undefined;
  readonly name: string | undefined;
  readonly url: string | undefined;
}

/** Rows of resources, URLs, names and verbs. */
export function ruleRows(rules: readonly Rule[]): readonly (readonly string[])[] {
  const parts = new Map<string, Part>();
  for (const rule of rules) for (const part of partsOf(rule)) addPart(parts, part);
  return [...parts.values()]
    .map((part) => ({ key: textOf(part), row: rowOf(part) }))
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ row }) => row);
}

/** One part for each group, resource, name and verb; one for each URL and verb. */
function partsOf(rule: Rule): readonly Part[] {
  const parts: Part[] = [];
  const verbs = rule.verbs ?? [];
  const names = (rule.resourceNames ?? []).length === 0 ? [undefined] : (rule.resourceNames ?? []);
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of verbs) {
        for (const name of names)
          parts.push({ verbs: [verb], group, resource, name, url: undefined });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of verbs) {
      parts.push({ verbs: [verb], group: undefined, resource: undefined, name: undefined, url });
    }
  }
  return parts;
}

/** Parts of one resource share a row; those of URLs do not. */
function addPart(parts: Map<string, Part>, part: Part): void {
  const { group, resource, name, url, verbs } = part;
  const key =
    url === undefined
      ? JSON.stringify([group, resource, name ?? null])
      : JSON.stringify([url, verbs, parts.size]);
  const old = parts.get(key);
  if (old === undefined) parts.set(key, part);
  else for (const verb of verbs) if (!old.verbs.includes(verb)) old.verbs.push(verb);
}

function listText(one: string | undefined): string {
  return `[${one ?? ''}]`;
}

/** What Go prints of the rule, which is what the rows are sorted by. */
function textOf({ verbs, group, resource, name, url }: Part): string {
  return `Verbs:[${verbs.join(' ')}],APIGroups:${listText(group)},Resources:${listText(resource)},ResourceNames:${listText(name)},NonResourceURLs:${listText(url)},`;
}

function rowOf({ verbs, group, resource, name, url }: Part): readonly string[] {
  return [
    typed(resource ?? '', group ?? ''),
    listText(url),
    listText(name),
    `[${verbs.join(' ')}]`,
  ];
}

/** The group stands before a subresource: `deployments.apps/scale` (CombineResourceGroup). */
function typed(resource: string, group: string): string {
  if (group === '') return resource;
  const slash = resource.indexOf('/');
  return slash < 0
    ? `${resource}.${group}`
    : `${resource.slice(0, slash)}.${group}${resource.slice(slash)}`;
}
