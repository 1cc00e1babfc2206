/** alarm list and disarm (etcd 3.6, alarm_command.go). */
import type { Task } from '../../../ground/base/task.ts';
import { alarmText, decimalOfHex } from '../../../spine/etcd/wire/ids.ts';
import type { AlarmRequest, AlarmResponse } from '../../../spine/etcd/wire/index.ts';
import { headerJson } from './print.ts';
import { EXIT_BAD_ARGUMENTS, fail, failCall, type Session } from './session.ts';

export function* alarm(session: Session, words: readonly string[]): Task<number> {
  const { process, client, printer } = session;
  const [command, ...more] = words;
  if (command !== 'list' && command !== 'disarm') {
    return yield* fail(process, `unknown command "${command ?? ''}" for "etcdctl alarm"`);
  }
  if (more.length > 0) {
    const text = `alarm ${command} command accepts no arguments`;
    return yield* fail(process, text, EXIT_BAD_ARGUMENTS);
  }
  const request: AlarmRequest = { action: command === 'list' ? 'GET' : 'DEACTIVATE' };
  const answer = yield* client.call<AlarmResponse>('/etcdserverpb.Maintenance/Alarm', request);
  if (!answer.ok) return yield* failCall(session, answer.error);
  const { header, alarms } = answer.value;
  if (printer.format === 'json') {
    const rows = alarms.map(
      (each) =>
        `{"memberID":${decimalOfHex(each.memberId)},"alarm":${each.alarm === 'NOSPACE' ? 1 : 2}}`,
    );
    const list = rows.length === 0 ? '' : `,"alarms":[${rows.join(',')}]`;
    yield* process.print(`{"header":${headerJson(header)}${list}}\n`);
  } else yield* process.print(alarms.map((each) => `${alarmText(each)}\n`).join(''));
  return 0;
}
