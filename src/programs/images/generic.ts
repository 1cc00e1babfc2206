/**
 * The stand-in for repositories that the registry does not know: listens on the ports that the pod
 * declares, answers HTTP with a line that says what it is, and closes other connections politely.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Program } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import { ALPINE, archive, commonRoot, type ImageParts, imageConfig, programs } from './image.ts';

const standIn: Program = {
  name: 'stand-in',
  version: '1',
  *main(process) {
    process.memory(4 * 1024 * 1024);
    yield* process.work(10_000);
    const ports = (process.env.get('STAND_IN_PORTS') ?? '')
      .split(',')
      .filter((part) => part !== '');
    yield* process.print(
      `stand-in: this image is not known here; listening on ${ports.length === 0 ? 'no port' : ports.join(', ')}\n`,
    );
    for (const part of ports) {
      const [number, protocol] = part.split('/');
      if (protocol === 'UDP') {
        const socket = process.net.udp(0, Number(number));
        if (socket.ok)
          socket.value.onReceive(
            ({ source, payload }) => void socket.value.sendTo(source, payload),
          );
        continue;
      }
      const listener = process.net.listen(0, Number(number));
      if (!listener.ok) {
        yield* process.printError(`stand-in: cannot listen on port ${number}: ${listener.error}\n`);
        return 1;
      }
      serveHttp(process, listener.value, function* (exchange) {
        yield* process.work(150);
        exchange.respond(
          200,
          new Map([['content-type', 'text/plain; charset=utf-8']]),
          utf8(
            `stand-in on ${process.hostname}: ${exchange.request.method} ${exchange.request.target}\n`,
          ),
        );
      });
    }
    yield process.terminated;
    return 0;
  },
};

export function genericImage(parts: ImageParts): ImageArchive {
  const made = archive(
    parts.costs,
    'docker.io/library/stand-in',
    ['latest'],
    imageConfig({ entrypoint: ['/stand-in'] }),
    [
      ...commonRoot(ALPINE),
      ...programs(parts.busybox),
      ...programs([{ path: '/stand-in', program: standIn }]),
    ],
  );
  return { ...made, generic: true };
}
