/**
 * nginx as its official image runs it: serves /usr/share/nginx/html on port 80, logs to standard
 * output. Of its configuration `listen`, `root`, `index`, `location / { return … }` and `error_page` of
 * /etc/nginx/conf.d/*.conf are read; other directives are reported when it starts.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { civilFromWall, formatHttpDate, type WallTime } from '../../ground/base/time.ts';
import { formatIp } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import {
  archive,
  commonRoot,
  curlIn,
  DEBIAN_RELEASE,
  type ImageParts,
  imageConfig,
  PATH_VARIABLE,
  programs,
  text,
} from './image.ts';
import { contentType, findFile, requestPath } from './web-files.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const REASONS: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  500: 'Internal Server Error',
};

/** `02/Mar/2026:09:00:00 +0000`, the time of the common log format. */
export function logTime(wall: WallTime): string {
  const t = civilFromWall(wall);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${two(t.day)}/${MONTHS[t.month - 1]}/${t.year}:${two(t.hour)}:${two(t.minute)}:${two(t.second)} +0000`;
}

interface Site {
  readonly port: number;
  readonly root: string;
  readonly index: readonly string[];
  readonly returns: { readonly code: number; readonly body: string } | undefined;
}

function readSites(process: Process): Site[] {
  const names = process.files.list('/etc/nginx/conf.d');
  const sites: Site[] = [];
  for (const name of names.ok ? names.value : []) {
    const file = name.endsWith('.conf')
      ? process.files.readText(`/etc/nginx/conf.d/${name}`)
      : undefined;
    if (file?.ok !== true) continue;
    const body = file.value.replace(/#.*$/gm, '');
    for (const server of body.split(/\bserver\s*\{/).slice(1)) {
      const port = /\blisten\s+(?:\S*:)?(\d+)/.exec(server)?.[1];
      const returns = /\breturn\s+(\d{3})(?:\s+(?:"([^"]*)"|'([^']*)'|([^;\s]+)))?\s*;/.exec(
        server,
      );
      sites.push({
        port: Number(port ?? '80'),
        root: /\broot\s+([^;\s]+)/.exec(server)?.[1] ?? '/etc/nginx/html',
        index: (/\bindex\s+([^;]+);/.exec(server)?.[1] ?? 'index.html').trim().split(/\s+/),
        returns:
          returns === null
            ? undefined
            : {
                code: Number(returns[1]),
                body: (returns[2] ?? returns[3] ?? returns[4] ?? '').replace(/\\n/g, '\n'),
              },
      });
    }
  }
  return sites;
}

function nginxOf(version: string): Program {
  const page = (status: number): string => {
    const title = `${status} ${REASONS[status] ?? ''}`.trim();
    return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`;
  };

  function* handle(process: Process, site: Site, exchange: HttpExchange): Task<void> {
    yield* process.work(process.costs.nginxAnswerMicros);
    const { request } = exchange;
    const now = process.clock.wall();
    const headers = new Map([
      ['server', `nginx/${version}`],
      ['date', formatHttpDate(now)],
    ]);
    const finish = (status: number, type: string, body: Uint8Array): void => {
      headers.set('content-type', type);
      exchange.respond(status, headers, request.method === 'HEAD' ? undefined : body);
      const agent = request.headers.get('user-agent') ?? '-';
      const referer = request.headers.get('referer') ?? '-';
      const line = `${formatIp(exchange.remote.ip)} - - [${logTime(now)}] "${request.method} ${request.target} HTTP/1.1" ${status} ${request.method === 'HEAD' ? 0 : body.length} "${referer}" "${agent}" "${request.headers.get('x-forwarded-for') ?? '-'}"\n`;
      process.stdout.post(line);
    };
    const fail = (status: number): void => finish(status, 'text/html', utf8(page(status)));
    if (site.returns !== undefined) {
      finish(site.returns.code, 'text/plain', utf8(site.returns.body));
      return;
    }
    const path = requestPath(request.target);
    if (path === undefined) return fail(400);
    if (request.method !== 'GET' && request.method !== 'HEAD') return fail(405);
    const found = findFile(process, site.root, path, site.index);
    if (found.kind === 'file') {
      headers.set('last-modified', formatHttpDate(found.modified));
      headers.set(
        'etag',
        `"${Math.floor(found.modified / 1_000_000).toString(16)}-${found.bytes.length.toString(16)}"`,
      );
      headers.set('accept-ranges', 'bytes');
      return finish(200, contentType(found.path) ?? 'application/octet-stream', found.bytes);
    }
    if (found.kind === 'redirect') {
      headers.set('location', `http://${request.host}${path}/`);
      return fail(301);
    }
    if (found.kind === 'missing') {
      process.stderr.post(
        `${errorTime(now)} [error] 29#29: *1 open() "${site.root}${path}" failed (2: No such file or directory), client: ${formatIp(exchange.remote.ip)}, server: localhost, request: "${request.method} ${request.target} HTTP/1.1", host: "${request.host}"\n`,
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
      const sites = readSites(process);
      for (const port of new Set(sites.map((site) => site.port))) {
        const listener = process.net.listen(0, port);
        if (!listener.ok) {
          const reason =
            listener.error === 'EADDRINUSE'
              ? '98: Address already in use'
              : '13: Permission denied';
          yield* process.printError(
            `${errorTime(process.clock.wall())} [emerg] 1#1: bind() to 0.0.0.0:${port} failed (${reason})\nnginx: [emerg] bind() to 0.0.0.0:${port} failed (${reason})\n`,
          );
          return 1;
        }
        const site = sites.find((candidate) => candidate.port === port) as Site;
        serveHttp(process, listener.value, (exchange) => handle(process, site, exchange), {
          name: 'nginx request',
        });
      }
      const time = errorTime(process.clock.wall());
      yield* process.printError(
        `${time} [notice] 1#1: using the "epoll" event method\n${time} [notice] 1#1: nginx/${version}\n${time} [notice] 1#1: start worker processes\n`,
      );
      process.onSignal('SIGQUIT', () => void process.start('quit', process.exit(0)));
      yield process.terminated;
      return 0;
    },
  };
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

const DEFAULT_CONF =
  'server {\n    listen       80;\n    listen  [::]:80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n\n    error_page   500 502 503 504  /50x.html;\n    location = /50x.html {\n        root   /usr/share/nginx/html;\n    }\n}\n';
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
      entrypoint: ['/docker-entrypoint.sh'],
      command: ['nginx', '-g', 'daemon off;'],
      environment: [PATH_VARIABLE, `NGINX_VERSION=${version}`],
      exposedPorts: ['80/tcp'],
      stopSignal: 'SIGQUIT',
    });
    return archive(parts.costs, 'docker.io/library/nginx', tags, config, [
      ...commonRoot(DEBIAN_RELEASE, ['nginx:x:101:101:nginx user:/nonexistent:/bin/false']),
      ...programs(parts.debian),
      ...curlIn(parts),
      ...programs([
        { path: '/usr/sbin/nginx', program: nginxOf(version) },
        { path: '/docker-entrypoint.sh', program: ENTRYPOINT },
      ]),
      text('/usr/share/nginx/html/index.html', WELCOME),
      text(
        '/usr/share/nginx/html/50x.html',
        '<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n',
      ),
      text('/etc/nginx/nginx.conf', NGINX_CONF),
      text('/etc/nginx/conf.d/default.conf', DEFAULT_CONF),
      ['/var/log/nginx/access.log', { link: '/dev/stdout' }],
      ['/var/log/nginx/error.log', { link: '/dev/stderr' }],
      ['/var/cache/nginx', { directory: true }],
    ]);
  });
}

/** The entry point: prepares nothing here, then becomes what it is given. */
const ENTRYPOINT: Program = {
  name: 'docker-entrypoint.sh',
  version: '1',
  *main(process) {
    const spawned = process.spawn({ argv: process.argv.slice(1) });
    if (!spawned.ok) {
      yield* process.printError(
        `/docker-entrypoint.sh: 47: exec: ${process.argv[1] ?? ''}: not found\n`,
      );
      return 127;
    }
    const child = spawned.value;
    for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGINT', 'SIGHUP'] as const)
      process.onSignal(signal, () => void child.signal(signal));
    const status = yield* child.wait();
    return status.code;
  },
};
