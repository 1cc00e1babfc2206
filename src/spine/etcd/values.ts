/** Stored values as bytes and text: rendered only when somebody compares or prints them. */
import { textOf } from '../../ground/base/bytes.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import type { StoredValue } from './wire/messages.ts';

export function valueText(value: StoredValue): string {
  return textOf(bytesOf(value));
}

/** Byte order, shorter first when one begins with the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
