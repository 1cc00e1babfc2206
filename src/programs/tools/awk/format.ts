/** awk's printf and sprintf. */
import { formatFloat, formatInteger, padded, type Shape } from '../../../ground/lang/printf.ts';
import type { Machine } from './machine.ts';
import { toNumber, type Value } from './values.ts';

export function formatAwk(machine: Machine, format: string, args: readonly Value[]): string {
  let next = 0;
  const take = (): Value => {
    if (next >= args.length) machine.fail(`not enough arguments to satisfy format string`);
    next += 1;
    return args[next - 1];
  };
  return format.replace(
    /%(?:(\d+)\$)?([-+ 0#']*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|L|q|j|z|t)?([a-zA-Z%])/g,
    (
      whole: string,
      position: string | undefined,
      flagText: string,
      widthText: string | undefined,
      precisionText: string | undefined,
      conversion: string,
    ) => {
      if (conversion === '%') return '%';
      let flags = flagText;
      let width = widthText === '*' ? toNumber(take()) : Number(widthText ?? '0');
      if (width < 0) {
        flags += '-';
        width = -width;
      }
      const hasPoint = whole.includes('.');
      const precision = !hasPoint
        ? undefined
        : precisionText === '*'
          ? toNumber(take())
          : Number(precisionText ?? '0');
      const shape: Shape = { flags, width: Math.min(width, 100_000), precision };
      if (!/[diouxXeEfFgGcsaA]/.test(conversion)) return whole;
      const value = position === undefined ? take() : args[Number(position) - 1];
      return convert(machine, conversion, value, shape);
    },
  );
}

function convert(machine: Machine, conversion: string, value: Value, shape: Shape): string {
  switch (conversion) {
    case 's': {
      const text = machine.text(value);
      return padded(
        shape.precision === undefined ? text : [...text].slice(0, shape.precision).join(''),
        shape,
      );
    }
    case 'c': {
      const char =
        typeof value === 'number' || (value !== undefined && typeof value !== 'string')
          ? String.fromCodePoint(Math.min(0x10ffff, Math.max(0, Math.trunc(toNumber(value)))))
          : ([...machine.text(value)][0] ?? '');
      return padded(char, shape);
    }
    case 'd':
    case 'i':
    case 'o':
    case 'x':
    case 'X':
    case 'u': {
      const number = toNumber(value);
      if (!Number.isFinite(number)) return formatFloat('f', number, shape);
      const whole = Math.trunc(number);
      if ((conversion === 'u' || /[oxX]/.test(conversion)) && whole < 0)
        return formatFloat('f', whole, { ...shape, precision: 0 });
      if (Math.abs(whole) >= 2 ** 63) return formatFloat('f', whole, { ...shape, precision: 0 });
      return formatInteger(conversion, BigInt(whole), shape);
    }
    default:
      return formatFloat(conversion, toNumber(value), shape);
  }
}
