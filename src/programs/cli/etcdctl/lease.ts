/** lease grant, revoke, timetolive, list, keep-alive (etcd 3.6, lease_command.go). */
import type { Task } from '../../../ground/base/task.ts';
import { leaseText, parseLease } from './numbers.ts';
import { EXIT_BAD_ARGUMENTS, fail, failCall, isSet, type Session } from './session.ts';

export function* lease(session: Session, words: readonly string[]): Task<number> {
  const [command = '', ...args] = words;
  switch (command) {
    case 'grant':
      return yield* grant(session, args);
    case 'list':
      return yield* list(session);
    case 'revoke':
    case 'timetolive':
    case 'keep-alive':
      return yield* ofLease(session, command, args);
    default:
      return yield* fail(session.process, `unknown command "${command}" for "etcdctl lease"`);
  }
}

function* grant(session: Session, args: readonly string[]): Task<number> {
  const { process, client } = session;
  const [text, ...more] = args;
  if (text === undefined || more.length > 0) {
    return yield* fail(process, 'lease grant command needs TTL argument', EXIT_BAD_ARGUMENTS);
  }
  if (!/^\d+$/.test(text)) {
    return yield* fail(
      process,
      `bad TTL (strconv.ParseInt: parsing "${text}": invalid syntax)`,
      EXIT_BAD_ARGUMENTS,
    );
  }
  const answer = yield* client.leaseGrant({ ttl: Number(text) });
  if (!answer.ok) return yield* failCall(session, answer.error);
  yield* process.print(
    `lease ${leaseText(answer.value.id)} granted with TTL(${answer.value.ttl}s)\n`,
  );
  return 0;
}

function* list(session: Session): Task<number> {
  const answer = yield* session.client.leases();
  if (!answer.ok) return yield* failCall(session, answer.error);
  const { leases } = answer.value;
  yield* session.process.print(
    `found ${leases.length} leases\n${leases.map((id) => `${leaseText(id)}\n`).join('')}`,
  );
  return 0;
}

function* ofLease(session: Session, command: string, args: readonly string[]): Task<number> {
  const { process } = session;
  const [text, ...more] = args;
  if (text === undefined || more.length > 0) {
    return yield* fail(
      process,
      `lease ${command} command needs lease ID as argument`,
      EXIT_BAD_ARGUMENTS,
    );
  }
  const id = parseLease(text);
  if (id === undefined) {
    return yield* fail(
      process,
      `bad lease ID arg (strconv.ParseInt: parsing "${text}": invalid syntax), expecting ID in Hex`,
      EXIT_BAD_ARGUMENTS,
    );
  }
  if (command === 'revoke') return yield* revoke(session, id);
  if (command === 'timetolive') return yield* timeToLive(session, id);
  return yield* keepAlive(session, id);
}

function* revoke(session: Session, id: number): Task<number> {
  const answer = yield* session.client.leaseRevoke(id);
  if (!answer.ok)
    return yield* fail(session.process, `failed to revoke lease (${answer.error.message})`);
  yield* session.process.print(`lease ${leaseText(id)} revoked\n`);
  return 0;
}

function* timeToLive(session: Session, id: number): Task<number> {
  const keys = isSet(session, 'keys');
  const answer = yield* session.client.leaseTimeToLive(id, keys);
  if (!answer.ok) return yield* failCall(session, answer.error);
  const { ttl, grantedTtl, keys: attached } = answer.value;
  const name = `lease ${leaseText(id)}`;
  if (ttl === -1) {
    yield* session.process.print(`${name} already expired\n`);
    return 0;
  }
  const more = keys ? `, attached keys([${attached.join(' ')}])` : '';
  yield* session.process.print(
    `${name} granted with TTL(${grantedTtl}s), remaining(${ttl}s)${more}\n`,
  );
  return 0;
}

function* keepAlive(session: Session, id: number): Task<number> {
  const { process, client } = session;
  for (;;) {
    const answer = yield* client.leaseKeepAlive(id);
    if (!answer.ok) return yield* failCall(session, answer.error);
    const { ttl } = answer.value;
    if (ttl === 0) {
      yield* process.print(`lease ${leaseText(id)} expired or revoked.\n`);
      return 0;
    }
    yield* process.print(`lease ${leaseText(id)} keepalived with TTL(${ttl})\n`);
    if (isSet(session, 'once')) return 0;
    // The client renews after a third of the TTL.
    yield* process.sleep(Math.floor((ttl * 1_000_000) / 3));
  }
}
