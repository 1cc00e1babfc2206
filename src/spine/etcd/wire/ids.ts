/** Ids of 64 bits, which messages carry as 16 hex digits. */
import type { AlarmMember } from './messages.ts';

/** Decimal digits of 16 hex digits. */
export function decimalOfHex(hex: string): string {
  let digits = [0];
  for (const char of hex) {
    let carry = Number.parseInt(char, 16);
    digits = digits.map((digit) => {
      const value = digit * 16 + carry;
      carry = Math.floor(value / 10);
      return value % 10;
    });
    while (carry > 0) {
      digits.push(carry % 10);
      carry = Math.floor(carry / 10);
    }
  }
  return digits
    .reverse()
    .join('')
    .replace(/^0+(?=\d)/, '');
}

/** An alarm as protobuf's text form has it, with the blank at its end. */
export function alarmText({ memberId, alarm }: AlarmMember): string {
  return `memberID:${decimalOfHex(memberId)} alarm:${alarm} `;
}
