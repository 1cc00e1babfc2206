/** Ranges of keys. */

/** The end of the range of all keys with a prefix: its last unit plus one (clientv3.GetPrefixRangeEnd). */
export function prefixEnd(prefix: string): string {
  if (prefix === '') return '\0';
  const last = prefix.charCodeAt(prefix.length - 1);
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}
