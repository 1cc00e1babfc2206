/**
 * The gRPC services of one member: KV, Watch, Lease, Cluster and Maintenance as far as they exist
 * with one member (etcd 3.6, server/etcdserver/api/v3rpc). Reads are answered from the applied state;
 * writes are proposed to the log and answered when they are applied. A call is one HTTP request whose
 * answer carries `grpc-status`; a watch is a call whose answer streams.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import { ok, type Result } from '../../ground/base/result.ts';
import { Condition } from '../../ground/base/task.ts';
import type { Headers, HttpExchange } from '../../machines/network/http-types.ts';
import { checkApply, checkTxn, costOf, type Limits } from './check.ts';
import type { Alarm, Database } from './database.ts';
import type { ProposalLog } from './log.ts';
import type { OpResult, TxnResult } from './mvcc.ts';
import { WatchHub } from './watch.ts';
import { COMPACTED, EMPTY_KEY, NO_SPACE, unimplemented } from './wire/errors.ts';
import { alarmText } from './wire/ids.ts';
import type * as M from './wire/messages.ts';
import { rpcMessage, rpcValue, sizeOfKvs } from './wire/rpc-message.ts';

/** What a lease adds to the database. */
const GRANT_BYTES = 64;

const GRPC_OK: Headers = new Map([
  ['content-type', 'application/grpc'],
  ['grpc-status', '0'],
]);

type Answer = (result: Result<unknown, M.RpcError>, payloadBytes?: number) => void;

export interface ServiceOptions {
  readonly version: string;
  readonly clientUrls: readonly string[];
  readonly monotonic: () => Micros;
  readonly random: RandomStream;
  /** Called when a lease was granted or renewed: the time of the next expiry may have changed. */
  readonly onLease: () => void;
  readonly limits: Limits;
  /** `--quota-backend-bytes`; puts beyond it raise the alarm NOSPACE. */
  readonly quotaBytes: number;
}

export class Service {
  readonly hub: WatchHub;
  readonly progressWanted = new Condition('a watch that wants progress');
  readonly #database: Database;
  readonly #log: ProposalLog;
  readonly #options: ServiceOptions;
  #watchId = 0;
  /** Watches that asked for progress, for the periodic notification. */
  readonly #progress = new Set<() => void>();

  constructor(database: Database, log: ProposalLog, options: ServiceOptions) {
    this.#database = database;
    this.#log = log;
    this.#options = options;
    this.hub = new WatchHub(database.store);
    database.store.onCommit = (revision, changes) => {
      database.lessor.note(changes);
      this.hub.notify(revision, changes);
    };
  }

  /** Answers one request. Runs inside the server's task; never waits. */
  handle(exchange: HttpExchange): void {
    const path = exchange.request.target;
    const request = rpcValue(exchange.request.body);
    const answer: Answer = (result, payloadBytes) => respond(exchange, result, payloadBytes);
    if (request === undefined) {
      exchange.respond(415, new Map([['content-type', 'text/plain']]));
      return;
    }
    switch (path) {
      case '/etcdserverpb.KV/Range':
        this.#range(request as M.RangeRequest, answer);
        return;
      case '/etcdserverpb.KV/Put':
        this.#write({ put: request as M.PutRequest }, answer);
        return;
      case '/etcdserverpb.KV/DeleteRange':
        this.#write({ deleteRange: request as M.DeleteRangeRequest }, answer);
        return;
      case '/etcdserverpb.KV/Txn':
        this.#txn(request as M.TxnRequest, answer);
        return;
      case '/etcdserverpb.KV/Compact':
        this.#compact(request as M.CompactionRequest, answer);
        return;
      case '/etcdserverpb.Watch/Watch':
        this.#watch(request as M.WatchCreateRequest, exchange);
        return;
      default:
        this.#other(path, request, answer);
        return;
    }
  }

  /** True while some watch asked for progress; `progressWanted` tells when that begins. */
  get wantsProgress(): boolean {
    return this.#progress.size > 0;
  }

  /** Tells every watch that asked for it how far it is (every `--watch-progress-notify-interval`). */
  notifyProgress(): void {
    for (const notify of this.#progress) notify();
  }

  /** Revokes a lease through the log; keys go in one revision. */
  revoke(id: number, answer: Answer): void {
    this.#log.propose({
      apply: (database) => {
        const keys = database.lessor.revoke(id);
        if (!keys.ok) return answer(keys);
        if (keys.value.length > 0) database.store.deleteKeys(keys.value);
        answer(ok({ header: this.header() } satisfies M.LeaseRevokeResponse));
      },
    });
  }

  header(revision = this.#database.store.revision): M.ResponseHeader {
    const { clusterId, memberId } = this.#database.identity;
    return { clusterId, memberId, revision, raftTerm: this.#database.term };
  }

  #range(request: M.RangeRequest, answer: Answer): void {
    if (request.key === '') {
      answer({ ok: false, error: EMPTY_KEY });
      return;
    }
    const found = this.#database.store.range(request);
    if (!found.ok) {
      answer(found);
      return;
    }
    const response: M.RangeResponse = { header: this.header(), ...found.value };
    answer(ok(response), sizeOfKvs(found.value.kvs));
  }

  /** A single put or delete is a transaction without comparisons. */
  #write(op: M.RequestOp, answer: Answer): void {
    const txn: M.TxnRequest = { compare: [], success: [op], failure: [] };
    this.#transact(txn, answer, (result) => {
      const header = this.header(result.revision);
      const first = result.responses[0];
      if (first !== undefined && 'put' in first) return { header, ...first.put };
      if (first !== undefined && 'deleteRange' in first) return { header, ...first.deleteRange };
      return { header };
    });
  }

  #txn(request: M.TxnRequest, answer: Answer): void {
    this.#transact(request, answer, (result) => this.#txnResponse(result));
  }

  #transact(txn: M.TxnRequest, answer: Answer, shape: (result: TxnResult) => unknown): void {
    const refusal = checkTxn(txn, this.#options.limits) ?? this.#checkSpace(costOf(txn));
    if (refusal !== undefined) {
      answer({ ok: false, error: refusal });
      return;
    }
    const apply = (database: Database): void => {
      const late = checkApply(txn, database.store, database.lessor);
      if (late !== undefined) {
        answer({ ok: false, error: late });
        return;
      }
      answer(ok(shape(database.store.txn(txn))));
    };
    // A transaction that only reads needs no entry in the log.
    if (txn.success.every(isRead) && txn.failure.every(isRead)) {
      apply(this.#database);
      return;
    }
    this.#log.propose({ apply });
  }

  /** Refuses what would grow a database beyond its quota; the alarm stays until it is disarmed. */
  #checkSpace(cost: number): M.RpcError | undefined {
    if (cost === 0) return undefined;
    const { alarms, fileBytes } = this.#database;
    if (fileBytes + cost >= this.#options.quotaBytes) alarms.add('NOSPACE');
    return alarms.has('NOSPACE') ? NO_SPACE : undefined;
  }

  #alarm(request: M.AlarmRequest, answer: Answer): void {
    const { alarms } = this.#database;
    const listed = [...alarms].map((alarm) => this.#alarmMember(alarm));
    if (request.action === 'DEACTIVATE') alarms.clear();
    answer(ok({ header: this.header(), alarms: listed } satisfies M.AlarmResponse));
  }

  #alarmMember(alarm: Alarm): M.AlarmMember {
    return { memberId: this.#database.identity.memberId, alarm };
  }

  #txnResponse(result: TxnResult): M.TxnResponse {
    const header = this.header(result.revision);
    return {
      header,
      succeeded: result.succeeded,
      responses: result.responses.map((response) => this.#opResponse(response, header)),
    };
  }

  #opResponse(result: OpResult, header: M.ResponseHeader): M.ResponseOp {
    if ('range' in result) return { range: { header, ...result.range } };
    if ('put' in result) return { put: { header, ...result.put } };
    if ('deleteRange' in result) return { deleteRange: { header, ...result.deleteRange } };
    return { txn: this.#txnResponse(result.txn) };
  }

  #compact(request: M.CompactionRequest, answer: Answer): void {
    this.#log.propose({
      apply: (database) => {
        const done = database.store.compact(request.revision);
        answer(done.ok ? ok({ header: this.header() }) : done);
      },
    });
  }

  #watch(request: M.WatchCreateRequest, exchange: HttpExchange): void {
    const watchId = request.watchId ?? this.#watchId++;
    const send = (
      response: Omit<M.WatchResponse, 'header' | 'watchId'>,
      revision?: number,
    ): boolean => {
      const size = sizeOfKvs(response.events.map((event) => event.kv));
      return exchange.post(
        rpcMessage({ header: this.header(revision), watchId, ...response }, size),
      );
    };
    exchange.start(200, GRPC_OK);
    send({ created: true, events: [] });
    const watcher = this.hub.open(request, (revision, events) => {
      if (!exchange.gone && send({ events }, revision)) return true;
      this.#progress.delete(notify);
      exchange.abort();
      return false;
    });
    const notify = (): void => {
      if (watcher === undefined || !exchange.gone) send({ events: [] });
      else {
        watcher.close();
        this.#progress.delete(notify);
      }
    };
    if (watcher === undefined) {
      const compactRevision = this.#database.store.compactRevision;
      send({ canceled: true, compactRevision, cancelReason: COMPACTED.message, events: [] });
      exchange.end();
      return;
    }
    if (request.progressNotify !== true) return;
    this.#progress.add(notify);
    this.progressWanted.notify();
  }

  #other(path: string, request: unknown, answer: Answer): void {
    const [service = '', method = ''] = path.slice(1).split('/');
    switch (path) {
      case '/etcdserverpb.Lease/LeaseGrant':
        this.#grant(request as M.LeaseGrantRequest, answer);
        return;
      case '/etcdserverpb.Lease/LeaseRevoke':
        this.revoke((request as { id: number }).id, answer);
        return;
      case '/etcdserverpb.Lease/LeaseKeepAlive':
        this.#keepAlive((request as { id: number }).id, answer);
        return;
      case '/etcdserverpb.Lease/LeaseTimeToLive':
        this.#timeToLive(request as { id: number; keys: boolean }, answer);
        return;
      case '/etcdserverpb.Lease/LeaseLeases':
        answer(ok({ header: this.header(), leases: this.#database.lessor.ids() }));
        return;
      case '/etcdserverpb.Cluster/MemberList':
        answer(ok({ header: this.header(), members: [this.#member()] }));
        return;
      case '/etcdserverpb.Maintenance/Status':
        answer(ok(this.#status()));
        return;
      case '/etcdserverpb.Maintenance/Defragment':
        this.#database.defragment();
        answer(ok({ header: this.header() }));
        return;
      case '/etcdserverpb.Maintenance/Alarm':
        this.#alarm(request as M.AlarmRequest, answer);
        return;
      case '/etcdserverpb.Maintenance/Snapshot':
        answer(ok(this.#database.snapshot()), this.#database.fileBytes);
        return;
      default:
        answer({ ok: false, error: unimplemented(service, method) });
        return;
    }
  }

  #grant(request: M.LeaseGrantRequest, answer: Answer): void {
    const refusal = this.#checkSpace(GRANT_BYTES);
    if (refusal !== undefined) return answer({ ok: false, error: refusal });
    this.#log.propose({
      apply: (database) => {
        const random = this.#options.random;
        const wanted = request.id ?? 0;
        // 53 bits: ids are numbers here.
        const id = wanted !== 0 ? wanted : random.below(0x1fffff) * 2 ** 32 + random.word() + 1;
        const lease = database.lessor.grant(id, request.ttl, this.#options.monotonic());
        if (!lease.ok) return answer(lease);
        this.#options.onLease();
        answer(ok({ header: this.header(), id, ttl: lease.value.ttl }));
      },
    });
  }

  #keepAlive(id: number, answer: Answer): void {
    const lease = this.#database.lessor.renew(id, this.#options.monotonic());
    if (lease.ok) this.#options.onLease();
    answer(ok({ header: this.header(), id, ttl: lease.ok ? lease.value.ttl : 0 }));
  }

  #timeToLive(request: { readonly id: number; readonly keys: boolean }, answer: Answer): void {
    const lease = this.#database.lessor.find(request.id);
    const header = this.header();
    if (lease === undefined) {
      answer(ok({ header, id: request.id, ttl: -1, grantedTtl: 0, keys: [] }));
      return;
    }
    const left = Math.max(0, Math.floor((lease.expires - this.#options.monotonic()) / 1_000_000));
    const keys = request.keys ? [...lease.keys] : [];
    answer(ok({ header, id: request.id, ttl: left, grantedTtl: lease.ttl, keys }));
  }

  #member(): M.Member {
    const { memberId, name, peerUrls } = this.#database.identity;
    const clientUrls = this.#options.clientUrls;
    return { id: memberId, name, peerUrls, clientUrls, isLearner: false };
  }

  #status(): M.StatusResponse {
    const { identity, index, term, fileBytes, usedBytes, alarms } = this.#database;
    return {
      header: this.header(),
      version: this.#options.version,
      storageVersion: '3.6.0',
      dbSize: fileBytes,
      dbSizeInUse: usedBytes,
      dbSizeQuota: this.#options.quotaBytes,
      leader: identity.memberId,
      raftIndex: index,
      raftTerm: term,
      raftAppliedIndex: index,
      errors: [...alarms].map((alarm) => alarmText(this.#alarmMember(alarm))),
      isLearner: false,
    };
  }
}

function isRead(op: M.RequestOp): boolean {
  return 'range' in op || ('txn' in op && [...op.txn.success, ...op.txn.failure].every(isRead));
}

function respond(
  exchange: HttpExchange,
  result: Result<unknown, M.RpcError>,
  payloadBytes: number | undefined,
): void {
  if (exchange.gone) return;
  if (result.ok) {
    exchange.respond(200, GRPC_OK, rpcMessage(result.value, payloadBytes));
    return;
  }
  const headers = new Map([
    ['content-type', 'application/grpc'],
    ['grpc-status', String(result.error.code)],
    ['grpc-message', result.error.message],
  ]);
  exchange.respond(200, headers);
}
