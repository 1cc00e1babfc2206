/**
 * The program `etcd`: one member, as kubeadm starts it. Opens its data directory, applies what it
 * finds there, listens for clients (TLS with client certificates) and for metrics and health. A write
 * is answered after the fsync that holds it (see log.ts); a process that is killed finds everything
 * that it answered in its data directory.
 *
 * Not modelled here: peers (port 2380 is bound, nobody speaks on it), the WAL as a file of its own,
 * authentication of users, the JSON gateway.
 */
import { BACKGROUND } from '../../ground/base/event-loop.ts';
import { parseIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Condition, type Task } from '../../ground/base/task.ts';
import { utf8 } from '../../ground/base/bytes.ts';
import { goError } from '../../machines/network/errno.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import type { TlsServerOptions } from '../../machines/network/tls-types.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { Database } from './database.ts';
import {
  checkCluster,
  checkTimers,
  type Flags,
  idleFlags,
  parseDuration,
  parseFlags,
  parseUrls,
  type Url,
} from './flags.ts';
import { EXPIRY_CHECK } from './lease.ts';
import { ProposalLog } from './log.ts';
import { type Compactor, compactorOf } from './auto-compaction.ts';
import { Service } from './service.ts';
import { tlsOptions } from './tls-files.ts';

const ETCD_VERSION = '3.6.4';

export const etcd: Program = {
  name: 'etcd',
  version: ETCD_VERSION,
  *main(process) {
    if (process.argv.includes('--version')) {
      yield* process.print(
        `etcd Version: ${ETCD_VERSION}\nGo Version: go1.23.11\nGo OS/Arch: linux/amd64\n`,
      );
      return 0;
    }
    const flags = parseFlags(process.argv.slice(1));
    if (!flags.ok) {
      yield* process.printError(`${flags.error}\n`);
      return 2;
    }
    const refusal = checkTimers(flags.value) ?? checkCluster(flags.value);
    if (refusal !== undefined) return yield* fatal(process, 'failed to verify flags', refusal);
    return yield* run(process, flags.value);
  },
};

function* run(process: Process, flags: Flags): Task<number> {
  for (const name of idleFlags(flags)) {
    process.log('W', 'embed/config.go:841', `flag --${name} has no effect here`);
  }
  const clients = parseUrls(flags.get('listen-client-urls') ?? '');
  const metrics = parseUrls(flags.get('listen-metrics-urls') ?? '');
  const peers = parseUrls(flags.get('listen-peer-urls') ?? '');
  for (const urls of [clients, metrics, peers]) {
    if (!urls.ok) return yield* fatal(process, 'failed to verify flags', urls.error);
  }
  const tls = tlsOptions(process, {
    certificate: flags.get('cert-file') ?? '',
    key: flags.get('key-file') ?? '',
    authority: flags.get('trusted-ca-file') ?? '',
    requireClient: flags.get('client-cert-auth') === 'true',
  });
  if (!tls.ok) return yield* fatal(process, 'failed to start etcd', tls.error);
  yield* process.work(process.costs.startMicros.get('etcd') ?? 0);
  const database = yield* openDatabase(process, flags);
  if (!database.ok) return yield* fatal(process, 'failed to start etcd', database.error);
  const member = new Member(process, flags, database.value);
  const bound = member.listen(
    clients.ok ? clients.value : [],
    metrics.ok ? metrics.value : [],
    peers.ok ? peers.value : [],
    tls.value,
  );
  if (!bound.ok) return yield* fatal(process, 'discovery failed', bound.error);
  return yield* member.serve();
}

/** zap's fatal line, and exit code 1. */
function* fatal(process: Process, message: string, error: string): Task<number> {
  process.log('F', 'etcdmain/etcd.go:204', `${message}: ${error}`);
  return 1;
}

/** Finds the database in the data directory, or makes a new one. */
function* openDatabase(process: Process, flags: Flags): Task<Result<Database, string>> {
  const name = flags.get('name') ?? 'default';
  const folder = flags.get('data-dir') || `${name}.etcd`;
  const path = `${folder}/member/snap/db`;
  const found = process.files.readContent(path);
  if (found.ok && found.value instanceof Database) {
    // What was read is the state of this moment; from here on the file is this member's own again.
    const database = found.value;
    database.term += 1;
    database.lessor.extendAll(process.clock.monotonic());
    const taken = process.files.write(path, database);
    return taken.ok ? ok(database) : err(`open ${path}: ${goError(taken.error)}`);
  }
  if (found.ok) return err('file size too small');
  if (found.error !== 'ENOENT') return err(`open ${path}: ${goError(found.error)}`);
  for (const part of ['member/snap', 'member/wal']) {
    const made = process.files.mkdir(`${folder}/${part}`, { parents: true, mode: 0o700 });
    if (!made.ok && made.error !== 'EEXIST') return err(`mkdir ${folder}: ${goError(made.error)}`);
  }
  const database = new Database({
    clusterId: process.random.hex(16),
    memberId: process.random.hex(16),
    name,
    peerUrls: (flags.get('initial-advertise-peer-urls') ?? '').split(','),
  });
  const written = process.files.write(path, database, 0o600);
  if (!written.ok) return err(`open ${path}: ${goError(written.error)}`);
  process.files.write(`${folder}/member/wal/0000000000000000-0000000000000000.wal`, '', 0o600);
  yield* process.fsync();
  return ok(database);
}

/** `--quota-backend-bytes`: 0 is 2 GiB, less is no bound. */
function quotaOf(flags: Flags): number {
  const given = Number(flags.get('quota-backend-bytes'));
  if (given === 0) return QUOTA_BYTES_DEFAULT;
  return given < 0 ? Number.MAX_SAFE_INTEGER : given;
}

const QUOTA_BYTES_DEFAULT = 2_147_483_648;

/** The running member. */
class Member {
  readonly #process: Process;
  readonly #flags: Flags;
  readonly #database: Database;
  readonly #log: ProposalLog;
  readonly #service: Service;
  readonly #leaseChanged = new Condition('a lease');
  readonly #compactor: Compactor | undefined;

  constructor(process: Process, flags: Flags, database: Database) {
    const { loop } = process.trace;
    this.#process = process;
    this.#flags = flags;
    this.#database = database;
    this.#log = new ProposalLog(database, loop);
    this.#service = new Service(database, this.#log, {
      version: ETCD_VERSION,
      clientUrls: (flags.get('advertise-client-urls') ?? '').split(','),
      monotonic: () => process.clock.monotonic(),
      random: process.random.fork('leases'),
      onLease: () => this.#leaseChanged.notify(),
      limits: {
        txnOps: Number(flags.get('max-txn-ops')),
        requestBytes: Number(flags.get('max-request-bytes')),
      },
      quotaBytes: quotaOf(flags),
    });
    this.#compactor = compactorOf(flags, database);
  }

  listen(
    clients: readonly Url[],
    metrics: readonly Url[],
    peers: readonly Url[],
    tls: TlsServerOptions | undefined,
  ): Result<void, string> {
    for (const url of clients) {
      const bound = this.#bind(url);
      if (!bound.ok) return bound;
      const service = this.#service;
      const pages = this.#pages();
      const call = function* (exchange: HttpExchange): Task<void> {
        if (exchange.request.method === 'GET') yield* pages(exchange);
        else if (!exchange.gone) service.handle(exchange);
      };
      serveHttp(this.#process, bound.value, call, url.secure && tls !== undefined ? { tls } : {});
    }
    for (const url of metrics) {
      const bound = this.#bind(url);
      if (!bound.ok) return bound;
      serveHttp(this.#process, bound.value, this.#pages(), {});
    }
    for (const url of peers) {
      const bound = this.#bind(url);
      if (!bound.ok) return bound;
    }
    return ok(undefined);
  }

  /** Works until it is told to stop. */
  *serve(): Task<number> {
    const process = this.#process;
    this.#declareMemory();
    process.start('log', this.#log.run(process));
    process.start('leases', this.#expire());
    process.start('progress', this.#progress());
    if (this.#compactor !== undefined) process.start('compaction', this.#compact(this.#compactor));
    process.log('I', 'embed/serve.go:103', 'ready to serve client requests');
    yield process.terminated;
    return 0;
  }

  #bind(url: Url) {
    const ip = parseIp(url.host);
    if (ip === undefined) return err(`lookup ${url.host}: no such host`);
    const bound = this.#process.net.listen(ip, url.port);
    if (bound.ok) return bound;
    return err(`listen tcp ${url.host}:${url.port}: bind: ${goError(bound.error)}`);
  }

  /** Looks for expired leases every 500 ms while there is one that may have expired. */
  *#expire(): Task<void> {
    const { loop } = this.#process.trace;
    const { lessor } = this.#database;
    for (;;) {
      loop.cause = BACKGROUND;
      const now = this.#process.clock.monotonic();
      const next = lessor.nextExpiry();
      // The next multiple of the period at or after the expiry, never this one again: a revocation
      // that was proposed just now still waits for the disk.
      const later = (Math.floor(now / EXPIRY_CHECK) + 1) * EXPIRY_CHECK;
      const due =
        next === undefined
          ? undefined
          : Math.max(later, Math.ceil(next / EXPIRY_CHECK) * EXPIRY_CHECK);
      yield* anyOf([this.#leaseChanged], due === undefined ? undefined : Math.max(0, due - now));
      loop.cause = BACKGROUND;
      for (const id of lessor.expired(this.#process.clock.monotonic())) {
        this.#service.revoke(id, () => {});
      }
    }
  }

  *#progress(): Task<void> {
    const { loop } = this.#process.trace;
    const period = parseDuration(this.#flags.get('watch-progress-notify-interval') ?? '');
    if (period === undefined || period === 0) return;
    for (;;) {
      loop.cause = BACKGROUND;
      if (!this.#service.wantsProgress) yield* this.#service.progressWanted.wait();
      yield* this.#process.sleep(period);
      this.#service.notifyProgress();
    }
  }

  *#compact(compactor: Compactor): Task<void> {
    for (;;) {
      this.#process.trace.loop.cause = BACKGROUND;
      yield* this.#process.sleep(compactor.period);
      const revision = compactor.next(this.#process.clock.monotonic());
      if (revision !== undefined)
        this.#log.propose({ apply: ({ store }) => void store.compact(revision) });
    }
  }

  #declareMemory(): void {
    const base = this.#process.costs.memory.get('etcd') ?? 0;
    this.#process.memory(base + this.#database.store.sizeBytes);
  }

  #pages(): (exchange: HttpExchange) => Task<void> {
    const http = (exchange: HttpExchange): void => this.#http(exchange);
    return function* (exchange) {
      http(exchange);
    };
  }

  /** `/health`, `/readyz`, `/version` and a thin `/metrics`. */
  #http(exchange: HttpExchange): void {
    const path = exchange.request.target.split('?')[0];
    const text = this.#page(path ?? '');
    const type =
      path === '/health' || path === '/version' ? 'application/json' : 'text/plain; charset=utf-8';
    const headers = new Map([
      ['content-type', text === undefined ? 'text/plain; charset=utf-8' : type],
    ]);
    const sick = path === '/health' && this.#database.alarms.size > 0;
    exchange.respond(
      text === undefined ? 404 : sick ? 503 : 200,
      headers,
      utf8(text ?? '404 page not found\n'),
    );
  }

  #page(path: string): string | undefined {
    const [alarm] = this.#database.alarms;
    if (path === '/health') {
      return alarm === undefined
        ? '{"health":"true","reason":""}'
        : `{"health":"false","reason":"ALARM ${alarm}"}`;
    }
    if (path === '/livez' || path === '/readyz') return 'ok\n';
    if (path === '/version')
      return `{"etcdserver":"${ETCD_VERSION}","etcdcluster":"3.6.0","storage":"3.6.0"}`;
    if (path !== '/metrics') return undefined;
    this.#declareMemory();
    const { store, index } = this.#database;
    return [
      '# TYPE etcd_server_has_leader gauge',
      'etcd_server_has_leader 1',
      '# TYPE etcd_server_proposals_applied_total gauge',
      `etcd_server_proposals_applied_total ${index}`,
      '# TYPE etcd_mvcc_db_total_size_in_bytes gauge',
      `etcd_mvcc_db_total_size_in_bytes ${this.#database.fileBytes}`,
      '# TYPE etcd_server_quota_backend_bytes gauge',
      `etcd_server_quota_backend_bytes ${quotaOf(this.#flags)}`,
      '# TYPE etcd_debugging_mvcc_current_revision gauge',
      `etcd_debugging_mvcc_current_revision ${store.revision}`,
      '# TYPE etcd_debugging_mvcc_watcher_total gauge',
      `etcd_debugging_mvcc_watcher_total ${this.#service.hub.count}`,
      '',
    ].join('\n');
  }
}
