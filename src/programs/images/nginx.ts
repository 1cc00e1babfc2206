/**
 * nginx as its official image runs it: serves /usr/share/nginx/html on port 80, logs to standard
 * output. Of its configuration `listen`, `root`, `index`, `location / { return … }` and `error_page` of
 * /etc/nginx/conf.d/*.conf are read; other directives are reported when it starts.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { civilFromWall, formatHttpDate, type WallTime } from '../../ground/base/time.ts';
import { formatIp } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import { LateLine } from '../../machines/machine/log-line.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange, HttpRequest } from '../../machines/network/http-types.ts';
import { LateHeaders } from '../../machines/network/late-headers.ts';
import type { Endpoint } from '../../machines/network/socket.ts';
import {
  archive,
  commonRoot,
  curlIn,
  DEBIAN,
  type ImageParts,
  imageConfig,
  PATH_VARIABLE,
  programs,
  text,
} from './image.ts';
import { DEFAULT_CONF, DEFAULT_CONF_FILE, entrypointOf } from './nginx-entrypoint.ts';
import { locationFor, type Returned, readSites, type Site } from './nginx-conf.ts';
import { contentType, findFile, requestPath } from './web-files.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const REASONS: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Authorization Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  408: 'Request Time-out',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** `02/Mar/2026:09:00:00 +0000`, the time of the common log format. */
export function logTime(wall: WallTime): string {
  const t = civilFromWall(wall);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${two(t.day)}/${MONTHS[t.month - 1]}/${t.year}:${two(t.hour)}:${two(t.minute)}:${two(t.second)} +0000`;
}

type Pairs = readonly (readonly [string, string])[];

type Finish = (
  status: number,
  type: string,
  body: Uint8Array,
  count?: number,
  more?: () => Pairs,
) => void;

/** `return 200 "text"`, `return 302 /path`, `return 503`: a text, a way, or the page of the code. */
function answer(
  { code, body, type }: Returned,
  host: string,
  finish: Finish,
  fail: (status: number, count?: number, more?: () => Pairs) => void,
): void {
  const redirects = [301, 302, 303, 307, 308].includes(code);
  const where = body.startsWith('/') ? `http://${host}${body}` : body;
  if (redirects) fail(code, 1, () => [['location', where]]);
  else if (body === '' && REASONS[code] !== undefined) fail(code);
  else finish(code, type, utf8(body));
}

function nginxOf(version: string): Program {
  const page = (status: number): string => {
    const title = `${status} ${REASONS[status] ?? ''}`.trim();
    return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`;
  };

  /** One line of the main log format, made when somebody reads the log. */
  function accessLine(
    { ip }: Endpoint,
    { method, target, headers }: HttpRequest,
    now: WallTime,
    status: number,
    bytes: number,
  ): LateLine {
    const field = (name: string): string => headers.get(name) ?? '-';
    return new LateLine(
      80 + target.length + field('user-agent').length,
      () =>
        `${formatIp(ip)} - - [${logTime(now)}] "${method} ${target} HTTP/1.1" ${status} ${bytes} "${field('referer')}" "${field('user-agent')}" "${field('x-forwarded-for')}"\n`,
    );
  }

  function* handle(process: Process, site: Site, exchange: HttpExchange): Task<void> {
    yield* process.work(process.costs.nginxAnswerMicros);
    const { request } = exchange;
    const now = process.clock.wall();
    const finish = (
      status: number,
      type: string,
      body: Uint8Array,
      count = 0,
      more: () => Pairs = () => [],
    ): void => {
      const head = request.method === 'HEAD';
      // What is not sent has a length all the same.
      const length: Pairs = head ? [['content-length', `${body.length}`]] : [];
      const headers = new LateHeaders(count + 3 + length.length, () => [
        ['server', `nginx/${version}`],
        ['date', formatHttpDate(now)],
        ...more(),
        ['content-type', type],
        ...length,
      ]);
      exchange.respond(status, headers, head ? undefined : body);
      const line = accessLine(exchange.remote, request, now, status, head ? 0 : body.length);
      process.stdout.post(line);
    };
    const fail = (status: number, count = 0, more?: () => Pairs): void =>
      finish(status, 'text/html', utf8(page(status)), count, more);
    const path = requestPath(request.target);
    if (path === undefined) return fail(400);
    const place = locationFor(site, path);
    const told = site.returns ?? place.returns;
    if (told !== undefined) return answer(told, request.host, finish, fail);
    if (request.method !== 'GET' && request.method !== 'HEAD') return fail(405);
    const found = findFile(process, place.root, path, place.index);
    if (found.kind === 'file') {
      const { modified, bytes } = found;
      const seconds = Math.floor(modified / 1_000_000);
      return finish(200, contentType(found.path) ?? 'application/octet-stream', bytes, 3, () => [
        ['last-modified', formatHttpDate(modified)],
        ['etag', `"${seconds.toString(16)}-${bytes.length.toString(16)}"`],
        ['accept-ranges', 'bytes'],
      ]);
    }
    if (found.kind === 'redirect') {
      return fail(301, 1, () => [['location', `http://${request.host}${path}/`]]);
    }
    if (found.kind === 'missing') {
      process.stderr.post(
        `${errorTime(now)} [error] 29#29: *1 open() "${place.root}${path}" failed (2: No such file or directory), client: ${formatIp(exchange.remote.ip)}, server: localhost, request: "${request.method} ${request.target} HTTP/1.1", host: "${request.host}"\n`,
      );
    }
    fail(found.kind === 'missing' ? 404 : 403);
  }

  return {
    name: 'nginx',
    version,
    *main(process) {
      process.memory(process.costs.memory.get('nginx') ?? 8 * 1024 * 1024);
      if (process.argv[1] === '-v') {
        yield* process.printError(`nginx version: nginx/${version}\n`);
        return 0;
      }
      yield* process.work(process.costs.startMicros.get('nginx') ?? 20_000);
      const { sites, warnings, error } = readSites(process);
      if (error !== undefined) {
        yield* emerg(process, error);
        return 1;
      }
      for (const warning of warnings)
        yield* process.printError(
          `${errorTime(process.clock.wall())} [warn] ${id(process)}: ${warning}\n`,
        );
      const refused = makeFolders(process) ?? (yield* bind(process, sites, handle));
      if (refused !== undefined) {
        yield* emerg(process, refused);
        return 1;
      }
      process.retitle(`nginx: master process ${process.argv.join(' ')}`);
      const kept = process.files.write(PID_FILE, `${process.pid}\n`);
      if (!kept.ok) {
        yield* emerg(process, `open() "${PID_FILE}" failed (${reasonOf(kept.error)})`);
        return 1;
      }
      const workers = Array.from({ length: process.kernel.cpus }, (_, index) => 29 + index);
      if (minorOf(version) >= 21) yield* notices(process, startLines(process, version, workers));
      process.onSignal('SIGQUIT', () => void process.start('quit', quit(process, workers)));
      yield process.terminated;
      return 0;
    },
  };
}

const PID_FILE = '/run/nginx.pid';
const CACHE = '/var/cache/nginx';
const BIND_TRIES = 5;
const BIND_PAUSE = SECOND / 2;

/** `1.29.1` → 29 */
function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** An error as nginx prints it: number, colon, the system's words. */
function reasonOf(errno: Errno): string {
  const number = new Map<Errno, number>([
    ['EACCES', 13],
    ['EROFS', 30],
    ['EADDRINUSE', 98],
  ]).get(errno);
  return `${number ?? 5}: ${strerror(errno)}`;
}

/** What ends a start: into the error log, and to standard error. */
function* emerg(process: Process, text: string): Task<void> {
  const time = errorTime(process.clock.wall());
  yield* process.printError(`${time} [emerg] ${id(process)}: ${text}\nnginx: [emerg] ${text}\n`);
}

/** `1#1`: process and thread. */
function id(process: Process): string {
  return `${process.pid}#${process.pid}`;
}

function* notices(process: Process, lines: readonly string[]): Task<void> {
  const time = errorTime(process.clock.wall());
  yield* process.printError(lines.map((line) => `${time} [notice] ${line}\n`).join(''));
}

function startLines(process: Process, version: string, workers: readonly number[]): string[] {
  const gcc =
    minorOf(version) >= 25
      ? 'gcc 12.2.0 (Debian 12.2.0-14+deb12u1)'
      : 'gcc 10.2.1 20210110 (Debian 10.2.1-6)';
  return [
    'using the "epoll" event method',
    `nginx/${version}`,
    `built by ${gcc} `,
    'OS: Linux 6.1.0-40-amd64',
    'getrlimit(RLIMIT_NOFILE): 1048576:1048576',
    'start worker processes',
    ...workers.map((worker) => `start worker process ${worker}`),
  ].map((line) => `${id(process)}: ${line}`);
}

/** A graceful end: the workers finish, the master follows. */
function* quit(process: Process, workers: readonly number[]): Task<void> {
  const master = id(process);
  const own = (text: string): string[] => workers.map((worker) => `${worker}#${worker}: ${text}`);
  yield* notices(process, [
    `${master}: signal 3 (SIGQUIT) received, shutting down`,
    ...own('gracefully shutting down'),
    ...own('exiting'),
    ...own('exit'),
    ...workers.flatMap((worker) => [
      `${master}: signal 17 (SIGCHLD) received from ${worker}`,
      `${master}: worker process ${worker} exited with code 0`,
    ]),
    `${master}: exit`,
  ]);
  yield* process.exit(0);
}

/** Folders for bodies and answers; why they cannot be made. */
function makeFolders(process: Process): string | undefined {
  for (const name of ['client', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) {
    const path = `${CACHE}/${name}_temp`;
    const made = process.files.mkdir(path, { mode: 0o700 });
    if (!made.ok && made.error !== 'EEXIST')
      return `mkdir() "${path}" failed (${reasonOf(made.error)})`;
  }
  return undefined;
}

/** Opens every port, trying again for a while where another holds one; the error is the last word. */
function* bind(
  process: Process,
  sites: readonly Site[],
  handle: (process: Process, site: Site, exchange: HttpExchange) => Task<void>,
): Task<string | undefined> {
  let left = [...new Map(sites.map((site) => [site.port, site])).values()];
  for (let attempt = 0; attempt < BIND_TRIES; attempt += 1) {
    const failed: Site[] = [];
    for (const site of left) {
      const listener = process.net.listen(0, site.port);
      if (listener.ok) {
        const serve = (exchange: HttpExchange): Task<void> => handle(process, site, exchange);
        serveHttp(process, listener.value, serve, { name: 'nginx request' });
        continue;
      }
      for (const host of site.both ? ['0.0.0.0', '[::]'] : ['0.0.0.0']) {
        const text = `bind() to ${host}:${site.port} failed (${reasonOf(listener.error)})`;
        if (listener.error !== 'EADDRINUSE') return text;
        yield* emerg(process, text);
      }
      failed.push(site);
    }
    if (failed.length === 0) return undefined;
    left = failed;
    yield* notices(process, [`${id(process)}: try again to bind() after 500ms`]);
    yield* process.sleep(BIND_PAUSE);
  }
  return 'still could not bind()';
}

/** `2026/03/02 09:00:00`, the time of the error log. */
function errorTime(wall: WallTime): string {
  const t = civilFromWall(wall);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${t.year}/${two(t.month)}/${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}

const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

const NGINX_CONF =
  '\nuser  nginx;\nworker_processes  auto;\n\nerror_log  /var/log/nginx/error.log notice;\npid        /run/nginx.pid;\n\n\nevents {\n    worker_connections  1024;\n}\n\n\nhttp {\n    include       /etc/nginx/mime.types;\n    default_type  application/octet-stream;\n    include /etc/nginx/conf.d/*.conf;\n}\n';

/** Releases that the registry has, with the tags that mean them. */
const RELEASES: readonly (readonly [string, readonly string[]])[] = [
  ['1.29.1', ['latest', '1', '1.29', '1.29.1', 'mainline', 'alpine', '1.29-alpine']],
  ['1.28.0', ['1.28', '1.28.0', 'stable', 'stable-alpine']],
  ['1.27.5', ['1.27', '1.27.5', '1.27.0', '1.27-alpine']],
  ['1.26.3', ['1.26', '1.26.3', '1.26.0']],
  ['1.25.5', ['1.25', '1.25.5', '1.25.3', '1.25-alpine']],
  ['1.24.0', ['1.24', '1.24.0', '1.24-alpine']],
  ['1.23.4', ['1.23', '1.23.4']],
  ['1.22.1', ['1.22', '1.22.1']],
  ['1.21.6', ['1.21', '1.21.6', '1.21.1']],
  ['1.20.2', ['1.20', '1.20.2']],
  ['1.19.10', ['1.19', '1.19.10', '1.19.2']],
  ['1.18.0', ['1.18', '1.18.0']],
  ['1.17.10', ['1.17', '1.17.10']],
  ['1.16.1', ['1.16', '1.16.1']],
  ['1.15.12', ['1.15', '1.15.12']],
  ['1.14.2', ['1.14', '1.14.2']],
  ['1.13.12', ['1.13', '1.13.12']],
  ['1.12.2', ['1.12', '1.12.2']],
  ['1.9.15', ['1.9', '1.9.15', '1.9.1']],
  ['1.7.9', ['1.7.9', '1.7']],
];

export function nginxImages(parts: ImageParts): readonly ImageArchive[] {
  return RELEASES.map(([version, tags]) => {
    const config = imageConfig({
      // Images before 1.19 had no entry point of their own.
      entrypoint: minorOf(version) >= 19 ? ['/docker-entrypoint.sh'] : [],
      command: ['nginx', '-g', 'daemon off;'],
      environment: [PATH_VARIABLE, `NGINX_VERSION=${version}`],
      exposedPorts: ['80/tcp'],
      stopSignal: 'SIGQUIT',
    });
    return archive(parts.costs, 'docker.io/library/nginx', tags, config, [
      ...commonRoot(DEBIAN, 'nginx:101:101:nginx user:/nonexistent:/bin/false'),
      ...programs(parts.debian),
      ...curlIn(parts),
      ...programs([
        { path: '/usr/sbin/nginx', program: nginxOf(version) },
        { path: '/docker-entrypoint.sh', program: entrypointOf(minorOf(version)) },
      ]),
      text('/usr/share/nginx/html/index.html', WELCOME),
      text(
        '/usr/share/nginx/html/50x.html',
        '<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n',
      ),
      text('/etc/nginx/nginx.conf', NGINX_CONF),
      text(DEFAULT_CONF_FILE, DEFAULT_CONF),
      ['/var/log/nginx/access.log', { link: '/dev/stdout' }],
      ['/var/log/nginx/error.log', { link: '/dev/stderr' }],
      ['/var/cache/nginx', { directory: true }],
    ]);
  });
}
