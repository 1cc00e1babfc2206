/** ps as busybox prints it (procps/ps.c, 1.36): all processes, whatever the options, in four columns. */
import { defineTool } from './support.ts';

const ROOT_UID = 0;

export const busyboxPs = defineTool('ps', function* run(process) {
  const names = new Map([[ROOT_UID, 'root']]);
  const passwd = process.files.readText('/etc/passwd');
  for (const line of passwd.ok ? passwd.value.split('\n') : []) {
    const [name = '', , uid = ''] = line.split(':');
    if (uid !== '') names.set(Number(uid), name);
  }
  yield* process.print('PID   USER     TIME  COMMAND\n');
  for (const entry of process.kernel.processes()) {
    const minutes = Math.floor(entry.cpu / 60_000_000);
    const seconds = Math.floor(entry.cpu / 1_000_000) % 60;
    const time = `${minutes}:${String(seconds).padStart(2, '0')}`;
    const user = (names.get(entry.uid) ?? String(entry.uid)).slice(0, 8).padEnd(8);
    const command = entry.argv.length === 0 ? `[${entry.comm}]` : entry.argv.join(' ');
    yield* process.print(
      `${String(entry.pid).padStart(5)} ${user} ${time.padStart(5)} ${command}\n`,
    );
  }
  return 0;
});
