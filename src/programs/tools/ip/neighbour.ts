/** `ip neigh` and `ip rule`. (iproute2 6.1, ip/ipneigh.c, ip/iprule.c) */
import { formatIp } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type IpCommand, matchWord, refuse } from './support.ts';

/** Stations that share a link; the model has no ageing, so all are reachable. */
export function* ipNeighbour(command: IpCommand, args: readonly string[]): Task<number> {
  const [word = 'show', ...rest] = args;
  const verb = matchWord(word, [
    'show',
    'list',
    'lst',
    'add',
    'del',
    'change',
    'replace',
    'flush',
    'get',
  ] as const);
  if (verb === undefined)
    return yield* refuse(command, `Command "${word}" is unknown, try "ip neigh help".`, 255);
  if (verb === 'flush') return 0;
  if (verb !== 'show' && verb !== 'list' && verb !== 'lst')
    return yield* refuse(command, 'RTNETLINK answers: Operation not supported', 2);
  const named = rest[rest.indexOf('dev') + 1];
  const device = rest.includes('dev') ? named : undefined;
  if (device !== undefined && command.network.interface(device) === undefined)
    return yield* refuse(command, `Cannot find device "${device}"`);
  const lines = command.network
    .neighbours()
    .filter((neighbour) => device === undefined || neighbour.device === device)
    .map(
      ({ ip, device: on, mac }) =>
        `${formatIp(ip)} ${device === undefined ? `dev ${on} ` : ''}lladdr ${mac} ${command.busybox ? 'ref 1 used 0/0/0 probes 1 ' : ''}REACHABLE \n`,
    );
  yield* command.process.print(lines.join(''));
  return 0;
}

export function* ipRule(command: IpCommand, args: readonly string[]): Task<number> {
  const [word = 'show'] = args;
  const verb = matchWord(word, ['show', 'list', 'lst', 'add', 'del', 'flush'] as const);
  if (verb === undefined)
    return yield* refuse(command, `Command "${word}" is unknown, try "ip rule help".`, 255);
  if (verb !== 'show' && verb !== 'list' && verb !== 'lst')
    return yield* refuse(command, 'RTNETLINK answers: Operation not supported', 2);
  yield* command.process.print(
    '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n',
  );
  return 0;
}
