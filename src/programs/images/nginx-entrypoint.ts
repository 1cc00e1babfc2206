/**
 * The entry point of nginx's official image: what its scripts do and say before they become nginx
 * (github.com/nginx/docker-nginx entrypoint/*.sh). Templates of 20-envsubst-on-templates.sh and the
 * worker tuning of 30-tune-worker-processes.sh are not modelled: both are off unless asked for.
 */
import type { Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';

export const DEFAULT_CONF_FILE = '/etc/nginx/conf.d/default.conf';

/** The site as packaged; the entry point adds the IPv6 listener. */
export const DEFAULT_CONF =
  'server {\n    listen       80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n\n    error_page   500 502 503 504  /50x.html;\n    location = /50x.html {\n        root   /usr/share/nginx/html;\n    }\n}\n';

const PACKAGED_LISTEN = 'listen       80;\n';
const FOLDER = '/docker-entrypoint.d';

/** The entry point of a release by its minor number. */
export function entrypointOf(minor: number): Program {
  return {
    name: 'docker-entrypoint.sh',
    version: '1',
    *main(process) {
      const argv = process.argv.slice(1);
      if (argv[0] === 'nginx' && !process.env.has('NGINX_ENTRYPOINT_QUIET_LOGS'))
        yield* configure(process, minor);
      const failed = process.exec === undefined ? undefined : yield* process.exec({ argv });
      const text = failed?.notFound === false ? 'Permission denied' : 'not found';
      yield* process.printError(`/docker-entrypoint.sh: 47: exec: ${argv[0] ?? ''}: ${text}\n`);
      return 127;
    },
  };
}

function* configure(process: Process, minor: number): Task<void> {
  const say = (text: string): string => `/docker-entrypoint.sh: ${text}\n`;
  const head = [
    say(`${FOLDER}/ is not empty, will attempt to perform configuration`),
    say(`Looking for shell scripts in ${FOLDER}/`),
    say(`Launching ${FOLDER}/10-listen-on-ipv6-by-default.sh`),
    ...listenOnIpv6(process).map((text) => `10-listen-on-ipv6-by-default.sh: info: ${text}\n`),
  ];
  const rest = [
    ...(minor >= 23 ? [say(`Sourcing ${FOLDER}/15-local-resolvers.envsh`)] : []),
    say(`Launching ${FOLDER}/20-envsubst-on-templates.sh`),
    say(`Launching ${FOLDER}/30-tune-worker-processes.sh`),
    say('Configuration complete; ready for start up'),
  ];
  yield* process.print([...head, ...rest].join(''));
}

function listenOnIpv6(process: Process): string[] {
  const file = DEFAULT_CONF_FILE;
  const conf = process.files.readText(file);
  if (!conf.ok) return [`${file} is not a file or does not exist`];
  const opened = process.files.open(file, 'a');
  if (!opened.ok) return [`can not modify ${file} (read-only file system?)`];
  opened.value.close();
  if (conf.value.includes('listen  [::]:80;')) return ['IPv6 listen already enabled'];
  const asked = `Getting the checksum of ${file}`;
  if (conf.value !== DEFAULT_CONF) return [asked, `${file} differs from the packaged version`];
  process.files.write(
    file,
    conf.value.replace(PACKAGED_LISTEN, `${PACKAGED_LISTEN}    listen  [::]:80;\n`),
  );
  return [asked, `Enabled listen on IPv6 in ${file}`];
}
