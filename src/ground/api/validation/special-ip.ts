/**
 * Addresses that no Service may lead to (pkg/apis/core/validation ValidateEndpointIP, v1.34): they mean
 * something else on every machine, or many at once.
 */
import { contains, parseCidr } from '../../base/cidr.ts';
import { type FieldError, invalidField } from '../field-error.ts';
import { parseIp } from '../../base/ip.ts';

const SPECIAL = [
  ['0.0.0.0/32', 'may not be unspecified (0.0.0.0 or ::)'],
  ['127.0.0.0/8', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ['169.254.0.0/16', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  ['224.0.0.0/24', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
] as const;

/** Nothing for an ordinary address and for a text that is none. */
export function specialIpErrors(path: string, text: string): FieldError[] {
  const ip = parseIp(text);
  if (ip === undefined) return [];
  const found = SPECIAL.find(([range]) => {
    const cidr = parseCidr(range);
    return cidr !== undefined && contains(cidr, ip);
  });
  return found === undefined ? [] : [invalidField(path, text, found[1])];
}
