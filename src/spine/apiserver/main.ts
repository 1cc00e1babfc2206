/**
 * The program `kube-apiserver` (cmd/kube-apiserver, v1.34), as kubeadm starts it: reads its flags and
 * files, fills its caches from etcd, writes what a fresh cluster lacks, serves on the secure port.
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { parseIp } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import { goError } from '../../machines/network/errno.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { sleepInBackground } from '../client/background.ts';
import { warnOfIdle } from '../client/flags.ts';
import { etcdClient } from '../etcd/wire/dial.ts';
import { bootstrapObjects, writeMissing } from './bootstrap.ts';
import { keepOwnObjects } from './resources/kubernetes-service.ts';
import { readCredentials } from './credentials.ts';
import { OBEYED_FLAGS } from './flag-names.ts';
import { type Options, parseOptions } from './options.ts';
import { buildServer, type Server } from './server.ts';

export const kubeApiserver: Program = {
  name: 'kube-apiserver',
  version: 'v1.34.0',
  *main(process) {
    if (process.argv.includes('--version')) {
      yield* process.print('Kubernetes v1.34.0\n');
      return 0;
    }
    const options = parseOptions(process.argv.slice(1));
    if (!options.ok) {
      yield* process.printError(`Error: ${options.error}\n`);
      return 1;
    }
    return yield* run(process, options.value);
  },
};

function* run(process: Process, options: Options): Task<number> {
  warnOfIdle(process, options.flags, OBEYED_FLAGS);
  for (const name of options.idlePlugins) {
    process.log('W', 'plugins.go:83', `Admission plugin ${name} has no effect here`);
  }
  const credentials = readCredentials(process, options);
  if (!credentials.ok) return yield* fatal(process, credentials.error);
  const etcd = etcdClient(process, {
    endpoint: options.etcdServers[0] as string,
    authority: options.etcdCa,
    certificate: options.etcdCertificate,
    key: options.etcdKey,
    dialTimeout: 20 * SECOND,
    callTimeout: 60 * SECOND,
  });
  if (!etcd.ok) return yield* fatal(process, etcd.error);
  process.memory(process.costs.memory.get('kube-apiserver') ?? 0);
  const server = buildServer(process, options, credentials.value, etcd.value);
  process.start('caches', server.store.run());
  yield* process.work(process.costs.startMicros.get('kube-apiserver') ?? 0);
  const address = parseIp(options.bindAddress) ?? 0;
  const listener = process.net.listen(address, options.securePort);
  if (!listener.ok) {
    const where = `${options.bindAddress}:${options.securePort}`;
    return yield* fatal(
      process,
      `failed to create listener: failed to listen on ${where}: listen tcp ${where}: bind: ${goError(listener.error)}`,
    );
  }
  serveHttp(process, listener.value, (exchange) => server.pipeline.handle(exchange), {
    name: 'request',
    tls: {
      identity: credentials.value.serving,
      clientRoots: credentials.value.clientRoots,
      alpn: ['h2', 'http/1.1'],
    },
  });
  process.log('I', 'secure_serving.go:211', `Serving securely on [::]:${options.securePort}`);
  process.start('request timeouts', server.pipeline.expire());
  process.start('post-start hooks', afterStart(process, server, options));
  yield process.terminated;
  process.log('I', 'genericapiserver.go:566', '[graceful-termination] shutdown event');
  return 0;
}

/** What runs once the caches are filled. */
function* afterStart(process: Process, server: Server, options: Options): Task<void> {
  while (!server.store.ready) yield* server.store.fresh(0);
  yield* writeMissing(
    server.api,
    bootstrapObjects(),
    process.random.fork('bootstrap'),
    process.clock.wall(),
  );
  // The objects below go into these namespaces: wait until the caches have them.
  const written = yield* server.store.currentRevision();
  if (written.ok) yield* server.store.fresh(written.value);
  server.bootstrapped = true;
  process.start('bookmarks', server.api.runBookmarks(process));
  if (options.compactionInterval > 0)
    process.start('compaction', compact(process, server, options.compactionInterval));
  yield* keepOwnObjects(process, server.api, options, () => {
    server.ready = true;
  });
}

/** Compacts etcd to where it was one period ago (k8s.io/apiserver/pkg/storage/etcd3/compact.go). */
function* compact(process: Process, server: Server, period: Micros): Task<void> {
  let revision = 0;
  for (;;) {
    yield* sleepInBackground(process, period);
    const { etcd } = server.store;
    if (revision > 0) yield* etcd.compact({ revision });
    const current = yield* server.store.currentRevision();
    if (current.ok) revision = current.value;
  }
}

function* fatal(process: Process, message: string): Task<number> {
  process.log('E', 'run.go:72', `"command failed" err="${message}"`);
  yield* process.sleep(0);
  return 1;
}
