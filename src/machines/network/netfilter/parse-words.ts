/**
 * The words of an iptables command line and their values: addresses, ports, marks, bits by name. The
 * first value that cannot be read is kept as the error, in iptables' words.
 */
import { maskOf } from '../../../ground/base/cidr.ts';
import { parseIp } from '../../../ground/base/ip.ts';
import type { AddressTest, NumberRange, PortTest } from './rule.ts';

/** What the parser refuses, in iptables' words; `code` is the exit code. */
export interface ParseError {
  readonly text: string;
  readonly code: number;
  /** Printed without the program's name and version in front. */
  readonly bare?: boolean;
  /** The kernel says no, not the tool: `Invalid argument`. */
  readonly kernel?: string;
}

const SERVICES: Record<string, number> = {
  http: 80,
  https: 443,
  ssh: 22,
  domain: 53,
  smtp: 25,
  ntp: 123,
  ftp: 21,
};

/** Reads words one by one. */
export class WordReader {
  readonly words: string[];
  at = 0;
  error: ParseError | undefined;

  constructor(words: readonly string[]) {
    this.words = [...words];
  }

  fail(text: string, code = 2): void {
    this.error ??= { text, code };
  }

  /** What the tool takes and the kernel does not. */
  kernel(): void {
    this.error ??= { text: '', code: 4, kernel: 'Invalid argument' };
  }

  value(option: string): string {
    const value = this.words[this.at];
    if (value === undefined) {
      this.fail(`option "${option}" requires an argument`);
      return '';
    }
    this.at += 1;
    return value;
  }

  device(name: string): string {
    if (name === '') this.fail('Empty interface is likely to be undesired');
    if (name.length > 15) this.fail(`interface name \`${name}' must be shorter than 16 characters`);
    return name;
  }

  /** One address or network, or several between commas, each with a rule of its own. */
  addressList(text: string, invert: boolean): readonly (AddressTest | undefined)[] {
    const parts = text.split(',');
    if (invert && parts.length > 1)
      this.fail('! not allowed with multiple source or destination IP addresses');
    return parts.map((part) => this.address(part, invert));
  }

  address(text: string, invert: boolean): AddressTest | undefined {
    const [host = '', mask] = text.split('/');
    const parts = host.split('.');
    // inet_aton's short forms, as iptables completes them for networks.
    const ip = parseIp(
      parts.length < 4 && /^\d/.test(host) ? [...parts, '0', '0', '0'].slice(0, 4).join('.') : host,
    );
    const bits =
      mask === undefined
        ? 0xffffffff
        : /^\d+$/.test(mask) && Number(mask) <= 32
          ? maskOf(Number(mask))
          : parseIp(mask);
    if (ip === undefined) this.fail(`host/network \`${host}' not found`);
    else if (bits === undefined) this.fail(`invalid mask \`${mask ?? ''}' specified`);
    else return { ip: (ip & bits) >>> 0, mask: bits >>> 0, invert };
    return undefined;
  }

  port(text: string): number {
    const number = /^\d+$/.test(text) ? Number(text) : (SERVICES[text] ?? -1);
    if (number < 0 || number > 65535) this.fail(`invalid port/service \`${text}' specified`);
    return number;
  }

  range(text: string, separator: string): NumberRange {
    const [low = '', high] = text.split(separator);
    const from = low === '' ? 0 : this.port(low);
    return { low: from, high: high === undefined ? from : high === '' ? 65535 : this.port(high) };
  }

  ports(text: string, invert: boolean): PortTest {
    const range = this.range(text, ':');
    if (range.low > range.high) this.fail('invalid portrange (min > max)');
    return { ...range, invert };
  }

  /** Ports of an address translation, which are numbers only. */
  natPorts(text: string): NumberRange {
    const [low = '', high] = text.split('-');
    const one = (word: string): number => {
      const good = /^\d+$/.test(word) && Number(word) > 0 && Number(word) <= 65535;
      if (!good) this.fail(`Port \`${word}' not valid`);
      return Number(word);
    };
    const from = one(low);
    const to = high === undefined ? from : one(high);
    if (to < from) this.fail(`Port range \`${high}' funky`);
    return { low: from, high: to };
  }

  /** A count of an extension (`statistic --every`), from `least` to `most`. */
  count(text: string, owner: string, option: string, least: number, most = 0xffffffff): number {
    const number = integerOf(text);
    if (number === undefined || number < least || number > most)
      this.fail(
        `${owner}: bad value for option "${option}", or out of range (${least}-${most}).\n`,
      );
    return number ?? 0;
  }

  number(text: string, owner: string, option: string): number {
    const number = integerOf(text);
    if (number === undefined || number > 0xffffffff)
      this.fail(`${owner}: bad integer value for option "${option}", or out of range.\n`);
    return (number ?? 0) >>> 0;
  }

  masked(text: string, owner: string, option: string): { value: number; mask: number } {
    const [value = '', mask] = text.split('/');
    return {
      value: this.number(value, owner, option),
      mask: mask === undefined ? 0xffffffff : this.number(mask, owner, option),
    };
  }

  bits(names: readonly (readonly [string, number])[], text: string, what: string): number {
    let bits = 0;
    for (const name of text.split(',')) {
      const found = names.find(([known]) => known === name.toUpperCase());
      if (found === undefined) this.fail(`${what} "${name}"`);
      else bits |= found[1];
    }
    return bits;
  }

  icmpType(text: string): number {
    const names: Record<string, number> = {
      any: 255,
      'echo-request': 8,
      ping: 8,
      'echo-reply': 0,
      pong: 0,
    };
    if (/^\d+\/\d+$/.test(text)) this.fail('codes of ICMP types are not modelled here');
    const type = /^\d+$/.test(text) ? Number(text) : names[text];
    if (type === undefined || type > 255) this.fail(`Unknown ICMP type \`${text}'`);
    return type ?? 0;
  }

  owner(text: string): NumberRange {
    const [low = '', high] = text.split('-');
    const names: Record<string, number> = { root: 0, nobody: 65534 };
    const id = (name: string): number => (/^\d+$/.test(name) ? Number(name) : (names[name] ?? -1));
    const range = { low: id(low), high: id(high ?? low) };
    if (range.low < 0 || range.high < 0)
      this.fail(`owner: Bad value for "--uid-owner" option: "${text}"`);
    return range;
  }

  addresses(text: string): NumberRange {
    const [low = '', high] = text.split('-');
    const from = parseIp(low);
    const to = parseIp(high ?? low);
    if (from === undefined || to === undefined)
      this.fail(`Bad IP address "${from === undefined ? low : high}"`);
    return { low: from ?? 0, high: to ?? 0 };
  }
}

/** As strtoul reads it: decimal, 0x hexadecimal or 0 octal. */
function integerOf(text: string): number | undefined {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(0[xX][0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : undefined;
}

/** Splits a line of iptables-restore: blanks, quotes and backslashes. */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] as string;
    if (char === '\\' && quoted) {
      index += 1;
      word = (word ?? '') + (line[index] ?? '');
    } else if (char === '"') {
      quoted = !quoted;
      word ??= '';
    } else if (!quoted && (char === ' ' || char === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}
