/** The client's end of exec and attach: streams or the terminal joined to a container (k8s.io/kubectl/pkg/cmd/exec). */
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { OpenFile } from '../../../machines/machine/files-types.ts';
import { streamExec } from '../../../spine/client/remotecommand.ts';
import { exitWith, fail, failApi, type Outcome } from './failure.ts';
import type { Session } from './session.ts';

export interface StreamTarget {
  /** Path with query. */
  readonly target: string;
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Streams that stand in for those of the process. */
export interface OtherStreams {
  readonly stdin?: OpenFile;
  readonly stdout?: OpenFile;
  readonly stderr?: OpenFile;
}

/** Joins this run's streams, or others, to the target until it ends; its exit code becomes ours. `hint` is told first. */
export function* streamTo(
  session: Session,
  wanted: StreamTarget,
  others: OtherStreams = {},
  quiet = false,
  hint = '',
): Task<Outcome<number>> {
  const api = session.api();
  if (!api.ok) return api;
  const { process } = session;
  let { tty } = wanted;
  if (tty && wanted.stdin && process.stdin.terminal === undefined) {
    yield* session.printError(
      'Unable to use a TTY - input is not a terminal or the right kind of file\n',
    );
    tty = false;
  }
  yield* session.printError(hint);
  const target =
    tty === wanted.tty
      ? wanted.target
      : wanted.target.replace('&tty=true', '').replace('&stdout=true', '&stderr=true&stdout=true');
  const outcome = yield* streamExec(process, api.value.client, target, {
    ...(wanted.stdin ? { stdin: others.stdin ?? process.stdin } : {}),
    stdout: others.stdout ?? process.stdout,
    stderr: others.stderr ?? process.stderr,
    tty,
  });
  if (!outcome.ok) {
    // What goes wrong behind the server is told on the stream, not as an answer of the server.
    const { message } = outcome.error;
    return /unable to upgrade connection|error sending request/.test(message)
      ? fail(message)
      : failApi(outcome.error);
  }
  const { code, message } = outcome.value;
  if (message !== '') return fail(message);
  if (code === 0) return ok(0);
  if (!quiet) yield* session.printError(`command terminated with exit code ${code}\n`);
  return exitWith(code);
}
