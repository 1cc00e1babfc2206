/** Pathname expansion: a pattern to the sorted names of files that match it. */
import { compareText } from '../../ground/base/text.ts';
import { compileGlob, isPattern, matchesGlob } from '../../ground/lang/glob.ts';
import type { Shell } from './state.ts';

/** Names in byte order; empty when nothing matches. */
export function expandPathname(shell: Shell, pattern: string): string[] {
  const parts = pattern.split('/');
  let bases = [''];
  parts.forEach((part, index) => {
    const last = index === parts.length - 1;
    bases = bases.flatMap((base) => extend(shell, base, part, last));
  });
  return bases.filter((path) => path !== '').sort(compareText);
}

function extend(shell: Shell, base: string, part: string, last: boolean): string[] {
  const { files } = shell.process;
  const separator = last ? '' : '/';
  if (part === '' || !isPattern(part)) {
    const name = part.replace(/\\(.)/gs, '$1');
    const path = base + name;
    if (part === '') return [path + separator];
    return files.lstat(path).ok ? [path + separator] : [];
  }
  if (part === '**' && shell.shopt.has('globstar')) return descend(shell, base, last);
  const names = files.list(base === '' ? '.' : base);
  if (!names.ok) return [];
  const glob = compileGlob(part, { ignoreCase: shell.shopt.has('nocaseglob') });
  const hidden = part.startsWith('.') || part.startsWith('\\.');
  const out: string[] = [];
  for (const name of names.value) {
    if (name.startsWith('.') && !hidden && !shell.shopt.has('dotglob')) continue;
    if (!matchesGlob(glob, name)) continue;
    if (!last && files.stat(base + name).ok && !isDirectory(shell, base + name)) continue;
    out.push(base + name + separator);
  }
  return out;
}

function isDirectory(shell: Shell, path: string): boolean {
  const stat = shell.process.files.stat(path);
  return stat.ok && stat.value.type === 'directory';
}

function descend(shell: Shell, base: string, last: boolean): string[] {
  const out = last ? [] : [base];
  const names = shell.process.files.list(base === '' ? '.' : base);
  if (!names.ok) return out;
  for (const name of names.value) {
    if (name.startsWith('.') && !shell.shopt.has('dotglob')) continue;
    const path = base + name;
    const stat = shell.process.files.lstat(path);
    const directory = stat.ok && stat.value.type === 'directory';
    if (last) out.push(path);
    if (directory) out.push(...descend(shell, `${path}/`, last));
  }
  return out;
}
