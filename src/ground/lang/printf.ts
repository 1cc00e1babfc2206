/**
 * printf(1) and the escapes of echo(1): the format language of bash's and coreutils' printf, as a pure
 * function from format and arguments to text. Faults are listed with the arguments that caused them;
 * the caller words the prefix.
 */
import { concatBytes, textOf, utf8 } from '../base/bytes.ts';
import { ansiEscapes, quoteShell } from './shell-quote.ts';

export interface Printed {
  readonly text: string;
  /** `abc: invalid number`, without prefix. */
  readonly faults: readonly string[];
  /** What is said but is no failure: `99999999999999999999: Numerical result out of range`. */
  readonly warnings: readonly string[];
}

export interface PrintfOptions {
  /** Seconds since the epoch as text by a strftime format, for `%(…)T`. */
  readonly time?: (format: string, seconds: number | undefined) => string;
  /** `\c` in the format ends the output (coreutils; bash prints it). */
  readonly stops?: boolean;
}

/** Longest output of one call. */
const OUTPUT_MAX = 4_000_000;
const INTEGER_MAX = 0x7fff_ffff_ffff_ffffn;

/** Decodes `\n`, `\t`, `\0nn`, `\xHH`, `\uHHHH`; `\c` ends the text. */
export function decodeEscapes(
  text: string,
  zeroOctal: boolean,
): { readonly text: string; readonly stop: boolean } {
  if (!text.includes('\\')) return { text, stop: false };
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char !== '\\' || index + 1 >= text.length) {
      out += char;
      continue;
    }
    const escape = readEscape(text, index, zeroOctal);
    if (escape === undefined) return { text: joinedBytes(out), stop: true };
    out += escape.text;
    index = escape.end - 1;
  }
  return { text: joinedBytes(out), stop: false };
}

/** Bytes above 0x7f of escapes stand in texts as U+DC80 + byte until they are joined or written. */
const BYTES = 0xdc00;

function byteText(value: number): string {
  return String.fromCharCode(value < 0x80 ? value : BYTES + value);
}

/** Runs of escaped bytes that are UTF-8 become their letters. */
function joinedBytes(text: string): string {
  return text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]+/g, (run) => {
    const bytes = Uint8Array.from(run, (unit) => unit.charCodeAt(0) - BYTES);
    const decoded = textOf(bytes);
    return decoded.includes('\ufffd') ? run : decoded;
  });
}

/** UTF-8 of a text in which escapes may have left single bytes. */
export function bytesOfEscaped(text: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(text)) return utf8(text);
  const parts = text.split(/(?<![\ud800-\udbff])([\udc80-\udcff]+)/);
  return concatBytes(
    parts.map((part, index) =>
      index % 2 === 0 ? utf8(part) : Uint8Array.from(part, (unit) => unit.charCodeAt(0) - BYTES),
    ),
  );
}

/** The escape at `at`; undefined for `\c`. */
function readEscape(
  text: string,
  at: number,
  zeroOctal: boolean,
): { readonly text: string; readonly end: number } | undefined {
  const letter = text[at + 1] as string;
  if (letter === 'c') return undefined;
  const simple = ansiEscapes.get(letter);
  if (simple !== undefined) return { text: simple, end: at + 2 };
  const rest = text.slice(at + 1, at + 12);
  const octal = (zeroOctal ? /^0([0-7]{0,3})/ : /^([0-7]{1,3})/).exec(rest);
  if (octal !== null) {
    const value = Number.parseInt(octal[1] === '' ? '0' : (octal[1] as string), 8) & 255;
    return { text: byteText(value), end: at + 1 + octal[0].length };
  }
  const hex = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest);
  if (hex !== null) {
    const value = Number.parseInt((hex[1] ?? hex[2] ?? hex[3]) as string, 16);
    if (hex[1] !== undefined) return { text: byteText(value), end: at + 1 + hex[0].length };
    return {
      text: value <= 0x10ffff ? String.fromCodePoint(value) : '',
      end: at + 1 + hex[0].length,
    };
  }
  return { text: `\\${letter}`, end: at + 2 };
}

/** Formats; the format is used again while arguments are left. */
export function formatPrintf(
  format: string,
  args: readonly string[],
  options: PrintfOptions = {},
): Printed {
  const run = new Run(format, args, options);
  run.all();
  return { text: joinedBytes(run.out), faults: run.faults, warnings: run.warnings };
}

class Run {
  out = '';
  readonly faults: string[] = [];
  readonly warnings: string[] = [];
  readonly #format: string;
  readonly #args: readonly string[];
  readonly #options: PrintfOptions;
  #next = 0;
  #stopped = false;

  constructor(format: string, args: readonly string[], options: PrintfOptions) {
    this.#format = format;
    this.#args = args;
    this.#options = options;
  }

  all(): void {
    do {
      const before = this.#next;
      this.#once();
      if (this.#next === before) return;
    } while (!this.#stopped && this.#next < this.#args.length && this.out.length < OUTPUT_MAX);
  }

  #take(): string | undefined {
    const value = this.#args[this.#next];
    if (this.#next < this.#args.length) this.#next += 1;
    return value;
  }

  #once(): void {
    const format = this.#format;
    let index = 0;
    while (index < format.length && !this.#stopped) {
      const char = format[index] as string;
      if (char === '\\' && index + 1 < format.length) {
        const escape = readEscape(format, index, false);
        if (escape === undefined && this.#options.stops === true) {
          this.#stopped = true;
          return;
        }
        if (escape === undefined) {
          this.out += '\\c';
          index += 2;
          continue;
        }
        this.out += format[index + 1] === '"' ? '"' : escape.text;
        index = escape.end;
      } else if (char === '%') {
        index = this.#directive(index);
      } else {
        this.out += char;
        index += 1;
      }
    }
  }

  #directive(at: number): number {
    const format = this.#format;
    if (format[at + 1] === '%') {
      this.out += '%';
      return at + 2;
    }
    const match =
      /^%([-+ 0#']*)(\*|\d+)?(?:\.(\*|-?\d+)?)?[hlLjzt]*(\([^)]*\)T|[a-gikm-su-yA-KM-Z])/.exec(
        format.slice(at, at + 200),
      );
    if (match === null) {
      const rest = format
        .slice(at)
        .replace(/^%[-+ 0#']*(?:\*|\d+)?(?:\.(?:\*|-?\d+)?)?[hlLqjzt]*/, '');
      this.faults.push(
        rest === ''
          ? "`%': missing format character"
          : `\`${rest.charAt(0)}': invalid format character`,
      );
      this.#stopped = true;
      return format.length;
    }
    let flags = match[1] as string;
    let width = match[2] === '*' ? Number(this.#take() ?? '0') : Number(match[2] ?? '0');
    if (width < 0) {
      flags += '-';
      width = -width;
    }
    const hasPoint = /\./.test(match[0].slice(0, -(match[4] as string).length));
    const precision = !hasPoint
      ? undefined
      : match[3] === '*'
        ? Number(this.#take() ?? '0')
        : Number(match[3] ?? '0');
    const conversion = match[4] as string;
    this.#convert(conversion, {
      flags,
      width: Math.min(width, 100_000),
      precision: precision !== undefined && precision < 0 ? undefined : precision,
    });
    return at + match[0].length;
  }

  #convert(conversion: string, shape: Shape): void {
    switch (conversion) {
      case 's':
        this.out += padded(cut(this.#take() ?? '', shape.precision), shape);
        return;
      case 'b': {
        const decoded = decodeEscapes(this.#take() ?? '', true);
        this.out += padded(cut(decoded.text, shape.precision), shape);
        if (decoded.stop) this.#stopped = true;
        return;
      }
      case 'q':
        this.out += padded(quoteShell(this.#take() ?? ''), shape);
        return;
      case 'c':
        this.out += padded([...(this.#take() ?? '')][0] ?? '\0', shape);
        return;
      case 'd':
      case 'i':
      case 'u':
      case 'o':
      case 'x':
      case 'X':
        this.out += formatInteger(
          conversion,
          this.#integer(conversion !== 'd' && conversion !== 'i'),
          shape,
        );
        return;
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
      case 'a':
      case 'A':
        this.out += formatFloat(conversion, this.#float(), shape);
        return;
      default:
        if (conversion.endsWith('T')) {
          const given = this.#take();
          const seconds =
            given === undefined || given === '-1' || given === '-2' ? undefined : Number(given);
          this.out += padded(this.#options.time?.(conversion.slice(1, -2), seconds) ?? '', shape);
          return;
        }
        this.faults.push(`\`${conversion}': invalid format character`);
        this.#stopped = true;
    }
  }

  #integer(unsigned: boolean): bigint {
    const text = this.#take();
    if (text === undefined || text === '') return 0n;
    if (text[0] === "'" || text[0] === '"') return BigInt(text.codePointAt(1) ?? 0);
    const match = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*(?![0-9])|[1-9]\d*|0[0-7]*)/.exec(text);
    if (match === null) {
      this.faults.push(`${text}: invalid number`);
      return 0n;
    }
    const digits = match[2] as string;
    let value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    if (match[1] === '-') value = -value;
    if (match[0].length < text.length)
      this.faults.push(`${text}: invalid ${/^0\d/.test(text.trim()) ? 'octal ' : ''}number`);
    const clamped =
      value > INTEGER_MAX ? INTEGER_MAX : value < -INTEGER_MAX - 1n ? -INTEGER_MAX - 1n : value;
    if (clamped !== value && !(unsigned && BigInt.asUintN(64, value) === value))
      this.warnings.push(`${text}: Numerical result out of range`);
    return unsigned && BigInt.asUintN(64, value) === value ? BigInt.asIntN(64, value) : clamped;
  }

  #float(): number {
    const text = this.#take();
    if (text === undefined || text === '') return 0;
    if (text[0] === "'" || text[0] === '"') return text.codePointAt(1) ?? 0;
    const match =
      /^\s*[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan|0[xX][0-9a-fA-F]+)/i.exec(
        text,
      );
    if (match === null || match[0].length < text.length)
      this.faults.push(`${text}: invalid number`);
    if (match === null) return 0;
    if (/inf/i.test(match[0]))
      return match[0].includes('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    return Number(match[0]);
  }
}

export interface Shape {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('');
}

export function padded(text: string, shape: Shape): string {
  const missing = shape.width - [...text].length;
  if (missing <= 0) return text;
  return shape.flags.includes('-') ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}

function signed(body: string, negative: boolean, shape: Shape, zeros: boolean): string {
  const sign = negative
    ? '-'
    : shape.flags.includes('+')
      ? '+'
      : shape.flags.includes(' ')
        ? ' '
        : '';
  if (zeros && shape.flags.includes('0') && !shape.flags.includes('-')) {
    return sign + body.padStart(shape.width - sign.length, '0');
  }
  return padded(sign + body, shape);
}

/** `%d` and its kin, as C formats them. */
export function formatInteger(conversion: string, value: bigint, shape: Shape): string {
  const unsigned = conversion !== 'd' && conversion !== 'i';
  const magnitude = unsigned ? BigInt.asUintN(64, value) : value < 0n ? -value : value;
  let body = magnitude.toString(
    conversion === 'o' ? 8 : conversion === 'x' || conversion === 'X' ? 16 : 10,
  );
  if (shape.flags.includes("'") && !unsigned) body = body.replace(/\B(?=(\d{3})+$)/g, '');
  if (shape.precision !== undefined)
    body = shape.precision === 0 && magnitude === 0n ? '' : body.padStart(shape.precision, '0');
  if (shape.flags.includes('#') && magnitude !== 0n) {
    if (conversion === 'o' && body[0] !== '0') body = `0${body}`;
    if (conversion === 'x' || conversion === 'X') {
      if (shape.flags.includes('0') && !shape.flags.includes('-') && shape.precision === undefined)
        body = body.padStart(shape.width - 2, '0');
      body = `0x${body}`;
    }
  }
  if (conversion === 'X') body = body.toUpperCase();
  const plain: Shape = unsigned ? { ...shape, flags: shape.flags.replace(/[+ ]/g, '') } : shape;
  return signed(body, !unsigned && value < 0n, plain, shape.precision === undefined);
}

/** `%e`, `%f`, `%g`, as C formats them. */
export function formatFloat(conversion: string, value: number, shape: Shape): string {
  const kind = conversion.toLowerCase();
  const negative = value < 0 || Object.is(value, -0);
  const magnitude = Math.abs(value);
  let body: string;
  if (Number.isNaN(value)) body = 'nan';
  else if (magnitude === Number.POSITIVE_INFINITY) body = 'inf';
  else if (kind === 'f') body = fixed(magnitude, shape.precision ?? 6);
  else if (kind === 'e') body = exponential(magnitude, shape.precision ?? 6);
  else body = general(magnitude, shape.precision ?? 6, shape.flags.includes('#'));
  if (shape.precision === 0 && shape.flags.includes('#') && kind === 'f') body += '.';
  if (conversion !== kind) body = body.toUpperCase();
  return signed(body, negative && !Number.isNaN(value), shape, Number.isFinite(value));
}

/** toFixed knows 100 digits and numbers below 1e21; beyond that the digits come from BigInt. */
function fixed(value: number, digits: number): string {
  if (value >= 1e21) return BigInt(value).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  if (digits <= 100) return value.toFixed(digits);
  return value.toFixed(100) + '0'.repeat(digits - 100);
}

function exponential(value: number, digits: number): string {
  return value.toExponential(Math.min(digits, 100)).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `%g`: the shorter of the two, trailing zeros dropped. */
export function general(value: number, precision: number, keepZeros = false): string {
  const digits = precision === 0 ? 1 : Math.min(precision, 100);
  if (value === 0) return keepZeros ? `0.${'0'.repeat(digits - 1)}` : '0';
  const exponent = Number(value.toExponential(digits - 1).split('e')[1]);
  const scientific = exponent < -4 || exponent >= digits;
  const text = scientific ? exponential(value, digits - 1) : fixed(value, digits - 1 - exponent);
  if (keepZeros) return text;
  const [mantissa = '', power] = text.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/0+$/, '').replace(/\.$/, '') : mantissa;
  return power === undefined ? short : `${short}e${power}`;
}
