/**
 * `kubectl exec` (k8s.io/kubectl/pkg/cmd/exec, v0.34): a command in a container over the channel
 * protocol. With -t the far terminal's state comes along, so the innermost shell gets the lines.
 */
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Pod } from '../../../ground/api/types.ts';
import { escapeQuery, resourcePath } from '../../../spine/client/paths.ts';
import { fail, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { attachablePod, containerOf } from './pod-of.ts';
import { fileInfos } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { type StreamTarget, streamTo } from './streams.ts';

export const exec: Verb = {
  name: 'exec',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]',
  short: 'Execute a command in a container',
  flags: flagSpecs(
    "c container='' f filename=[] pod-running-timeout=1m0s q quiet=false i stdin=false t tty=false",
  ),
  *run(session) {
    const { flags, args, dash } = session;
    const files = flags.list('filename');
    if (args.length === 0 && files.length === 0)
      return fail('pod, type/name or --filename must be specified');
    if (files.length === 0 && dash < 0 && args.length > 1) {
      return session.usageError(
        'exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead',
      );
    }
    const command = files.length > 0 ? args : args.slice(Math.max(1, dash));
    if (command.length === 0)
      return fail('you must specify at least one command for the container');
    const pod = yield* podToExec(session, files);
    if (!pod.ok) return pod;
    const phase = pod.value.status?.phase ?? '';
    if (phase === 'Succeeded' || phase === 'Failed') {
      return fail(`cannot exec into a container in a completed pod; current phase is ${phase}`);
    }
    // A container that was named is the server's business.
    const named = flags.text('container');
    const container =
      named === '' ? yield* containerOf(session, pod.value, flags.bool('quiet')) : ok(named);
    if (!container.ok) return container;
    const stdin = flags.bool('stdin');
    return yield* streamTo(
      session,
      execTarget(pod.value, container.value, command, stdin, flags.bool('tty')),
    );
  },
};

function* podToExec(session: Session, files: readonly string[]): Task<Outcome<Pod>> {
  const limit = session.flags.duration('pod-running-timeout');
  if (files.length === 0) return yield* attachablePod(session, session.args[0] as string, limit);
  const infos = yield* fileInfos(session, files);
  if (!infos.ok) return infos;
  const first = infos.value.infos[0];
  if (first === undefined)
    return {
      ok: false,
      error: infos.value.failures[0] ?? { kind: 'text', text: 'no objects passed to exec' },
    };
  return yield* attachablePod(session, `${first.mapping.resource}/${first.name}`, limit);
}

/** The request of one command in one container. */
export function execTarget(
  pod: Pod,
  container: string,
  command: readonly string[],
  stdin: boolean,
  tty: boolean,
): StreamTarget {
  const path = resourcePath(
    kindMapping('Pod'),
    pod.metadata.namespace ?? '',
    pod.metadata.name,
    'exec',
  );
  const parts = command.map((word) => `command=${escapeQuery(word)}`);
  parts.push(`container=${escapeQuery(container)}`);
  if (stdin) parts.push('stdin=true');
  if (!tty) parts.push('stderr=true');
  parts.push('stdout=true');
  if (tty) parts.push('tty=true');
  return { target: `${path}?${parts.join('&')}`, stdin, tty };
}
