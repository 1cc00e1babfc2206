/** Address ranges in CIDR form. */
import { formatIp, type Ip, parseIp } from './ip.ts';

export interface Cidr {
  /** The first address, host bits zero. */
  readonly base: Ip;
  /** 0–32 */
  readonly bits: number;
}

export function maskOf(bits: number): number {
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/** Reads `10.244.0.0/16`; host bits are cleared. A bare address is a /32. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (ip === undefined) return undefined;
  if (slash < 0) return { base: ip, bits: 32 };
  const tail = text.slice(slash + 1);
  if (!/^\d{1,2}$/.test(tail)) return undefined;
  const bits = Number(tail);
  if (bits > 32) return undefined;
  return { base: (ip & maskOf(bits)) >>> 0, bits };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.base)}/${cidr.bits}`;
}

export function contains(cidr: Cidr, ip: Ip): boolean {
  return (ip & maskOf(cidr.bits)) >>> 0 === cidr.base;
}

/** How many addresses the range holds. */
export function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - cidr.bits);
}
