/** reboot, poweroff, halt, shutdown, hostnamectl, timedatectl. (systemd 252) */
import type { Task } from '../../ground/base/task.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { power } from './systemd/unit-jobs.ts';
import { defineTool } from './support.ts';

export const reboot: Program = defineTool('reboot', (process) => power(process, 'reboot'));
export const poweroff: Program = defineTool('poweroff', (process) => power(process, 'poweroff'));
export const halt: Program = defineTool('halt', (process) => power(process, 'poweroff'));

/** `shutdown [-r|-h|-P|-c] [now|+minutes]`; the wait is this process's. */
export const shutdown: Program = defineTool('shutdown', function* run(process, args) {
  const again = args.includes('-r') || args.includes('--reboot');
  const when = args.find((arg) => !arg.startsWith('-')) ?? '+1';
  if (args.includes('-c')) return 0;
  const minutes = when === 'now' ? 0 : /^\+\d+$/.test(when) ? Number(when.slice(1)) : undefined;
  if (minutes === undefined) {
    yield* process.printError(`Failed to parse time specification: ${when}\n`);
    return 1;
  }
  if (process.uid !== 0) return yield* power(process, again ? 'reboot' : 'poweroff');
  if (minutes > 0) {
    const at = process.clock.wall() + minutes * 60_000_000;
    yield* process.printError(
      `${again ? 'Reboot' : 'Shutdown'} scheduled for ${formatDate('%a %Y-%m-%d %H:%M:%S UTC', at)}, use 'shutdown -c' to cancel.\n`,
    );
    const later = process.spawn({
      argv: ['shutdown'],
      fork: (child) => powerLater(child, minutes, again),
      newGroup: true,
    });
    return later.ok ? 0 : 1;
  }
  return yield* power(process, again ? 'reboot' : 'poweroff');
});

function* powerLater(process: Process, minutes: number, again: boolean): Task<number> {
  process.onSignal('SIGHUP', 'ignore');
  yield* process.sleep(minutes * 60_000_000);
  return yield* power(process, again ? 'reboot' : 'poweroff');
}

export const hostnamectl: Program = defineTool('hostnamectl', function* run(process, args) {
  const [verb = 'status', name] = args.filter((arg) => !arg.startsWith('-'));
  if (verb === 'set-hostname' || (verb === 'hostname' && name !== undefined)) {
    if (process.uid !== 0) {
      yield* process.printError('Could not set static hostname: Access denied\n');
      return 1;
    }
    process.kernel.setSysctl('kernel.hostname', name ?? '');
    process.files.write('/etc/hostname', `${name ?? ''}\n`);
    return 0;
  }
  if (verb === 'hostname') {
    yield* process.print(`${process.hostname}\n`);
    return 0;
  }
  if (verb !== 'status') {
    yield* process.printError(`Unknown command verb ${verb}.\n`);
    return 1;
  }
  const release = process.files.readText('/etc/os-release');
  const system =
    /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release.ok ? release.value : '')?.[1] ?? 'Linux';
  yield* process.print(
    [
      ` Static hostname: ${process.hostname}`,
      '       Icon name: computer-vm',
      '         Chassis: vm',
      `      Machine ID: ${process.kernel.machineId}`,
      `         Boot ID: ${process.kernel.bootId}`,
      '  Virtualization: kvm',
      `Operating System: ${system}`,
      `          Kernel: Linux ${process.kernel.sysctl('kernel.osrelease') ?? ''}`,
      '    Architecture: x86-64',
      '',
    ].join('\n'),
  );
  return 0;
});

export const timedatectl: Program = defineTool('timedatectl', function* run(process, args) {
  const verb = args.find((arg) => !arg.startsWith('-')) ?? 'status';
  if (verb !== 'status') {
    yield* process.printError(
      `timedatectl: ${verb} is not available: the clock of this host is set by the lab\n`,
    );
    return 1;
  }
  const now = process.clock.wall();
  const stamp = formatDate('%a %Y-%m-%d %H:%M:%S', now);
  yield* process.print(
    [
      `               Local time: ${stamp} UTC`,
      `           Universal time: ${stamp} UTC`,
      `                 RTC time: ${stamp}`,
      '                Time zone: Etc/UTC (UTC, +0000)',
      'System clock synchronized: yes',
      '              NTP service: active',
      '          RTC in local TZ: no',
      '',
    ].join('\n'),
  );
  return 0;
});
