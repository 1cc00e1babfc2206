/** The verbs of systemctl that change something: jobs, links, signals, power. (systemd 252) */
import type { Task } from '../../../ground/base/task.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { parseSignal } from '../../../machines/machine/signals.ts';
import { fullName, type UnitError } from '../../../machines/machine/unit.ts';
import type { ParsedOptions } from '../support.ts';

export type Verb = (
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
) => Task<number>;

/** Says why an ordinary user may not. */
function* denied(process: Process, verb: string, name: string): Task<number> {
  yield* process.printError(
    `Failed to ${verb} ${fullName(name)}: Access denied\nSee system logs and 'systemctl status ${fullName(name)}' for details.\n`,
  );
  return 4;
}

export function job(verb: 'start' | 'stop' | 'restart'): Verb {
  return function* run(process, options, names) {
    let code = 0;
    for (const name of names) {
      if (process.uid !== 0) return yield* denied(process, verb, name);
      const { units } = process.kernel;
      const unit = units.status(name);
      if (unit.needsReload)
        yield* process.printError(
          `Warning: The unit file, source configuration file or drop-ins of ${unit.name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`,
        );
      if (options.has('k')) {
        process.start(verb, units[verb](name));
        continue;
      }
      const done = yield* units[verb](name);
      if (!done.ok) code = yield* jobFailed(process, verb, name, done.error);
    }
    return code;
  };
}

function* jobFailed(process: Process, verb: string, name: string, error: UnitError): Task<number> {
  const unit = fullName(name);
  const see = `See "systemctl status ${unit}" and "journalctl -xeu ${unit}" for details.\n`;
  switch (error) {
    case 'not-found': {
      const loaded = verb === 'stop' ? ' not loaded.' : ' not found.';
      yield* process.printError(`Failed to ${verb} ${unit}: Unit ${unit}${loaded}\n`);
      return 5;
    }
    case 'masked':
      yield* process.printError(`Failed to ${verb} ${unit}: Unit ${unit} is masked.\n`);
      return 1;
    case 'bad-setting':
      yield* process.printError(
        `Failed to ${verb} ${unit}: Unit ${unit} has a bad unit file setting.\nSee system logs and 'systemctl status ${unit}' for details.\n`,
      );
      return 1;
    default: {
      const { result } = process.kernel.units.status(name);
      const why =
        result === 'timeout'
          ? 'a timeout was exceeded'
          : result === 'start-limit-hit'
            ? undefined
            : result === 'signal'
              ? 'a fatal signal was delivered to the control process'
              : 'the control process exited with error code';
      yield* process.printError(
        `Job for ${unit} failed${why === undefined ? '' : ` because ${why}`}.\n${see}`,
      );
      return 1;
    }
  }
}

/** reload: kept programs that know SIGHUP get it; others refuse as systemd does. */
export function* reload(
  process: Process,
  _options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  let code = 0;
  for (const name of names) {
    const unit = process.kernel.units.status(name);
    if (unit.values.has('Service.ExecReload') && unit.active === 'active')
      process.kernel.units.kill(name, 'SIGHUP');
    else {
      yield* process.printError(
        `Failed to reload ${unit.name}: Job type reload is not applicable for unit ${unit.name}.\nSee system logs and 'systemctl status ${unit.name}' for details.\n`,
      );
      code = 1;
    }
  }
  return code;
}

export function* tryRestart(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  const running = names.filter((name) => process.kernel.units.status(name).active === 'active');
  return running.length === 0 ? 0 : yield* job('restart')(process, options, running);
}

export function* enable(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  for (const name of names) {
    if (process.uid !== 0) return yield* denied(process, 'enable', name);
    const made = process.kernel.units.enable(name);
    if (!made.ok) return yield* installFailed(process, 'enable', name, made.error);
    for (const { link, target } of made.value)
      yield* process.printError(`Created symlink ${link} → ${target}.\n`);
  }
  return options.has('N') ? yield* job('start')(process, options, names) : 0;
}

export function* disable(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  for (const name of names) {
    if (process.uid !== 0) return yield* denied(process, 'disable', name);
    const gone = process.kernel.units.disable(name);
    if (!gone.ok) return yield* installFailed(process, 'disable', name, gone.error);
    for (const link of gone.value) yield* process.printError(`Removed "${link}".\n`);
  }
  return options.has('N') ? yield* job('stop')(process, options, names) : 0;
}

export function* reenable(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  const code = yield* disable(process, options, names);
  return code === 0 ? yield* enable(process, options, names) : code;
}

const NO_INSTALL = `The unit files have no installation config (WantedBy=, RequiredBy=, Also=,
Alias= settings in the [Install] section, and DefaultInstance= for template
units). This means they are not meant to be enabled or disabled using systemctl.
`;

function* installFailed(
  process: Process,
  verb: string,
  name: string,
  error: UnitError,
): Task<number> {
  const unit = fullName(name);
  if (error === 'no-install') {
    yield* process.printError(NO_INSTALL);
    return 0;
  }
  yield* process.printError(
    error === 'masked'
      ? `Failed to ${verb} unit: Unit file ${unit} is masked.\n`
      : `Failed to ${verb} unit: Unit file ${unit} does not exist.\n`,
  );
  return 1;
}

export function mask(masked: boolean): Verb {
  return function* run(process, _options, names) {
    for (const name of names) {
      if (process.uid !== 0) return yield* denied(process, masked ? 'mask' : 'unmask', name);
      const unit = fullName(name);
      const before = process.kernel.units.status(name).loadState === 'masked';
      const done = process.kernel.units.mask(name, masked);
      const path = `/etc/systemd/system/${unit}`;
      if (!done.ok) {
        yield* process.printError(`Failed to mask unit: File ${path} already exists.\n`);
        return 1;
      }
      if (masked && !before) yield* process.printError(`Created symlink ${path} → /dev/null.\n`);
      if (!masked && before) yield* process.printError(`Removed "${path}".\n`);
    }
    return 0;
  };
}

export function* kill(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  const signal = parseSignal(options.get('s') ?? options.get('S') ?? 'SIGTERM');
  if (signal === undefined) {
    yield* process.printError(
      `Failed to parse signal string ${options.get('s') ?? options.get('S')}.\n`,
    );
    return 1;
  }
  for (const name of names) {
    if (process.uid !== 0) return yield* denied(process, 'kill unit', name);
    const done = process.kernel.units.kill(name, signal);
    if (done.ok) continue;
    yield* process.printError(
      `Failed to kill unit ${fullName(name)}: Unit ${fullName(name)} not loaded.\n`,
    );
    return 1;
  }
  return 0;
}

export function* daemonReload(process: Process): Task<number> {
  if (process.uid !== 0) {
    yield* process.printError('Failed to reload daemon: Access denied\n');
    return 1;
  }
  for (const { unit, key } of process.kernel.units.daemonReload()) {
    yield* process.printError(`Warning: ${unit}: ${key} has no effect in this model.\n`);
  }
  return 0;
}

export function* resetFailed(
  process: Process,
  _options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  const { units } = process.kernel;
  const all =
    names.length > 0
      ? names
      : units
          .list()
          .filter(({ active }) => active === 'failed')
          .map(({ name }) => name);
  for (const name of all) {
    const done = units.resetFailed(name);
    if (done.ok) continue;
    yield* process.printError(
      `Failed to reset failed state of unit ${fullName(name)}: Unit ${fullName(name)} not loaded.\n`,
    );
    return 1;
  }
  return 0;
}

/** Opens a drop-in in the person's editor. */
export function* edit(
  process: Process,
  _options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  const name = fullName(names[0] ?? '');
  const terminal = process.stdin.terminal;
  if (terminal === undefined || process.uid !== 0) {
    yield* process.printError(
      terminal === undefined
        ? 'Cannot edit units if not on a tty.\n'
        : `Failed to edit ${name}: Permission denied\n`,
    );
    return 1;
  }
  const files = process.kernel.units.cat(name);
  if (!files.ok) {
    yield* process.printError(
      `No files found for ${name}.\nRun 'systemctl edit --force --full ${name}' to create a new unit.\n`,
    );
    return 1;
  }
  const path = `/etc/systemd/system/${name}.d/override.conf`;
  const old = process.files.readText(path);
  const text = yield* terminal.edit(path, old.ok ? old.value : '');
  if (text === undefined || text.trim() === '') {
    yield* process.printError(`Editing "${path}" canceled: temporary file is empty.\n`);
    return 1;
  }
  process.files.mkdir(path.slice(0, path.lastIndexOf('/')), { parents: true });
  process.files.write(path, text);
  return yield* daemonReload(process);
}

export function* reboot(process: Process): Task<number> {
  return yield* power(process, 'reboot');
}

export function* powerOff(process: Process): Task<number> {
  return yield* power(process, 'poweroff');
}

/** What `reboot`, `poweroff` and their systemctl verbs do. */
export function* power(process: Process, what: 'reboot' | 'poweroff'): Task<number> {
  if (process.uid !== 0) {
    yield* process.printError(
      `Call to ${what === 'reboot' ? 'Reboot' : 'PowerOff'} failed: Access denied\n`,
    );
    return 1;
  }
  if (what === 'reboot') process.kernel.reboot();
  else process.kernel.powerOff();
  return 0;
}
