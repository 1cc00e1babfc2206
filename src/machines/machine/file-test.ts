/** The file operators of `test` and `[[ ]]`: `-e`, `-f`, `-d` … (test(1)). */
import type { Process } from './process.ts';

const OPERATORS = 'abcdefghkprsuwxGLNOS';

export function isFileTest(operator: string): boolean {
  return /^-[a-zA-Z]$/.test(operator) && OPERATORS.includes(operator[1] as string);
}

/** May the process do what the permission bit stands for (4 read, 2 write, 1 execute)? */
function allowed(process: Process, mode: number, uid: number, gid: number, bit: number): boolean {
  if (process.uid === 0) return bit !== 1 || (mode & 0o111) !== 0;
  if (process.uid === uid) return ((mode >> 6) & bit) !== 0;
  if (process.gid === gid || process.groups.includes(gid)) return ((mode >> 3) & bit) !== 0;
  return (mode & bit) !== 0;
}

export function fileTest(process: Process, operator: string, path: string): boolean {
  if (path === '') return false;
  if (operator === '-h' || operator === '-L') {
    const link = process.files.lstat(path);
    return link.ok && link.value.type === 'symlink';
  }
  const result = process.files.stat(path);
  if (!result.ok) return false;
  const stat = result.value;
  switch (operator) {
    case '-f':
      return stat.type === 'file';
    case '-d':
      return stat.type === 'directory';
    case '-s':
      return stat.size > 0;
    case '-p':
      return stat.type === 'fifo';
    case '-S':
      return stat.type === 'socket';
    case '-c':
      return stat.type === 'character';
    case '-b':
      return false;
    case '-r':
      return allowed(process, stat.mode, stat.uid, stat.gid, 4);
    case '-w':
      return allowed(process, stat.mode, stat.uid, stat.gid, 2);
    case '-x':
      return allowed(process, stat.mode, stat.uid, stat.gid, 1);
    case '-u':
      return (stat.mode & 0o4000) !== 0;
    case '-g':
      return (stat.mode & 0o2000) !== 0;
    case '-k':
      return (stat.mode & 0o1000) !== 0;
    case '-O':
      return stat.uid === process.uid;
    case '-G':
      return stat.gid === process.gid;
    default:
      return true;
  }
}
