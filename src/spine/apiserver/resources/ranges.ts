/**
 * What is taken of the ranges of Services, as etcd shows it: `/registry/ranges/serviceips` and
 * `/registry/ranges/servicenodeports` (pkg/registry/core/service/allocator/storage, v1.34). A range is
 * a bitmap with a bit per number; its bytes are made when somebody reads them. The server itself never
 * reads them: its allocators follow the Services.
 */
import { utf8 } from '../../../ground/base/bytes.ts';
import { ProtoWriter } from '../../../ground/lang/protobuf.ts';
import { encodeEnvelope } from '../../../ground/api/protobuf.ts';
import type { Message } from '../../../machines/network/chunk.ts';

/** The RangeAllocation of a range; `taken` are offsets from its first number. */
export function rangeAllocation(range: string, taken: readonly number[]): Message {
  const last = taken.reduce((most, each) => Math.max(most, each), -1);
  return {
    protocol: 'range-allocation',
    wireSize: 60 + range.length + (last >> 3),
    render(): Uint8Array {
      const allocation = new ProtoWriter();
      allocation.bytes(1, new Uint8Array(0));
      allocation.bytes(2, utf8(range));
      allocation.bytes(3, bitmap(taken, last));
      return encodeEnvelope('v1', 'RangeAllocation', allocation.finish());
    },
  };
}

/** As math/big writes a number: the highest bit first, no zeros before it. */
function bitmap(taken: readonly number[], last: number): Uint8Array {
  const bytes = new Uint8Array(last < 0 ? 0 : (last >> 3) + 1);
  for (const offset of taken) {
    const at = bytes.length - 1 - (offset >> 3);
    bytes[at] = (bytes[at] as number) | (1 << (offset & 7));
  }
  return bytes;
}
