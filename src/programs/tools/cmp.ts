/** cmp: where two files differ first, or everywhere (GNU diffutils 3.8). */
import { strerror } from '../../machines/network/errno.ts';
import {
  complain,
  defineTool,
  openInput,
  Output,
  parseOptions,
  parseSize,
  readAll,
} from './support.ts';

const HELP = "cmp: Try 'cmp --help' for more information.\n";

export const cmp = defineTool('cmp', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'blsi:n:',
    long: {
      'print-bytes': 'b',
      verbose: 'l',
      quiet: 's',
      silent: 's',
      'ignore-initial': 'i:',
      bytes: 'n:',
    },
  });
  if (!options.ok) {
    yield* process.printError(`cmp: ${options.error}\n${HELP}`);
    return 2;
  }
  const { value } = options;
  const [left, right = '-', extra] = value.operands;
  if (left === undefined || extra !== undefined) {
    const words = left === undefined ? "missing operand after 'cmp'" : `extra operand '${extra}'`;
    yield* process.printError(`cmp: ${words}\n${HELP}`);
    return 2;
  }
  const sides: Uint8Array[] = [];
  for (const path of [left, right]) {
    const file = openInput(process, path);
    if (!file.ok) {
      if (!value.has('s') || file.error !== 'ENOENT')
        yield* complain(process, `${path}: ${strerror(file.error)}`);
      return 2;
    }
    const skip = parseSize(value.get('i') ?? '0') ?? 0;
    const most = parseSize(value.get('n') ?? '') ?? Number.POSITIVE_INFINITY;
    sides.push((yield* readAll(file.value)).subarray(skip).subarray(0, most));
    file.value.close();
  }
  const [a = new Uint8Array(), b = new Uint8Array()] = sides;
  const shorter = Math.min(a.length, b.length);
  const out = new Output(process);
  let line = 1;
  let differs = false;
  for (let at = 0; at < shorter; at += 1) {
    const x = a[at] as number;
    const y = b[at] as number;
    if (x !== y) {
      if (value.has('s')) return 1;
      if (!value.has('l')) {
        const bytes = value.has('b') ? ` is ${octal(x)} ${shown(x)} ${octal(y)} ${shown(y)}` : '';
        yield* process.print(`${left} ${right} differ: byte ${at + 1}, line ${line}${bytes}\n`);
        return 1;
      }
      differs = true;
      yield* out.write(`${`${at + 1}`.padStart(`${shorter}`.length)} ${octal(x)} ${octal(y)}\n`);
    }
    if (x === 10) line += 1;
  }
  yield* out.flush();
  if (a.length === b.length) return differs ? 1 : 0;
  if (value.has('s')) return 1;
  const short = a.length < b.length ? left : right;
  const ended = a.length < b.length ? a : b;
  const where =
    ended.length === 0
      ? ' which is empty'
      : value.has('l')
        ? ` after byte ${ended.length}`
        : ` after byte ${ended.length}, ${ended.at(-1) === 10 ? 'line' : 'in line'} ${ended.at(-1) === 10 ? line - 1 : line}`;
  yield* process.printError(`cmp: EOF on ${short}${where}\n`);
  return 1;
});

function octal(byte: number): string {
  return byte.toString(8).padStart(3);
}

function shown(byte: number): string {
  if (byte === 10) return '^J';
  if (byte < 32) return `^${String.fromCharCode(byte + 64)}`;
  return byte === 127 ? '^?' : byte > 127 ? `M-${shown(byte - 128)}` : String.fromCharCode(byte);
}
