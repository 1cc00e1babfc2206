/** `describe` of roles and role bindings (describe.go, v0.34). */
import type { Role, RoleBinding } from '../../../../ground/api/types.ts';
import { ruleRows } from '../policy-rules.ts';
import type { DescribeWriter } from './writer.ts';

export function describeRole(writer: DescribeWriter, role: Role): void {
  writer.field(0, 'Name', role.metadata.name);
  writer.labels('Labels', role.metadata.labels);
  writer.annotations(role.metadata.annotations);
  writer.write(0, 'PolicyRule:\n');
  writer.write(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n');
  writer.write(1, '---------\t-----------------\t--------------\t-----\n');
  for (const row of ruleRows(role.rules ?? [])) writer.write(1, `${row.join('\t')}\n`);
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
