/**
 * ubuntu with `python3 -m http.server`, as the seeds' example uses it. (The image of today has no
 * python3: the support table says so.)
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { formatHttpDate } from '../../ground/base/time.ts';
import type { Task } from '../../ground/base/task.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import { archive, commonRoot, type ImageParts, imageConfig, programs, UBUNTU } from './image.ts';
import { logTime } from './nginx.ts';
import { contentType, findFile, requestPath } from './web-files.ts';

function listing(process: Process, path: string, folder: string): Uint8Array {
  const names = process.files.list(folder);
  const items = (names.ok ? names.value : []).map((name) => {
    const stat = process.files.stat(`${folder}/${name}`);
    const shown = stat.ok && stat.value.type === 'directory' ? `${name}/` : name;
    return `<li><a href="${shown}">${shown}</a></li>\n`;
  });
  const title = `Directory listing for ${path}`;
  return utf8(
    `<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n</head>\n<body>\n<h1>${title}</h1>\n<hr>\n<ul>\n${items.join('')}</ul>\n<hr>\n</body>\n</html>\n`,
  );
}

function* handle(process: Process, exchange: HttpExchange): Task<void> {
  yield* process.work(1_000);
  const { request } = exchange;
  const now = process.clock.wall();
  const headers = new Map([
    ['server', 'SimpleHTTP/0.6 Python/3.12.3'],
    ['date', formatHttpDate(now)],
    ['content-type', 'text/html;charset=utf-8'],
  ]);
  const path = requestPath(request.target) ?? '/';
  const found = findFile(process, process.cwd, path, ['index.html', 'index.htm']);
  let status = 200;
  let body = utf8('');
  if (found.kind === 'file') {
    headers.set('content-type', contentType(found.path) ?? 'application/octet-stream');
    headers.set('last-modified', formatHttpDate(found.modified));
    body = found.bytes;
  } else if (found.kind === 'folder') {
    headers.set('content-type', 'text/html; charset=utf-8');
    body = listing(process, path, found.path);
  } else if (found.kind === 'redirect') {
    status = 301;
    headers.set('location', `${path}/`);
  } else {
    status = 404;
    body = utf8(
      '<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: 404</p>\n        <p>Message: File not found.</p>\n        <p>Error code explanation: 404 - Nothing matches the given URI.</p>\n    </body>\n</html>\n',
    );
  }
  exchange.respond(status, headers, request.method === 'HEAD' ? undefined : body);
  const stamp = logTime(now)
    .replace(/:/, ' ')
    .replace(/ \+0000$/, '');
  const line = `${formatIp(exchange.remote.ip)} - - [${stamp}] "${request.method} ${request.target} HTTP/1.1" ${status} -\n`;
  process.stderr.post(
    status === 404
      ? `${formatIp(exchange.remote.ip)} - - [${stamp}] code 404, message File not found\n${line}`
      : line,
  );
}

const python3: Program = {
  name: 'python3',
  version: '3.12.3',
  *main(process) {
    const [, flag, module, port = '8000'] = process.argv;
    if (flag === '--version' || flag === '-V') {
      yield* process.print('Python 3.12.3\n');
      return 0;
    }
    if (flag !== '-m' || module !== 'http.server') {
      yield* process.printError(
        'python3: only `python3 -m http.server [port]` is simulated here\n',
      );
      return 2;
    }
    process.memory(18 * 1024 * 1024);
    yield* process.work(120_000);
    const number = Number(port);
    if (!Number.isInteger(number)) {
      yield* process.printError(
        `usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\nserver.py: error: argument port: invalid int value: '${port}'\n`,
      );
      return 2;
    }
    const listener = process.net.listen(0, number);
    if (!listener.ok) {
      const reason =
        listener.error === 'EADDRINUSE'
          ? '[Errno 98] Address already in use'
          : '[Errno 13] Permission denied';
      yield* process.printError(`Traceback (most recent call last):\nOSError: ${reason}\n`);
      return 1;
    }
    serveHttp(process, listener.value, (exchange) => handle(process, exchange), {
      name: 'python request',
    });
    yield* process.print(
      `Serving HTTP on 0.0.0.0 port ${number} (http://0.0.0.0:${number}/) ...\n`,
    );
    // Python has no handler for SIGTERM, and as process 1 of its container the kernel gives it none.
    for (;;) yield* process.sleep(86_400_000_000);
  },
};

export function ubuntuImage(parts: ImageParts): ImageArchive {
  return archive(
    parts.costs,
    'docker.io/library/ubuntu',
    ['latest', '24.04', '22.04', '20.04', '18.04', '16.04'],
    imageConfig({ command: ['/bin/bash'] }),
    [
      ...commonRoot(UBUNTU),
      ...programs(parts.debian),
      ...programs(parts.procps),
      ...programs([{ path: '/usr/bin/python3', program: python3 }]),
    ],
  );
}
