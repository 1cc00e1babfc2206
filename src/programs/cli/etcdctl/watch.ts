/** watch (etcd 3.6, watch_command.go): prints events until it is interrupted, or runs a command for each. */
import { textOf } from '../../../ground/base/bytes.ts';
import { quote } from '../../../ground/base/text.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import type {
  WatchCreateRequest,
  WatchEvent,
  WatchResponse,
} from '../../../spine/etcd/wire/index.ts';
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
  const { process, args, client, printer } = session;
  if (isSet(session, 'interactive')) {
    return yield* fail(
      process,
      'interactive watch is not supported by this simulator',
      EXIT_INVALID_INPUT,
    );
  }
  const key = process.env.get('ETCDCTL_WATCH_KEY');
  const end = process.env.get('ETCDCTL_WATCH_RANGE_END');
  const given =
    words.length > 0 || key === undefined ? words : end === undefined ? [key] : [key, end];
  const range = rangeOf('watch', given, args.flags);
  if (!range.ok) return yield* fail(process, range.error, EXIT_BAD_ARGUMENTS);
  const request: WatchCreateRequest = {
    ...range.value,
    startRevision: Number(flag(session, 'rev') || '0'),
    prevKv: isSet(session, 'prev-kv'),
    progressNotify: isSet(session, 'progress-notify'),
  };
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
    yield* process.print(printWatch(printer, response));
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
