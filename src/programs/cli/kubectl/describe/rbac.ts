/** `describe` of roles and role bindings (describe.go, v0.34). */
import type { PolicyRule, Role, RoleBinding } from '../../../../ground/api/types.ts';
import { compareText } from '../../../../ground/base/text.ts';
import type { DescribeWriter } from './writer.ts';

export function describeRole(writer: DescribeWriter, role: Role): void {
  writer.field(0, 'Name', role.metadata.name);
  writer.labels('Labels', role.metadata.labels);
  writer.annotations(role.metadata.annotations);
  writer.write(0, 'PolicyRule:\n');
  writer.write(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n');
  writer.write(1, '---------\t-----------------\t--------------\t-----\n');
  const rows = (role.rules ?? [])
    .flatMap(rowsOf)
    .sort((a, b) => compareText(a[0] as string, b[0] as string));
  for (const row of rows) writer.write(1, `${row.join('\t')}\n`);
}

/** One row for each resource and each URL of a rule. */
function rowsOf(rule: PolicyRule): readonly (readonly string[])[] {
  const names = `[${(rule.resourceNames ?? []).join(' ')}]`;
  const verbs = `[${rule.verbs.join(' ')}]`;
  const rows: (readonly string[])[] = [];
  for (const resource of rule.resources ?? []) {
    for (const group of rule.apiGroups ?? ['']) {
      rows.push([group === '' ? resource : `${resource}.${group}`, '[]', names, verbs]);
    }
  }
  if ((rule.nonResourceURLs ?? []).length > 0) {
    rows.push(['', `[${(rule.nonResourceURLs ?? []).join(' ')}]`, names, verbs]);
  }
  return rows;
}

export function describeBinding(writer: DescribeWriter, binding: RoleBinding): void {
  writer.field(0, 'Name', binding.metadata.name);
  writer.labels('Labels', binding.metadata.labels);
  writer.annotations(binding.metadata.annotations);
  writer.write(0, 'Role:\n');
  writer.field(1, 'Kind', binding.roleRef.kind);
  writer.field(1, 'Name', binding.roleRef.name);
  writer.write(0, 'Subjects:\n');
  writer.write(1, 'Kind\tName\tNamespace\n');
  writer.write(1, '----\t----\t---------\n');
  for (const { kind, name, namespace = '' } of binding.subjects ?? []) {
    writer.write(1, `${kind}\t${name}\t${namespace}\n`);
  }
}
