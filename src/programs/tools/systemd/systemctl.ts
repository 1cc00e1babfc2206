/**
 * systemctl of systemd 252: units of the host that it runs on.
 *
 * Refused: other hosts (-H), user units (--user), links, isolation, presets.
 */
import type { Task } from '../../../ground/base/task.ts';
import { compareText } from '../../../ground/base/text.ts';
import { globMatch } from '../../../ground/lang/glob.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { fullName, type UnitStatus } from '../../../machines/machine/unit.ts';
import { defineTool, parseOptions, type ParsedOptions } from '../support.ts';
import { properties, statusText } from './status.ts';
import {
  daemonReload,
  disable,
  edit,
  enable,
  job,
  kill,
  mask,
  powerOff,
  reboot,
  reenable,
  reload,
  resetFailed,
  tryRestart,
  type Verb,
} from './unit-jobs.ts';

const LONG = {
  all: 'a',
  full: 'l',
  lines: 'n:',
  property: 'p:',
  value: 'V',
  quiet: 'q',
  now: 'N',
  type: 't:',
  state: 's:',
  failed: 'F',
  signal: 'S:',
  force: 'f',
  'no-pager': 'P',
  'no-legend': 'L',
  legend: 'G:',
  plain: 'B',
  'no-block': 'k',
  'no-reload': 'P',
  'no-ask-password': 'P',
  system: 'P',
  output: 'o:',
  runtime: 'R',
  version: 'W',
};

export const systemctl = defineTool('systemctl', function* run(process, args) {
  const parsed = parseOptions(args, { short: 'aln:p:qt:s:fo:', long: LONG });
  if (!parsed.ok) {
    yield* process.printError(`systemctl: ${parsed.error}\n`);
    return 1;
  }
  const options = parsed.value;
  if (options.has('W')) {
    yield* process.print('systemd 252 (252.39-1~deb12u1)\n');
    return 0;
  }
  const [word = 'list-units', ...names] = options.operands;
  const verb = VERBS.get(word);
  if (verb === undefined) {
    yield* process.printError(`Unknown command verb ${word}.\n`);
    return 1;
  }
  if (names.length === 0 && NEEDS_NAMES.has(word)) {
    yield* process.printError('Too few arguments.\n');
    return 1;
  }
  return yield* verb(process, options, names);
});

const NEEDS_NAMES: ReadonlySet<string> = new Set([
  'start',
  'stop',
  'restart',
  'enable',
  'disable',
  'is-active',
  'is-enabled',
  'is-failed',
  'cat',
  'mask',
  'unmask',
  'kill',
  'edit',
  'reload',
  'try-restart',
  'reload-or-restart',
  'reenable',
]);

// ---- showing

function* status(process: Process, options: ParsedOptions, names: readonly string[]): Task<number> {
  const { units } = process.kernel;
  if (names.length === 0) return yield* systemStatus(process);
  let code = 0;
  let first = true;
  for (const name of names) {
    const found = /[*?[]/.test(name)
      ? units.list().filter((unit) => globMatch(name, unit.name) && unit.active !== 'inactive')
      : [units.status(name)];
    for (const unit of found) {
      if (unit.loadState === 'not-found' && unit.active === 'inactive') {
        yield* process.printError(`Unit ${unit.name} could not be found.\n`);
        code = 4;
        continue;
      }
      const lines = options.get('n');
      yield* process.print(
        (first ? '' : '\n') +
          statusText(
            process,
            unit,
            lines === undefined ? undefined : Number(lines),
            options.has('l'),
          ),
      );
      first = false;
      if (code === 0 && unit.active !== 'active') code = 3;
    }
  }
  return code;
}

function* systemStatus(process: Process): Task<number> {
  const units = process.kernel.units.list().filter(({ loadState }) => loadState === 'loaded');
  const failed = units.filter(({ active }) => active === 'failed').length;
  yield* process.print(
    `● ${process.kernel.hostName}\n    State: ${failed > 0 ? 'degraded' : 'running'}\n    Units: ${units.length} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: ${failed} units\n`,
  );
  return 0;
}

function* show(process: Process, options: ParsedOptions, names: readonly string[]): Task<number> {
  const wanted = options.all('p').flatMap((list) => list.split(','));
  const texts = names.map((name) => {
    const all = properties(process.kernel.units.status(name));
    const chosen = wanted.length === 0 ? all : all.filter(([key]) => wanted.includes(key));
    return chosen
      .map(([key, value]) => (options.has('V') ? `${value}\n` : `${key}=${value}\n`))
      .join('');
  });
  yield* process.print(texts.join('\n'));
  return 0;
}

function* isActive(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  return yield* states(
    process,
    options,
    names,
    ({ active }) => active,
    (state) => state === 'active',
    3,
  );
}

function* isFailed(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  return yield* states(
    process,
    options,
    names,
    ({ active }) => active,
    (state) => state === 'failed',
    1,
  );
}

function* states(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
  stateOf: (unit: UnitStatus) => string,
  fits: (state: string) => boolean,
  otherwise: number,
): Task<number> {
  let code = otherwise;
  for (const name of names) {
    const state = stateOf(process.kernel.units.status(name));
    if (fits(state)) code = 0;
    if (!options.has('q')) yield* process.print(`${state}\n`);
  }
  return code;
}

function* isEnabled(
  process: Process,
  options: ParsedOptions,
  names: readonly string[],
): Task<number> {
  let code = 1;
  for (const name of names) {
    const unit = process.kernel.units.status(name);
    if (unit.loadState === 'not-found') {
      yield* process.printError(
        `Failed to get unit file state for ${unit.name}: No such file or directory\n`,
      );
      continue;
    }
    if (unit.enabled === 'enabled' || unit.enabled === 'static') code = 0;
    if (!options.has('q'))
      yield* process.print(`${unit.enabled === '' ? 'static' : unit.enabled}\n`);
  }
  return code;
}

function* isRunning(process: Process): Task<number> {
  const failed = process.kernel.units.list().some(({ active }) => active === 'failed');
  yield* process.print(failed ? 'degraded\n' : 'running\n');
  return failed ? 1 : 0;
}

function* cat(process: Process, _options: ParsedOptions, names: readonly string[]): Task<number> {
  let code = 0;
  let first = true;
  for (const name of names) {
    const files = process.kernel.units.cat(name);
    if (!files.ok) {
      yield* process.printError(
        files.error === 'masked'
          ? `# Unit ${fullName(name)} is masked.\n`
          : `No files found for ${fullName(name)}.\n`,
      );
      code = 1;
      continue;
    }
    for (const { path, text } of files.value) {
      yield* process.print(
        `${first ? '' : '\n'}# ${path}\n${text.endsWith('\n') ? text : `${text}\n`}`,
      );
      first = false;
    }
  }
  return code;
}

/** Units that fit patterns, `--type`, `--state` and `--failed`. */
function chosen(
  process: Process,
  options: ParsedOptions,
  patterns: readonly string[],
): readonly UnitStatus[] {
  const types = options.all('t').flatMap((list) => list.split(','));
  const wanted = [
    ...options.all('s').flatMap((list) => list.split(',')),
    ...(options.has('F') ? ['failed'] : []),
  ];
  return process.kernel.units
    .list()
    .filter(
      (unit) =>
        (patterns.length === 0 || patterns.some((pattern) => globMatch(pattern, unit.name))) &&
        (types.length === 0 || types.some((type) => unit.name.endsWith(`.${type}`))) &&
        (wanted.length === 0 ||
          wanted.some(
            (state) => state === unit.active || state === unit.sub || state === unit.loadState,
          )),
    );
}

function* listUnits(
  process: Process,
  options: ParsedOptions,
  patterns: readonly string[],
): Task<number> {
  const some = options.has('a') || options.has('s') || options.has('F');
  const units = chosen(process, options, patterns).filter(
    (unit) => some || unit.active !== 'inactive',
  );
  const rows = units.map((unit) => [
    unit.name,
    unit.loadState,
    unit.active,
    unit.sub,
    unit.description,
  ]);
  const dots = units.map((unit) =>
    unit.active === 'failed' || unit.loadState === 'not-found' ? '● ' : '  ',
  );
  const text = table(
    [['UNIT', 'LOAD', 'ACTIVE', 'SUB', 'DESCRIPTION'], ...rows],
    options.has('L'),
    options.has('B') ? undefined : ['  ', ...dots],
  );
  if (options.has('L')) yield* process.print(text);
  else if (units.length === 0)
    yield* process.print(
      `${text.split('\n')[0]}\n0 loaded units listed.${some ? '' : ' Pass --all to see loaded but inactive units, too.'}\n${some ? '' : "To show all installed unit files use 'systemctl list-unit-files'.\n"}`,
    );
  else yield* process.print(`${text}${legend(units.length, some)}`);
  return 0;
}

function legend(count: number, all: boolean): string {
  const hint = all ? '' : ' Pass --all to see loaded but inactive units, too.';
  return `
LOAD   = Reflects whether the unit definition was properly loaded.
ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
SUB    = The low-level unit activation state, values depend on unit type.
${count} loaded units listed.${hint}
To show all installed unit files use 'systemctl list-unit-files'.
`;
}

/** Columns one blank apart; the last is not padded. */
function table(
  rows: readonly (readonly string[])[],
  noHead: boolean,
  prefixes: readonly string[] | undefined,
): string {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => (row[index] ?? '').length)),
  );
  const lines = rows.map((row, at) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell.padEnd(widths[index] as number),
    );
    return `${prefixes?.[at] ?? ''}${cells.join(' ')}\n`;
  });
  return (noHead ? lines.slice(1) : lines).join('');
}

function* listUnitFiles(
  process: Process,
  options: ParsedOptions,
  patterns: readonly string[],
): Task<number> {
  const units = chosen(process, options, patterns).filter(
    ({ path, enabled }) => path !== '' || enabled === 'masked',
  );
  const rows = units.map((unit) => [
    unit.name,
    unit.enabled,
    unit.enabled === 'static' || unit.enabled === 'masked' ? '-' : 'enabled',
  ]);
  const sorted = rows.sort((a, b) => compareText(a[0] as string, b[0] as string));
  const text = table([['UNIT FILE', 'STATE', 'PRESET'], ...sorted], options.has('L'), undefined);
  yield* process.print(options.has('L') ? text : `${text}\n${units.length} unit files listed.\n`);
  return 0;
}

const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['status', status],
  ['show', show],
  ['cat', cat],
  ['start', job('start')],
  ['stop', job('stop')],
  ['restart', job('restart')],
  ['try-restart', tryRestart],
  ['reload', reload],
  ['reload-or-restart', job('restart')],
  ['enable', enable],
  ['disable', disable],
  ['reenable', reenable],
  ['mask', mask(true)],
  ['unmask', mask(false)],
  ['kill', kill],
  ['is-active', isActive],
  ['is-failed', isFailed],
  ['is-enabled', isEnabled],
  ['is-system-running', isRunning],
  ['list-units', listUnits],
  ['list-unit-files', listUnitFiles],
  ['daemon-reload', daemonReload],
  ['daemon-reexec', daemonReload],
  ['reset-failed', resetFailed],
  ['edit', edit],
  ['reboot', reboot],
  ['poweroff', powerOff],
  ['halt', powerOff],
]);
