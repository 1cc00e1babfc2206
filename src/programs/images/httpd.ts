/** Apache httpd as its official image runs it: serves /usr/local/apache2/htdocs on port 80. */
import { utf8 } from '../../ground/base/bytes.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { formatHttpDate } from '../../ground/base/time.ts';
import type { Task } from '../../ground/base/task.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import {
  archive,
  commonRoot,
  DEBIAN,
  type ImageParts,
  imageConfig,
  programs,
  text,
} from './image.ts';
import { logTime } from './nginx.ts';
import { contentType, findFile, requestPath } from './web-files.ts';

const ROOT = '/usr/local/apache2/htdocs';
const VERSION = '2.4.65';

function errorPage(title: string, words: string): Uint8Array {
  return utf8(
    `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${title}</title>\n</head><body>\n<h1>${title.replace(/^\d+ /, '')}</h1>\n<p>${words}</p>\n</body></html>\n`,
  );
}

function* handle(process: Process, exchange: HttpExchange): Task<void> {
  yield* process.work(process.costs.nginxAnswerMicros);
  const { request } = exchange;
  const now = process.clock.wall();
  const headers = new Map([
    ['date', formatHttpDate(now)],
    ['server', `Apache/${VERSION} (Unix)`],
  ]);
  const path = requestPath(request.target);
  const found =
    path === undefined
      ? ({ kind: 'missing' } as const)
      : findFile(process, ROOT, path, ['index.html']);
  let status = 200;
  let body: Uint8Array;
  headers.set('content-type', 'text/html; charset=iso-8859-1');
  if (found.kind === 'file') {
    body = found.bytes;
    headers.set('content-type', contentType(found.path) ?? 'application/octet-stream');
    headers.set('last-modified', formatHttpDate(found.modified));
  } else if (found.kind === 'redirect') {
    status = 301;
    headers.set('location', `http://${request.host}${path}/`);
    body = errorPage(
      '301 Moved Permanently',
      `The document has moved <a href="http://${request.host}${path}/">here</a>.`,
    );
  } else if (found.kind === 'missing') {
    status = 404;
    body = errorPage('404 Not Found', 'The requested URL was not found on this server.');
  } else {
    status = 403;
    body = errorPage('403 Forbidden', "You don't have permission to access this resource.");
  }
  exchange.respond(status, headers, request.method === 'HEAD' ? undefined : body);
  process.stdout.post(
    `${formatIp(exchange.remote.ip)} - - [${logTime(now)}] "${request.method} ${request.target} HTTP/1.1" ${status} ${body.length}\n`,
  );
}

const httpd: Program = {
  name: 'httpd',
  version: VERSION,
  *main(process) {
    process.memory(6 * 1024 * 1024);
    yield* process.work(20_000);
    const listener = process.net.listen(0, 80);
    if (!listener.ok) {
      yield* process.printError(
        '(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n',
      );
      return 1;
    }
    serveHttp(process, listener.value, (exchange) => handle(process, exchange), {
      name: 'httpd request',
    });
    yield* process.printError(
      `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${formatIp(process.kernel.namespaces.network.localAddresses().find((address) => address.device !== 'lo')?.ip ?? 0)}. Set the 'ServerName' directive globally to suppress this message\n`,
    );
    yield process.terminated;
    return 0;
  },
};

export function httpdImage(parts: ImageParts): ImageArchive {
  const config = imageConfig({
    command: ['httpd-foreground'],
    workingDir: '/usr/local/apache2',
    exposedPorts: ['80/tcp'],
    environment: [
      'PATH=/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `HTTPD_VERSION=${VERSION}`,
    ],
  });
  return archive(
    parts.costs,
    'docker.io/library/httpd',
    ['latest', '2', '2.4', '2.4.65', 'alpine'],
    config,
    [
      ...commonRoot(DEBIAN),
      ...programs(parts.debian),
      ...programs([{ path: '/usr/local/bin/httpd-foreground', program: httpd }]),
      text(`${ROOT}/index.html`, '<html><body><h1>It works!</h1></body></html>\n'),
    ],
  );
}
