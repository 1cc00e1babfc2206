/** `~/.ssh/config` and `/etc/ssh/ssh_config`: the first value for a host counts. (ssh_config(5)) */
import { globMatch } from '../../../ground/lang/glob.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { SSH_PORT } from './messages.ts';

export interface SshSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly strict: 'yes' | 'no' | 'accept-new' | 'ask';
  readonly knownHosts: string;
  readonly logLevel: string;
  /** Seconds. */
  readonly connectTimeout: number | undefined;
}

/** Settings for `[user@]host`; `given` are those of the command line, by small names. */
export function settingsFor(
  process: Process,
  destination: string,
  given: ReadonlyMap<string, string>,
  login: string,
): SshSettings {
  const url = /^ssh:\/\/(?:([^@]*)@)?([^:/]+)(?::(\d+))?\/?$/.exec(destination);
  const at = destination.lastIndexOf('@');
  const name = url?.[2] ?? destination.slice(at + 1);
  const home = process.env.get('HOME') ?? '/root';
  const values = new Map(given);
  const user = url?.[1] ?? (at < 0 ? undefined : destination.slice(0, at));
  if (user !== undefined) values.set('user', user);
  if (url?.[3] !== undefined) values.set('port', url[3]);
  for (const file of [`${home}/.ssh/config`, '/etc/ssh/ssh_config']) {
    const text = process.files.readText(file);
    if (text.ok) readConfig(text.value, name, values);
  }
  const strict = (values.get('stricthostkeychecking') ?? 'ask').toLowerCase();
  const known = (values.get('userknownhostsfile') ?? '~/.ssh/known_hosts').split(
    /\s+/,
  )[0] as string;
  const timeout = Number(values.get('connecttimeout') ?? '');
  return {
    host: (values.get('hostname') ?? name).replace('%h', name),
    port: Number(values.get('port') ?? SSH_PORT),
    user: values.get('user') ?? login,
    strict:
      strict === 'yes' || strict === 'accept-new'
        ? strict
        : strict === 'no' || strict === 'off'
          ? 'no'
          : 'ask',
    knownHosts: known.replace(/^~/, home),
    logLevel: (values.get('loglevel') ?? 'INFO').toUpperCase(),
    connectTimeout: timeout > 0 ? timeout : undefined,
  };
}

function readConfig(text: string, name: string, values: Map<string, string>): void {
  let applies = true;
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z]+)\s*[=\s]\s*"?(.*?)"?\s*$/.exec(line);
    if (match === null || line.trim().startsWith('#')) continue;
    const key = (match[1] as string).toLowerCase();
    const value = match[2] as string;
    if (key === 'host') applies = fitsHost(name, value.split(/\s+/));
    else if (key === 'match') applies = value === 'all';
    else if (applies && !values.has(key)) values.set(key, value);
  }
}

/** `*`, `?` and `!` as in ssh_config. */
function fitsHost(name: string, patterns: readonly string[]): boolean {
  const fits = (pattern: string): boolean => globMatch(pattern, name);
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}
