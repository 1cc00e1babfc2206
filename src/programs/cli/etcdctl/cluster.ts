/** member list, endpoint health and status, defrag (etcd 3.6, {member,ep,defrag}_command.go). */
import type { Task } from '../../../ground/base/task.ts';
import type { EtcdClient, Member, StatusResponse } from '../../../spine/etcd/wire/index.ts';
import { decimalOfHex } from '../../../spine/etcd/wire/ids.ts';
import { sizeText } from './numbers.ts';
import { headerFields, headerJson, table } from './print.ts';
import {
  clientOf,
  endpointsOf,
  EXIT_BAD_ARGUMENTS,
  fail,
  failCall,
  type Session,
} from './session.ts';

export function* member(session: Session, words: readonly string[]): Task<number> {
  const { process, client, printer } = session;
  if (words[0] !== 'list') {
    const text = `member ${words[0] ?? ''} is not supported by this simulator: the cluster has one member`;
    return yield* fail(process, text);
  }
  const answer = yield* client.memberList();
  if (!answer.ok) return yield* failCall(session, answer.error);
  const { header, members } = answer.value;
  if (printer.format === 'json') {
    yield* process.print(
      `{"header":${headerJson(header)},"members":[${members.map(memberJson).join(',')}]}\n`,
    );
  } else if (printer.format === 'fields') {
    yield* process.print(headerFields(header) + members.map(memberFields).join(''));
  } else if (printer.format === 'table') {
    const headers = ['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS', 'IS LEARNER'];
    yield* process.print(table(headers, members.map(memberRow)));
  } else yield* process.print(members.map((each) => `${memberRow(each).join(', ')}\n`).join(''));
  return 0;
}

function memberRow(each: Member): string[] {
  const status = each.name === '' ? 'unstarted' : 'started';
  return [
    each.id,
    status,
    each.name,
    each.peerUrls.join(','),
    each.clientUrls.join(','),
    String(each.isLearner),
  ];
}

function memberJson(each: Member): string {
  const urls = (list: readonly string[]): string => `[${list.map((url) => `"${url}"`).join(',')}]`;
  return `{"ID":${decimalOfHex(each.id)},"name":"${each.name}","peerURLs":${urls(each.peerUrls)},"clientURLs":${urls(each.clientUrls)}}`;
}

function memberFields(each: Member): string {
  const urls = [
    ...each.peerUrls.map((url) => `"PeerURL" : "${url}"\n`),
    ...each.clientUrls.map((url) => `"ClientURL" : "${url}"\n`),
  ];
  return `"ID" : ${decimalOfHex(each.id)}\n"Name" : "${each.name}"\n${urls.join('')}"IsLearner" : ${each.isLearner}\n\n`;
}

export function* endpoint(session: Session, words: readonly string[]): Task<number> {
  const [command] = words;
  if (command === 'health') return yield* health(session);
  if (command === 'status') return yield* status(session);
  return yield* fail(
    session.process,
    `unknown command "${command ?? ''}" for "etcdctl endpoint"`,
    EXIT_BAD_ARGUMENTS,
  );
}

interface Health {
  readonly endpoint: string;
  readonly healthy: boolean;
  readonly took: string;
  readonly error: string;
}

/** A linearizable read of a key that is not there. */
function* health(session: Session): Task<number> {
  const { process, printer } = session;
  const results: Health[] = [];
  for (const each of endpointsOf(session.args)) {
    const client = clientOf(process, session.args, each);
    if (!client.ok) return yield* fail(process, client.error);
    const start = process.clock.monotonic();
    const answer = yield* client.value.range({ key: 'health' });
    const state = answer.ok ? yield* client.value.status() : undefined;
    const alarms = state?.ok === true ? state.value.errors : [];
    const micros = process.clock.monotonic() - start;
    client.value.close();
    const took = micros < 1000 ? `${micros}µs` : `${micros / 1000}ms`;
    const error = answer.ok
      ? alarms.length === 0
        ? ''
        : `Active Alarm(s): ${alarms.map((each) => /alarm:(\S+)/.exec(each)?.[1] ?? each).join(' ')} `
      : answer.error.message.startsWith('etcdserver')
        ? answer.error.message
        : 'context deadline exceeded';
    results.push({ endpoint: each, healthy: answer.ok && alarms.length === 0, took, error });
  }
  if (printer.format === 'json') {
    const rows = results.map(
      (one) =>
        `{"endpoint":"${one.endpoint}","health":${one.healthy},"took":"${one.took}"${one.error === '' ? '' : `,"error":"${one.error}"`}}`,
    );
    yield* process.print(`[${rows.join(',')}]\n`);
  } else if (printer.format === 'table') {
    const rows = results.map((one) => [one.endpoint, String(one.healthy), one.took, one.error]);
    yield* process.print(table(['ENDPOINT', 'HEALTH', 'TOOK', 'ERROR'], rows));
  } else {
    for (const one of results) {
      if (one.healthy) {
        yield* process.print(
          `${one.endpoint} is healthy: successfully committed proposal: took = ${one.took}\n`,
        );
      } else
        yield* process.printError(
          `${one.endpoint} is unhealthy: failed to commit proposal: ${one.error}\n`,
        );
    }
  }
  return results.every((one) => one.healthy) ? 0 : yield* fail(process, 'unhealthy cluster');
}

const STATUS_HEADERS = [
  'ENDPOINT',
  'ID',
  'VERSION',
  'STORAGE VERSION',
  'DB SIZE',
  'IN USE',
  'PERCENTAGE NOT IN USE',
  'QUOTA',
  'IS LEADER',
  'IS LEARNER',
  'RAFT TERM',
  'RAFT INDEX',
  'RAFT APPLIED INDEX',
  'ERRORS',
  'DOWNGRADE TARGET VERSION',
  'DOWNGRADE ENABLED',
];

function* status(session: Session): Task<number> {
  const { process, printer } = session;
  const found: [string, StatusResponse][] = [];
  for (const each of endpointsOf(session.args)) {
    const client = clientOf(process, session.args, each);
    if (!client.ok) return yield* fail(process, client.error);
    const answer = yield* statusOf(client.value);
    if (!answer.ok) return yield* failCall(session, answer.error);
    found.push([each, answer.value]);
  }
  if (printer.format === 'json') {
    const rows = found.map(([name, one]) => `{"Endpoint":"${name}","Status":${statusJson(one)}}`);
    yield* process.print(`[${rows.join(',')}]\n`);
  } else if (printer.format === 'table') {
    yield* process.print(
      table(
        STATUS_HEADERS,
        found.map(([name, one]) => statusRow(name, one)),
      ),
    );
  } else {
    for (const [name, one] of found) yield* process.print(`${statusRow(name, one).join(', ')}\n`);
  }
  return 0;
}

function* statusOf(client: EtcdClient) {
  const answer = yield* client.status();
  client.close();
  return answer;
}

function statusRow(endpointName: string, one: StatusResponse): string[] {
  const free = Math.floor(((one.dbSize - one.dbSizeInUse) * 100) / Math.max(1, one.dbSize));
  return [
    endpointName,
    one.header.memberId.replace(/^0+/, ''),
    one.version,
    one.storageVersion,
    sizeText(one.dbSize),
    sizeText(one.dbSizeInUse),
    `${free}%`,
    sizeText(one.dbSizeQuota),
    String(one.leader === one.header.memberId),
    String(one.isLearner),
    String(one.raftTerm),
    String(one.raftIndex),
    String(one.raftAppliedIndex),
    one.errors.join(', '),
    '',
    'false',
  ];
}

function statusJson(one: StatusResponse): string {
  return `{"header":${headerJson(one.header)},"version":"${one.version}","dbSize":${one.dbSize},"leader":${decimalOfHex(one.leader)},"raftIndex":${one.raftIndex},"raftTerm":${one.raftTerm},"raftAppliedIndex":${one.raftAppliedIndex},"dbSizeInUse":${one.dbSizeInUse},"storageVersion":"${one.storageVersion}","dbSizeQuota":${one.dbSizeQuota}}`;
}

export function* defrag(session: Session): Task<number> {
  const { process } = session;
  for (const each of endpointsOf(session.args)) {
    const client = clientOf(process, session.args, each);
    if (!client.ok) return yield* fail(process, client.error);
    const start = process.clock.monotonic();
    const answer = yield* client.value.call('/etcdserverpb.Maintenance/Defragment', {});
    client.value.close();
    if (!answer.ok) {
      yield* process.printError(
        `Failed to defragment etcd member[${each}]. took ${process.clock.monotonic() - start}µs. (${answer.error.message})\n`,
      );
      return 1;
    }
    yield* process.print(
      `Finished defragmenting etcd member[${each}]. took ${(process.clock.monotonic() - start) / 1000}ms\n`,
    );
  }
  return 0;
}
