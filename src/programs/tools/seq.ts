/** seq: numbers in a row (GNU coreutils 9.1). */
import type { Process } from '../../machines/machine/process.ts';
import { formatFloat } from '../../ground/lang/printf.ts';
import { Output, complain, defineTool, parseOptions, quoted, usageError } from './support.ts';

export const seq = defineTool('seq', function* run(process, args) {
  const numeric = args.map((arg) => (/^-[\d.]/.test(arg) ? `\0${arg}` : arg));
  const options = parseOptions(numeric, {
    short: 's:wf:',
    long: { separator: 's:', 'equal-width': 'w', format: 'f:' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const texts = options.value.operands.map((text) => text.replace('\0', ''));
  if (texts.length === 0) return yield* usageError(process, 'missing operand');
  if (texts.length > 3)
    return yield* usageError(process, `extra operand ${quoted(process, texts[3] as string)}`);
  for (const text of texts)
    if (!/^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?)$/i.test(text))
      return yield* usageError(
        process,
        `invalid floating point argument: ${quoted(process, text)}`,
      );
  const [first, step, last] =
    texts.length === 1
      ? ['1', '1', texts[0]]
      : texts.length === 2
        ? [texts[0], '1', texts[1]]
        : texts;
  const from = numberOf(first as string);
  const by = numberOf(step as string);
  const to = numberOf(last as string);
  if (by === 0)
    return yield* usageError(
      process,
      `invalid Zero increment value: ${quoted(process, step as string)}`,
    );
  const digits = Math.max(decimals(first as string), decimals(step as string));
  const count = Math.floor((to - from) / by + 1e-10) + 1;
  const format = options.value.get('f');
  const wrong = format === undefined ? undefined : formatFault(process, format);
  if (wrong !== undefined) {
    yield* complain(process, wrong);
    return 1;
  }
  const width = options.value.has('w')
    ? Math.max(from.toFixed(digits).length, (from + by * (count - 1)).toFixed(digits).length)
    : 0;
  const separator = options.value.get('s') ?? '\n';
  const out = new Output(process);
  for (let index = 0; index < count; index += 1) {
    if (index % 1000 === 999) yield* process.work(500);
    const value = from + by * index;
    const text =
      format !== undefined ? formatNumber(format, value) : signedPad(value.toFixed(digits), width);
    yield* out.write((index === 0 ? '' : separator) + text);
  }
  if (count > 0) yield* out.write('\n');
  yield* out.flush();
  return 0;
});

/** What is wrong with the format of -f. */
function formatFault(process: Process, format: string): string | undefined {
  const directives = format.replace(/%%/g, '').match(/%[-+ 0#']*\d*(?:\.\d+)?(.?)/g) ?? [];
  const shown = quoted(process, format);
  const letter = directives[0]?.at(-1) ?? '';
  if (directives.length === 0) return `format ${shown} has no % directive`;
  if (letter === '%') return `format ${shown} ends in %`;
  if (!/[efgaEFGA]/.test(letter)) return `format ${shown} has unknown %${letter} directive`;
  return directives.length > 1 ? `format ${shown} has too many % directives` : undefined;
}

function numberOf(text: string): number {
  if (!/inf/i.test(text)) return Number(text);
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function decimals(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function signedPad(text: string, width: number): string {
  return text.startsWith('-')
    ? `-${text.slice(1).padStart(width - 1, '0')}`
    : text.padStart(width, '0');
}

function formatNumber(format: string, value: number): string {
  return format.replace(
    /%([-+ 0#]*)(\d*)(?:\.(\d+))?([efgEFG])/,
    (_, flags: string, width: string, precision: string | undefined, letter: string) =>
      formatFloat(letter, value, {
        flags,
        width: Number(width),
        precision: precision === undefined ? undefined : Number(precision),
      }),
  );
}
