/**
 * IPv4 addresses as unsigned 32-bit words, the form in which the packet core keeps them. (IPv6 is
 * not modelled.)
 */

/** An IPv4 address as an unsigned word: 10.96.0.1 is 0x0a600001. */
export type Ip = number;

export const ANY_ADDRESS: Ip = 0;
export const LOOPBACK: Ip = 0x7f000001;

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Reads dotted decimal; undefined when it is not an address. Leading zeros are refused, as in Go. */
export function parseIp(text: string): Ip | undefined {
  const match = DOTTED.exec(text);
  if (match === null) return undefined;
  let word = 0;
  for (let index = 1; index <= 4; index += 1) {
    const part = match[index] as string;
    if (part.length > 1 && part[0] === '0') return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    word = word * 256 + value;
  }
  return word;
}

export function formatIp(ip: Ip): string {
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}
