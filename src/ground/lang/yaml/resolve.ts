/**
 * What a plain YAML scalar means, by go-yaml v2's rules, which are what Kubernetes reads (the
 * resolve table of the fork in sigs.k8s.io/yaml, v1.6): `y yes true on` and their kin are booleans,
 * dates stay text, there is no base 60, `0777` is octal, `1_000` a number.
 */
import { formatNumber } from '../json.ts';

export type Scalar = string | number | bigint | boolean | null;

const WORDS: ReadonlyMap<string, Scalar> = wordTable();
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const DECIMAL = /^[-+]?(?:0|[1-9][0-9]*)$/;
const OCTAL = /^([-+]?)0[oO]?([0-7]+)$/;
const HEX = /^([-+]?)0[xX]([0-9a-fA-F]+)$/;
const BINARY = /^([-+]?)0[bB]([01]+)$/;

/** The value of a plain, untagged scalar. */
export function resolvePlain(text: string): Scalar {
  const first = text.charCodeAt(0);
  const digit = (first >= 48 && first <= 57) || first === 43 || first === 45;
  if (digit) return resolveNumber(text);
  if (first === 46) {
    const word = WORDS.get(text);
    return word !== undefined ? word : FLOAT.test(text) ? Number(text) : text;
  }
  // Every word of the table has at most five letters.
  if (text.length > 5) return text;
  const word = WORDS.get(text);
  return word === undefined ? text : word;
}

function resolveNumber(text: string): Scalar {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const plain = text.includes('_') ? text.replace(/_/g, '') : text;
  if (DECIMAL.test(plain)) {
    const value = Number(plain);
    if (Number.isSafeInteger(value)) return value + 0;
    return limited(BigInt(plain.startsWith('+') ? plain.slice(1) : plain));
  }
  const based = basedNumber(plain);
  if (based !== undefined) return based;
  // A float keeps its underscores only in the test: `1_0.5` is text, as upstream matches the original.
  return FLOAT.test(plain) ? Number(plain) : text;
}

function basedNumber(text: string): Scalar | undefined {
  const match = HEX.exec(text) ?? OCTAL.exec(text) ?? BINARY.exec(text);
  if (match === null) return undefined;
  const prefix = HEX.test(text) ? '0x' : BINARY.test(text) ? '0b' : '0o';
  const value = BigInt(prefix + (match[2] as string)) * (match[1] === '-' ? -1n : 1n);
  return limited(value);
}

/** Within 64 bits a whole number, beyond a float. */
function limited(value: bigint): Scalar {
  if (value >= -(2n ** 63n) && value < 2n ** 64n) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  return Number(value);
}

function wordTable(): Map<string, Scalar> {
  const words = new Map<string, Scalar>();
  const add = (value: Scalar, ...texts: readonly string[]): void => {
    for (const text of texts) words.set(text, value);
  };
  add(true, 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON');
  add(false, 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF');
  add(null, '', '~', 'null', 'Null', 'NULL');
  add(Number.NaN, '.nan', '.NaN', '.NAN');
  add(Number.POSITIVE_INFINITY, '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF');
  add(Number.NEGATIVE_INFINITY, '-.inf', '-.Inf', '-.INF');
  return words;
}

/** A resolved scalar as the key of a JSON map; undefined when upstream refuses it (null). */
export function keyText(scalar: Scalar): string | undefined {
  if (typeof scalar === 'string') return scalar;
  if (scalar === null) return undefined;
  if (typeof scalar === 'number') return formatNumber(scalar);
  return String(scalar);
}

/** True when a plain scalar of this text would not read back as the same string. */
export function needsQuotes(text: string): boolean {
  return typeof resolvePlain(text) !== 'string' || isTimestamp(text) || isBase60(text);
}

/** Dates and times, which go-yaml writes quoted though it reads them as text. */
function isTimestamp(text: string): boolean {
  return /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[+-]\d{1,2}:?\d{2})?)?$/.test(
    text,
  );
}

/** `190:20:30`: a number in old YAML, which go-yaml writes quoted so that others read it right. */
function isBase60(text: string): boolean {
  return /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);
}
