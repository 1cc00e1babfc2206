/** Words about files: permission letters, names of owners, sizes for people. */
import type { Stat } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';

const TYPES: Readonly<Record<Stat['type'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  socket: 's',
  character: 'c',
};

/** `drwxr-xr-x` */
export function modeText(stat: Stat): string {
  const { mode } = stat;
  let text = TYPES[stat.type];
  for (const shift of [6, 3, 0]) {
    const bits = (mode >> shift) & 7;
    const special = shift === 6 ? mode & 0o4000 : shift === 3 ? mode & 0o2000 : mode & 0o1000;
    const mark = shift === 0 ? 't' : 's';
    text += bits & 4 ? 'r' : '-';
    text += bits & 2 ? 'w' : '-';
    text += special !== 0 ? (bits & 1 ? mark : mark.toUpperCase()) : bits & 1 ? 'x' : '-';
  }
  return text;
}

function lookUp(
  process: Process,
  path: string,
  match: (fields: readonly string[]) => boolean,
): readonly string[] | undefined {
  const text = process.files.readText(path);
  if (!text.ok) return undefined;
  return text.value
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields.length > 2 && match(fields));
}

export function ownerName(process: Process, uid: number): string {
  return (
    lookUp(process, '/etc/passwd', (fields) => fields[2] === `${uid}`)?.[0] ??
    (uid === 0 ? 'root' : `${uid}`)
  );
}

export function groupName(process: Process, gid: number): string {
  return (
    lookUp(process, '/etc/group', (fields) => fields[2] === `${gid}`)?.[0] ??
    (gid === 0 ? 'root' : `${gid}`)
  );
}

/** The user's number and main group; undefined when unknown. */
export function findUser(
  process: Process,
  name: string,
): { readonly uid: number; readonly gid: number; readonly name: string } | undefined {
  const fields = lookUp(process, '/etc/passwd', (each) => each[0] === name || each[2] === name);
  if (fields !== undefined)
    return { uid: Number(fields[2]), gid: Number(fields[3]), name: fields[0] as string };
  if (/^\d+$/.test(name)) return { uid: Number(name), gid: Number(name), name };
  return name === 'root' ? { uid: 0, gid: 0, name } : undefined;
}

export function findGroup(process: Process, name: string): number | undefined {
  const fields = lookUp(process, '/etc/group', (each) => each[0] === name || each[2] === name);
  if (fields !== undefined) return Number(fields[2]);
  if (/^\d+$/.test(name)) return Number(name);
  return name === 'root' ? 0 : undefined;
}

/** `1.5K`, `12M`: powers of 1024, rounded up, as `ls -h` and `df -h`. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return `${bytes}`;
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < 5) {
    value /= 1024;
    unit += 1;
  }
  const tenth = Math.ceil(value * 10) / 10;
  return tenth < 10
    ? `${tenth.toFixed(1)}${'KMGTPE'[unit]}`
    : `${Math.ceil(value)}${'KMGTPE'[unit]}`;
}
