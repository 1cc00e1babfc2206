/** `describe` of namespaces, config maps, secrets and service accounts (describe.go, v0.34). */
import type { ConfigMap, Namespace, Secret, ServiceAccount } from '../../../../ground/api/types.ts';
import { entryOf } from '../../../../ground/api/meta.ts';
import { parseBase64, textOf } from '../../../../ground/base/bytes.ts';
import { sortedText } from '../../../../ground/base/text.ts';
import type { DescribeWriter } from './writer.ts';

export function describeNamespace(writer: DescribeWriter, namespace: Namespace): void {
  writer.field(0, 'Name', namespace.metadata.name);
  writer.labels('Labels', namespace.metadata.labels);
  writer.annotations(namespace.metadata.annotations);
  writer.field(0, 'Status', namespace.status?.phase ?? '');
  // Quotas and limit ranges are told only of a server that has those kinds.
}

interface Named {
  readonly metadata: ConfigMap['metadata'];
}

function describeHead(writer: DescribeWriter, object: Named): void {
  const { metadata } = object;
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
}

export function describeConfigMap(writer: DescribeWriter, map: ConfigMap): void {
  describeHead(writer, map);
  writer.write(0, '\nData\n====\n');
  for (const key of sortedText(Object.keys(map.data ?? {}))) {
    writer.write(0, `${key}:\n----\n${entryOf(map.data, key)}\n\n`);
  }
  writer.write(0, '\nBinaryData\n====\n');
  for (const key of sortedText(Object.keys(map.binaryData ?? {}))) {
    writer.write(
      0,
      `${key}: ${parseBase64(entryOf(map.binaryData, key) ?? '')?.length ?? 0} bytes\n`,
    );
  }
  writer.write(0, '\n');
}

export function describeSecret(writer: DescribeWriter, secret: Secret): void {
  describeHead(writer, secret);
  const isToken = secret.type === 'kubernetes.io/service-account-token';
  writer.write(0, `\nType:\t${secret.type ?? ''}\n`);
  writer.write(0, '\nData\n====\n');
  for (const key of sortedText(Object.keys(secret.data ?? {}))) {
    const bytes = parseBase64(entryOf(secret.data, key) ?? '') ?? new Uint8Array(0);
    if (isToken && key === 'token') writer.write(0, `${key}:\t${textOf(bytes)}\n`);
    else writer.write(0, `${key}:\t${bytes.length} bytes\n`);
  }
}

export function describeServiceAccount(writer: DescribeWriter, account: ServiceAccount): void {
  describeHead(writer, account);
  const names = (
    list: readonly { readonly name?: string | undefined }[] | undefined,
  ): readonly string[] => (list ?? []).map((each) => each.name ?? '');
  writer.lines('Image pull secrets', names(account.imagePullSecrets));
  writer.lines('Mountable secrets', names(account.secrets));
  writer.lines('Tokens', []);
}
