/** txn: compares, success and failure requests from standard input (etcd 3.6, txn_command.go). */
import { bytesOfEscaped } from '../../../ground/lang/printf.ts';
import { textOf } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Compare, RequestOp } from '../../../spine/etcd/wire/index.ts';
import { parseArguments } from './flags.ts';
import { delRequest, getRequest, putRequest, readAll } from './kv.ts';
import { parseLease } from './numbers.ts';
import { printTxn } from './print.ts';
import { EXIT_INVALID_INPUT, fail, failCall, isSet, type Session } from './session.ts';

const PROMPTS = [
  'compares:\n',
  'success requests (get, put, del):\n',
  'failure requests (get, put, del):\n',
];
const RESULTS: Readonly<Record<string, Compare['result']>> = {
  '=': 'EQUAL',
  '!=': 'NOT_EQUAL',
  '<': 'LESS',
  '>': 'GREATER',
};
const TARGETS: Readonly<Record<string, Compare['target']>> = {
  ver: 'VERSION',
  version: 'VERSION',
  c: 'CREATE',
  create: 'CREATE',
  m: 'MOD',
  mod: 'MOD',
  val: 'VALUE',
  value: 'VALUE',
  lease: 'LEASE',
};

export function* txn(session: Session): Task<number> {
  const { process, client, printer } = session;
  const interactive = isSet(session, 'interactive') || process.stdin.terminal !== undefined;
  const blocks = interactive
    ? yield* askBlocks(session)
    : blocksOf(textOf(yield* readAll(session)));
  const compare: Compare[] = [];
  for (const line of blocks[0] ?? []) {
    const parsed = parseCompare(line);
    if (!parsed.ok) return yield* fail(process, parsed.error, EXIT_INVALID_INPUT);
    compare.push(parsed.value);
  }
  const success = parseRequests(blocks[1] ?? []);
  const failure = parseRequests(blocks[2] ?? []);
  if (!success.ok) return yield* fail(process, success.error, EXIT_INVALID_INPUT);
  if (!failure.ok) return yield* fail(process, failure.error, EXIT_INVALID_INPUT);
  const answer = yield* client.txn({ compare, success: success.value, failure: failure.value });
  if (!answer.ok) return yield* failCall(session, answer.error);
  yield* process.stdout.write(bytesOfEscaped(printTxn(printer, answer.value)));
  return 0;
}

function blocksOf(text: string): string[][] {
  const blocks: string[][] = [[]];
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      if (blocks.length < 3) blocks.push([]);
      else break;
    } else (blocks[blocks.length - 1] as string[]).push(line);
  }
  return blocks;
}

/** Prompts for each block; a line is one read. */
function* askBlocks(session: Session): Task<string[][]> {
  const { process } = session;
  const blocks: string[][] = [];
  let rest = '';
  let ended = false;
  for (const prompt of PROMPTS) {
    yield* process.print(prompt);
    const lines: string[] = [];
    for (;;) {
      while (!rest.includes('\n') && !ended) {
        const piece = yield* process.stdin.read();
        if (!piece.ok || piece.value === undefined) ended = true;
        else rest += textOf(piece.value);
      }
      const end = rest.indexOf('\n');
      const line = end < 0 ? rest : rest.slice(0, end);
      rest = end < 0 ? '' : rest.slice(end + 1);
      if (line.trim() === '') break;
      lines.push(line);
    }
    blocks.push(lines);
  }
  return blocks;
}

/** `mod("key1") > "0"` */
function parseCompare(line: string): Result<Compare, string> {
  const match = /^\s*(\w+)\("((?:[^"\\]|\\.)*)"\)\s+(=|!=|<|>)\s+"((?:[^"\\]|\\.)*)"\s*$/.exec(
    line,
  );
  if (match === null)
    return err(`malformed comparison: ${line}; got ${line.split(/[\s(]/)[0] ?? ''}  ""`);
  const target = TARGETS[(match[1] as string).toLowerCase()];
  const result = RESULTS[match[3] as string];
  if (target === undefined || result === undefined) {
    return err(`malformed comparison: ${line} (unknown target ${match[1]})`);
  }
  const key = unquote(match[2] as string);
  const text = unquote(match[4] as string);
  if (target === 'VALUE') return ok({ key, target, result, operand: text });
  const operand =
    target === 'LEASE' ? parseLease(text) : /^-?\d+$/.test(text) ? Number(text) : undefined;
  if (operand === undefined) return err(`invalid txn compare request: ${line}`);
  return ok({ key, target, result, operand });
}

function parseRequests(lines: readonly string[]): Result<RequestOp[], string> {
  const ops: RequestOp[] = [];
  for (const line of lines) {
    const words = splitWords(line);
    const args = parseArguments(words, new Map());
    if (!args.ok) return err(args.error);
    const [command, ...rest] = args.value.words;
    const { flags } = args.value;
    if (command === 'get') {
      const range = getRequest(rest, flags);
      if (!range.ok) return range;
      ops.push({ range: range.value });
    } else if (command === 'put') {
      const put = putRequest(rest, flags);
      if (!put.ok) return put;
      ops.push({ put: put.value });
    } else if (command === 'del') {
      const deleteRange = delRequest(rest, flags);
      if (!deleteRange.ok) return deleteRange;
      ops.push({ deleteRange: deleteRange.value });
    } else return err(`invalid txn request: ${line}`);
  }
  return ok(ops);
}

/** Words, with Go-quoted strings as one. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
    words.push(match[1] !== undefined ? unquote(match[1]) : (match[2] ?? match[3] ?? ''));
  }
  return words;
}

function unquote(text: string): string {
  return text.replace(
    /\\x([0-9a-fA-F]{2})|\\(.)/g,
    (_all, hex: string | undefined, char: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return char === 'n' ? '\n' : char === 't' ? '\t' : char === 'r' ? '\r' : char;
    },
  );
}
