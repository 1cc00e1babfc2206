/**
 * Objects as etcd keeps them: the frozen object itself inside a message whose bytes are `k8s\0` and protobuf, made when somebody
 * reads them. Reading takes the object out by reference and gives it its resourceVersion, which is the revision of the key: one that
 * the stored object still has from before means nothing and is not rendered.
 */
import { withFields } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { encodeProtobuf } from '../../../ground/api/protobuf.ts';
import { definitionOfKind } from '../../../ground/api/schema.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { isBytes, type Message } from '../../../machines/network/chunk.ts';
import type { StoredValue } from '../../etcd/wire/index.ts';

/** Bytes that an object of ordinary size takes; exact bytes would have to be rendered first. */
const SIZE_ESTIMATE = 1200;

export class StoredObject implements Message {
  readonly protocol = 'api-stored';
  readonly wireSize = SIZE_ESTIMATE;
  readonly object: KubeObject;

  constructor(object: KubeObject) {
    this.object = object;
  }

  render(): Uint8Array {
    const object = withoutRevision(this.object);
    const slash = object.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
    const definition = definitionOfKind(group, object.apiVersion.slice(slash + 1), object.kind);
    // A kind without a field table is stored as JSON, as custom resources are.
    return definition === undefined
      ? utf8(`${formatJson(object)}\n`)
      : encodeProtobuf(definition, object as unknown as Readonly<Record<string, unknown>>);
  }
}

/** The object of a stored value; undefined for bytes that some other client wrote. */
export function storedObjectOf(value: StoredValue): KubeObject | undefined {
  if (isBytes(value) || value.protocol !== 'api-stored') return undefined;
  return (value as StoredObject).object;
}

/** The object as readers get it: with the revision of its key. */
export function withRevision(object: KubeObject, revision: number): KubeObject {
  const metadata = withFields(object.metadata, { resourceVersion: String(revision) });
  return withFields(object, { metadata });
}

/** The object as it is stored. */
function withoutRevision(object: KubeObject): KubeObject {
  if (object.metadata.resourceVersion === undefined) return object;
  const metadata = withFields(object.metadata, { resourceVersion: undefined });
  return withFields(object, { metadata });
}
