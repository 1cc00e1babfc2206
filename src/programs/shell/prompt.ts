/** Prompt strings: the backslash escapes of PS1 and PS2 (bash 5.2 parse.y, decode_prompt_string). */
import { civilFromWall, formatCtime } from '../../ground/base/time.ts';
import type { Shell } from './state.ts';

const VERSION = '5.2';
const RELEASE = '5.2.15';

/** Decodes the escapes of a prompt; parameters are expanded by the caller. */
export function expandPromptText(shell: Shell, text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char !== '\\') {
      out += char;
      continue;
    }
    index += 1;
    const letter = text[index];
    const octal = /^[0-7]{3}/.exec(text.slice(index, index + 3));
    if (octal !== null) {
      out += String.fromCharCode(Number.parseInt(octal[0], 8));
      index += 2;
    } else if (letter === undefined) out += '\\';
    else out += escapeText(shell, letter);
  }
  return out;
}

function escapeText(shell: Shell, letter: string): string {
  const { process } = shell;
  switch (letter) {
    case 'u':
      return shell.variables.get('USER') ?? userName(shell);
    case 'h':
      return process.hostname.split('.')[0] as string;
    case 'H':
      return process.hostname;
    case 'w':
      return shortened(shell);
    case 'W': {
      const path = shortened(shell);
      return path === '/' || path === '~' ? path : (path.split('/').at(-1) as string);
    }
    case '$':
      return process.uid === 0 ? '#' : '$';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'e':
      return '\x1b';
    case 'a':
      return '\x07';
    case '[':
    case ']':
      return '';
    case 's':
      return shell.name0.split('/').at(-1) as string;
    case 'v':
      return VERSION;
    case 'V':
      return RELEASE;
    case 'j':
      return `${shell.jobs.length}`;
    case '!':
    case '#':
      return `${shell.history.length + 1}`;
    case 't':
      return formatCtime(process.clock.wall()).slice(11, 19);
    case 'A':
      return formatCtime(process.clock.wall()).slice(11, 16);
    case 'd':
      return formatCtime(process.clock.wall()).slice(0, 10);
    case 'T':
      return twelve(process.clock.wall());
    case '\\':
      return '\\';
    default:
      return `\\${letter}`;
  }
}

function twelve(wall: number): string {
  const hour = civilFromWall(wall).hour % 12;
  return `${`${hour === 0 ? 12 : hour}`.padStart(2, '0')}${formatCtime(wall).slice(13, 19)}`;
}

function shortened(shell: Shell): string {
  const path = shell.variables.get('PWD') ?? shell.process.cwd;
  const home = shell.variables.get('HOME');
  if (home === undefined || home === '' || home === '/') return path;
  if (path === home) return '~';
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

export function userName(shell: Shell): string {
  const passwd = shell.process.files.readText('/etc/passwd');
  if (passwd.ok) {
    for (const line of passwd.value.split('\n')) {
      const fields = line.split(':');
      if (fields[2] === `${shell.process.uid}`) return fields[0] as string;
    }
  }
  return shell.process.uid === 0 ? 'root' : 'I have no name!';
}
