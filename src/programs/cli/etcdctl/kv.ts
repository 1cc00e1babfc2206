/** get, put, del, compaction (etcd 3.6, etcdctl/ctlv3/command/{get,put,del,compaction}_command.go). */
import { bytesOfEscaped } from '../../../ground/lang/printf.ts';
import { concatBytes, utf8 } from '../../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import {
  type DeleteRangeRequest,
  prefixEnd,
  type PutRequest,
  type RangeRequest,
} from '../../../spine/etcd/wire/index.ts';
import { parseLease } from './numbers.ts';
import { printDelete, printPut, printRange } from './print.ts';
import { EXIT_BAD_ARGUMENTS, fail, failCall, isSet, type Session } from './session.ts';

type Flags = ReadonlyMap<string, string>;

/** Key and end of `k [end]`, --prefix and --from-key. */
export function rangeOf(
  command: string,
  words: readonly string[],
  flags: Flags,
): Result<{ key: string; rangeEnd?: string }, string> {
  const prefix = flags.get('prefix') === 'true';
  const fromKey = flags.get('from-key') === 'true';
  if (prefix && fromKey) {
    return err('`--prefix` and `--from-key` cannot be set at the same time, choose one');
  }
  const [key, end, ...more] = words;
  if (key === undefined || more.length > 0) {
    return err(
      `${command} command needs one argument as key and an optional argument as range_end`,
    );
  }
  if (end !== undefined) {
    if (prefix || fromKey)
      return err(
        'too many arguments, only accept one argument when `--prefix` or `--from-key` is set',
      );
    return ok({ key, rangeEnd: end });
  }
  if (prefix)
    return ok(key === '' ? { key: '\0', rangeEnd: '\0' } : { key, rangeEnd: prefixEnd(key) });
  if (fromKey) return ok({ key: key === '' ? '\0' : key, rangeEnd: '\0' });
  return ok({ key });
}

export function getRequest(words: readonly string[], flags: Flags): Result<RangeRequest, string> {
  const range = rangeOf('get', words, flags);
  if (!range.ok) return range;
  const number = (name: string): number => Number(flags.get(name) ?? '0');
  const order = (flags.get('order') ?? '').toUpperCase();
  if (!['', 'ASCEND', 'DESCEND'].includes(order))
    return err(`bad sort order ${flags.get('order')}`);
  const target = (flags.get('sort-by') ?? '').toUpperCase();
  const targets: Readonly<Record<string, RangeRequest['sortTarget']>> = {
    '': 'KEY',
    KEY: 'KEY',
    CREATE: 'CREATE',
    MODIFY: 'MOD',
    VALUE: 'VALUE',
    VERSION: 'VERSION',
  };
  const sortTarget = targets[target];
  if (sortTarget === undefined) return err(`bad sort target ${flags.get('sort-by')}`);
  const consistency = flags.get('consistency') ?? 'l';
  if (consistency !== 'l' && consistency !== 's')
    return err(`unknown consistency flag "${consistency}"`);
  return ok({
    ...range.value,
    limit: number('limit'),
    revision: number('rev'),
    sortOrder: order === '' ? 'NONE' : (order as 'ASCEND' | 'DESCEND'),
    sortTarget,
    serializable: consistency === 's',
    keysOnly: flags.get('keys-only') === 'true',
    countOnly: flags.get('count-only') === 'true',
    ...(flags.has('min-mod-rev') ? { minModRevision: number('min-mod-rev') } : {}),
    ...(flags.has('max-mod-rev') ? { maxModRevision: number('max-mod-rev') } : {}),
    ...(flags.has('min-create-rev') ? { minCreateRevision: number('min-create-rev') } : {}),
    ...(flags.has('max-create-rev') ? { maxCreateRevision: number('max-create-rev') } : {}),
  });
}

const PUT_ARGUMENTS = 'put command needs 1 argument and input from stdin or 2 arguments';

export function putRequest(words: readonly string[], flags: Flags): Result<PutRequest, string> {
  const [key, value, ...more] = words;
  const ignoreValue = flags.get('ignore-value') === 'true';
  if (key === undefined || more.length > 0 || (ignoreValue && value !== undefined)) {
    return err(PUT_ARGUMENTS);
  }
  const lease = parseLease(flags.get('lease') ?? '0');
  if (lease === undefined)
    return err(
      `bad lease ID (strconv.ParseInt: parsing "${flags.get('lease')}": invalid syntax), expecting ID in Hex`,
    );
  return ok({
    key,
    value: utf8(value ?? ''),
    lease,
    prevKv: flags.get('prev-kv') === 'true',
    ignoreValue,
    ignoreLease: flags.get('ignore-lease') === 'true',
  });
}

export function delRequest(
  words: readonly string[],
  flags: Flags,
): Result<DeleteRangeRequest, string> {
  const range = rangeOf('del', words, flags);
  return range.ok ? ok({ ...range.value, prevKv: flags.get('prev-kv') === 'true' }) : range;
}

export function* get(session: Session, words: readonly string[]): Task<number> {
  const { process, args, printer, client } = session;
  const request = getRequest(words, args.flags);
  if (!request.ok) return yield* fail(process, request.error, EXIT_BAD_ARGUMENTS);
  const countOnly = request.value.countOnly === true;
  if (countOnly && printer.format === 'simple') {
    return yield* fail(
      process,
      '--count-only is only for `--write-out=fields`',
      EXIT_BAD_ARGUMENTS,
    );
  }
  const answer = yield* client.range(request.value);
  if (!answer.ok) return yield* failCall(session, answer.error);
  yield* process.stdout.write(bytesOfEscaped(printRange(printer, answer.value, countOnly)));
  return 0;
}

export function* put(session: Session, words: readonly string[]): Task<number> {
  const { process, args, printer, client } = session;
  const request = putRequest(words, args.flags);
  if (!request.ok) return yield* fail(process, request.error, EXIT_BAD_ARGUMENTS);
  let value = request.value.value;
  if (words.length === 1 && !isSet(session, 'ignore-value')) {
    value = yield* readAll(session);
    // Nothing to read counts as nothing given.
    if (value.length === 0) return yield* fail(process, PUT_ARGUMENTS, EXIT_BAD_ARGUMENTS);
  }
  const answer = yield* client.put({ ...request.value, value });
  if (!answer.ok) return yield* failCall(session, answer.error);
  yield* process.stdout.write(bytesOfEscaped(printPut(printer, answer.value)));
  return 0;
}

export function* readAll(session: Session): Task<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const piece = yield* session.process.stdin.read();
    if (!piece.ok || piece.value === undefined) break;
    parts.push(piece.value);
  }
  return parts.length === 0 ? new Uint8Array(0) : concatBytes(parts);
}

export function* del(session: Session, words: readonly string[]): Task<number> {
  const { process, args, printer, client } = session;
  const request = delRequest(words, args.flags);
  if (!request.ok) return yield* fail(process, request.error, EXIT_BAD_ARGUMENTS);
  const answer = yield* client.deleteRange(request.value);
  if (!answer.ok) return yield* failCall(session, answer.error);
  yield* process.stdout.write(bytesOfEscaped(printDelete(printer, answer.value)));
  return 0;
}

export function* compaction(session: Session, words: readonly string[]): Task<number> {
  const { process, client } = session;
  const [text, ...more] = words;
  if (text === undefined || more.length > 0) {
    return yield* fail(process, 'compaction command needs 1 argument', EXIT_BAD_ARGUMENTS);
  }
  if (!/^\d+$/.test(text)) {
    return yield* fail(process, `strconv.ParseInt: parsing "${text}": invalid syntax`);
  }
  const answer = yield* client.compact({
    revision: Number(text),
    physical: isSet(session, 'physical'),
  });
  if (!answer.ok) return yield* failCall(session, answer.error);
  yield* process.print(`compacted revision ${text}\n`);
  return 0;
}
