/** watch (etcd 3.6, watch_command.go): prints events until it is interrupted, or runs a command for each. */
import { bytesOfEscaped } from '../../../ground/lang/printf.ts';
import { textOf } from '../../../ground/base/bytes.ts';
import { quote } from '../../../ground/base/text.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import type {
  WatchCreateRequest,
  WatchEvent,
  WatchResponse,
} from '../../../spine/etcd/wire/index.ts';
import { parseArguments } from './flags.ts';
import { rangeOf } from './kv.ts';
import { printWatch } from './print.ts';
import {
  EXIT_BAD_ARGUMENTS,
  EXIT_INVALID_INPUT,
  fail,
  failCall,
  flag,
  isSet,
  type Session,
} from './session.ts';

export function* watch(session: Session, words: readonly string[]): Task<number> {
  const { process, args } = session;
  if (isSet(session, 'interactive')) return yield* interactive(session);
  const key = process.env.get('ETCDCTL_WATCH_KEY');
  const end = process.env.get('ETCDCTL_WATCH_RANGE_END');
  const given =
    words.length > 0 || key === undefined ? words : end === undefined ? [key] : [key, end];
  const range = rangeOf('watch', given, args.flags);
  if (!range.ok) return yield* fail(process, range.error, EXIT_BAD_ARGUMENTS);
  return yield* follow(session, { ...range.value, ...optionsOf(session) });
}

function optionsOf(session: Session) {
  return {
    startRevision: Number(flag(session, 'rev') || '0'),
    prevKv: isSet(session, 'prev-kv'),
    progressNotify: isSet(session, 'progress-notify'),
  };
}

/** Reads `watch KEY` lines; each begins a watch of its own, all print as they hear. */
function* interactive(session: Session): Task<number> {
  const { process } = session;
  let rest = '';
  for (;;) {
    const read = yield* process.stdin.read();
    if (!read.ok) return yield* fail(process, `error reading watch request line: ${read.error}`);
    if (read.value === undefined) {
      return yield* fail(process, 'Error reading watch request line: EOF', EXIT_INVALID_INPUT);
    }
    const lines = (rest + textOf(read.value)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const words = line.split(/\s+/).filter((word) => word !== '');
      if (words.length === 0) continue;
      const refusal = startWatch(session, words);
      if (refusal !== undefined) yield* process.printError(`${refusal}\n`);
    }
  }
}

/** Begins what one line asks for; a text says why not. */
function startWatch(session: Session, line: readonly string[]): string | undefined {
  const { process } = session;
  if (line[0] === 'progress') return 'progress is not supported by this simulator';
  if (line[0] !== 'watch') {
    return `Invalid command ${line.join(' ')} (command type should be either "watch" or "progress")`;
  }
  const parsed = parseArguments(line, new Map());
  if (!parsed.ok) return `Invalid command ${line.join(' ')} (${parsed.error})`;
  const own: Session = { ...session, args: parsed.value };
  const range = rangeOf('watch', parsed.value.words.slice(1), parsed.value.flags);
  if (!range.ok) return `Invalid command ${line.join(' ')} (${range.error})`;
  process.start('watch', follow(own, { ...range.value, ...optionsOf(own) }));
  return undefined;
}

function* follow(session: Session, request: WatchCreateRequest): Task<number> {
  const { process, args, client, printer } = session;
  const opened = yield* client.watch(request);
  if (!opened.ok) return yield* failCall(session, opened.error);
  for (;;) {
    const response = yield* opened.value.receive();
    if (response === undefined) return yield* fail(process, 'watch is canceled by the server');
    if (response.canceled === true) {
      return yield* fail(process, `watch was canceled (${response.cancelReason ?? ''})`);
    }
    if (response.created === true) continue;
    if (response.events.length === 0) {
      if (request.progressNotify === true)
        yield* process.print(`progress notify: ${response.header.revision}\n`);
      continue;
    }
    yield* process.stdout.write(bytesOfEscaped(printWatch(printer, response)));
    if (args.rest.length > 0) yield* runCommand(session, response);
  }
}

/** Runs the command behind `--` once for each event. */
function* runCommand(session: Session, response: WatchResponse): Task<void> {
  const { process, args } = session;
  for (const event of response.events) {
    const child = process.spawn({ argv: args.rest, env: environment(session, response, event) });
    if (!child.ok) {
      yield* process.printError(
        `command ${quote(args.rest.join(' '))} error (exec: ${quote(args.rest[0] ?? '')}: executable file not found in $PATH)\n`,
      );
      continue;
    }
    yield* anyOf([child.value.exited]);
  }
}

function environment(session: Session, response: WatchResponse, event: WatchEvent) {
  return new Map([
    ...session.process.env,
    ['ETCD_WATCH_REVISION', String(response.header.revision)],
    ['ETCD_WATCH_EVENT_TYPE', quote(event.type)],
    ['ETCD_WATCH_KEY', quote(event.kv.key)],
    ['ETCD_WATCH_VALUE', quote(textOf(bytesOf(event.kv.value)))],
  ]);
}
