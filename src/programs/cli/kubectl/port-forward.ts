/**
 * `kubectl port-forward` (k8s.io/kubectl/pkg/cmd/portforward and k8s.io/client-go/tools/portforward,
 * v0.34): listens on this host and joins each connection to a port of one pod, through the API server
 * and the kubelet. The pod is chosen once; an error of any connection ends the whole, as upstream.
 *
 * Not modelled: the one tunnel that upstream opens at the start. Here every connection has a stream of
 * its own, so a server that goes away is noticed at the next connection. There is no IPv6, so localhost
 * is 127.0.0.1 alone.
 */
import type { Pod, Service } from '../../../ground/api/types.ts';
import { formatIp, parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import { anyOf, Queue, type Task } from '../../../ground/base/task.ts';
import { goError } from '../../../machines/network/errno.ts';
import type { Connection, Listener } from '../../../machines/network/socket.ts';
import { resourcePath } from '../../../spine/client/paths.ts';
import { forwardConnection } from '../../../spine/client/portforward.ts';
import type { Api } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import { firstPodOf, namedObject } from './pod-of.ts';
import type { Session, Verb } from './session.ts';

interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

export const portForward: Verb = {
  name: 'port-forward',
  usage: 'TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  short: 'Forward one or more local ports to a pod',
  flags: flagSpecs('address=[] pod-running-timeout=1m0s'),
  *run(session) {
    const [name = '', ...words] = session.args;
    if (words.length === 0)
      return session.usageError('TYPE/NAME and list of ports are required for port-forward');
    const object = yield* namedObject(session, name);
    if (!object.ok) return object;
    const limit = session.flags.duration('pod-running-timeout');
    const found = yield* firstPodOf(session, object.value, limit);
    if (!found.ok) return found;
    const pod = found.value;
    const service =
      object.value.kind === 'Service' ? (object.value as unknown as Service) : undefined;
    const translated: string[] = [];
    for (const word of words) {
      const port = service === undefined ? podPort(pod, word) : servicePort(service, pod, word);
      if (!port.ok) return fail(port.error);
      translated.push(port.value);
    }
    const phase = pod.status?.phase ?? '';
    if (phase !== 'Running')
      return fail(`unable to forward port because pod is not running. Current status=${phase}`);
    const ports: ForwardedPort[] = [];
    for (const text of translated) {
      const port = parsePort(text);
      if (!port.ok) return fail(port.error);
      ports.push(port.value);
    }
    const api = session.api();
    return api.ok ? yield* forward(session, api.value, pod, ports) : api;
  },
};

/** Local and remote side of `8080:80`, `:80` and `80`. */
function splitPort(word: string): readonly [string, string] {
  const parts = word.split(':');
  return parts.length === 2
    ? [parts[0] as string, parts[1] as string]
    : [parts[0] as string, parts[0] as string];
}

function joined(local: string, remote: string, port: number): string {
  return local === remote ? `${port}` : `${local}:${port}`;
}

/** A port of a pod by number or name. */
function podPort(pod: Pod, word: string): Result<string, string> {
  const [local, remote] = splitPort(word);
  if (/^[+-]?\d+$/.test(remote)) return ok(word);
  const port = namedPort(pod, remote);
  return port.ok ? ok(joined(local, remote, port.value)) : port;
}

function namedPort(pod: Pod, name: string): Result<number, string> {
  for (const container of pod.spec?.containers ?? []) {
    const port = container.ports?.find((each) => each.name === name);
    if (port !== undefined) return ok(port.containerPort);
  }
  return err(`Pod '${pod.metadata.name}' does not have a named port '${name}'`);
}

/** A port of a Service as the port that its pods listen on. */
function servicePort(service: Service, pod: Pod, word: string): Result<string, string> {
  const [local, remote] = splitPort(word);
  const { name } = service.metadata;
  const numeric = /^[+-]?\d+$/.test(remote);
  const port = (service.spec?.ports ?? []).find((each) =>
    numeric ? each.port === Number(remote) : each.name === remote,
  );
  if (port === undefined) {
    return err(
      numeric
        ? `Service ${name} does not have a service port ${Number(remote)}`
        : `Service '${name}' does not have a named port '${remote}'`,
    );
  }
  if (port.protocol === 'UDP') return err(`UDP protocol is not supported for ${remote}`);
  const { targetPort } = port;
  const target: Result<number, string> =
    service.spec?.clusterIP === 'None'
      ? ok(port.port)
      : typeof targetPort === 'string' && !/^\d+$/.test(targetPort)
        ? namedPort(pod, targetPort)
        : ok(Number(targetPort ?? port.port));
  if (!target.ok) return target;
  return ok(`${target.value}` === remote ? word : `${local}:${target.value}`);
}

function parsePort(text: string): Result<ForwardedPort, string> {
  const parts = text.split(':');
  if (parts.length > 2) return err(`invalid port format '${text}'`);
  const [local, remote] = splitPort(text);
  const localPort = local === '' ? ok(0) : portNumber(local);
  if (!localPort.ok) return err(`error parsing local port '${local}': ${localPort.error}`);
  const remotePort = portNumber(remote);
  if (!remotePort.ok) return err(`error parsing remote port '${remote}': ${remotePort.error}`);
  if (remotePort.value === 0) return err('remote port must be > 0');
  return ok({ local: localPort.value, remote: remotePort.value });
}

/** strconv.ParseUint(text, 10, 16) */
function portNumber(text: string): Result<number, string> {
  if (!/^\d+$/.test(text)) return err(`strconv.ParseUint: parsing ${quote(text)}: invalid syntax`);
  if (Number(text) > 65_535)
    return err(`strconv.ParseUint: parsing ${quote(text)}: value out of range`);
  return ok(Number(text));
}

/** The addresses of `--address`; localhost and 127.0.0.1 are one. */
function addressesOf(session: Session): Result<readonly string[], string> {
  const given = session.flags.list('address');
  const addresses: string[] = [];
  for (const text of given.length === 0 ? ['localhost'] : given) {
    if (text !== 'localhost' && parseIp(text) === undefined)
      return err(`${text} is not a valid IP`);
    const address = text === 'localhost' ? '127.0.0.1' : text;
    if (!addresses.includes(address)) addresses.push(address);
  }
  return ok(addresses);
}

function* forward(
  session: Session,
  api: Api,
  pod: Pod,
  ports: readonly ForwardedPort[],
): Task<Outcome<number>> {
  const addresses = addressesOf(session);
  if (!addresses.ok) return fail(addresses.error);
  const lost = new Queue<string>('the end of a forwarded connection');
  let listening = false;
  for (const port of ports) {
    const problems: string[] = [];
    for (const address of addresses.value) {
      const opened = yield* listenOn(session, address, port);
      if (!opened.ok) {
        problems.push(opened.error);
        continue;
      }
      const accepting = accept(session, api, pod, port, opened.value, lost);
      session.process.start('port-forward', accepting);
    }
    if (problems.length === 0) listening = true;
    else {
      const text = `Listeners failed to create with the following errors: [${problems.join(' ')}]`;
      yield* session.printError(`Unable to listen on port ${port.local}: ${text}\n`);
    }
  }
  if (!listening) {
    const list = ports.map(({ local, remote }) => `{${local} ${remote}}`).join(' ');
    return fail(`unable to listen on any of the requested ports: [${list}]`);
  }
  // An interrupt is the usual end of this command, and no failure.
  const ended = yield* anyOf([session.process.terminated, lost]);
  return ended.index === 0 ? ok(0) : fail('lost connection to pod');
}

function* listenOn(
  session: Session,
  address: string,
  port: ForwardedPort,
): Task<Result<Listener, string>> {
  const opened = session.process.net.listen(parseIp(address) ?? 0, port.local);
  if (!opened.ok) {
    return err(
      `unable to create listener: Error listen tcp4 ${address}:${port.local}: bind: ${goError(opened.error)}`,
    );
  }
  const { local } = opened.value;
  yield* session.print(`Forwarding from ${formatIp(local.ip)}:${local.port} -> ${port.remote}\n`);
  return opened;
}

function* accept(
  session: Session,
  api: Api,
  pod: Pod,
  port: ForwardedPort,
  listener: Listener,
  lost: Queue<string>,
): Task<void> {
  for (;;) {
    const connection = yield* listener.accept();
    if (connection === undefined) return;
    session.process.start('forward', join(session, api, pod, port, connection, lost));
  }
}

function* join(
  session: Session,
  api: Api,
  pod: Pod,
  port: ForwardedPort,
  connection: Connection,
  lost: Queue<string>,
): Task<void> {
  const { process } = session;
  const local = connection.local.port;
  yield* session.print(`Handling connection for ${local}\n`);
  const { name, namespace = '' } = pod.metadata;
  const target = resourcePath(kindMapping('Pod'), namespace, name, 'portforward');
  const done = yield* forwardConnection(process, api.client, target, port.remote, connection);
  if (done.ok) return;
  const text = `an error occurred forwarding ${local} -> ${port.remote}: ${done.error}`;
  process.log('E', 'portforward.go:424', `"Unhandled Error" err=${quote(text)}`);
  connection.close();
  lost.put(done.error);
}
