/** Serving files of a folder over HTTP: types, index pages, and the pieces that servers differ in. */
import type { Process } from '../../machines/machine/process.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  txt: 'text/plain',
  xml: 'text/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
};

export function contentType(path: string): string | undefined {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
}

/** Path of a request target: without query, `%41` decoded, `..` resolved; undefined when it leaves the root. */
export function requestPath(target: string): string | undefined {
  if (target === '/') return target;
  const raw = (target.split('?')[0] ?? '/').split('#')[0] as string;
  const decoded = raw.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  const parts: string[] = [];
  for (const part of decoded.split('/')) {
    if (part === '..') {
      if (parts.length === 0) return undefined;
      parts.pop();
    } else if (part !== '' && part !== '.') parts.push(part);
  }
  const trailing = decoded.endsWith('/') && parts.length > 0 ? '/' : '';
  return `/${parts.join('/')}${trailing}`;
}

export type Found =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly modified: number;
    }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' };

/** Looks a path up below a root. A folder gives its index file, or itself. */
export function findFile(
  process: Process,
  root: string,
  path: string,
  index: readonly string[],
): Found {
  const joined = path === '/' ? root : root + path;
  const full = (joined.endsWith('/') ? joined.slice(0, -1) : joined) || '/';
  // An index file that is there says all about its folder.
  if (path.endsWith('/')) {
    for (const name of index) {
      const found = findFile(process, full, `/${name}`, []);
      if (found.kind === 'file') return found;
    }
  }
  const read = process.files.readDated(full);
  if (read.ok) return { kind: 'file', path: full, ...read.value };
  const stat = process.files.stat(full);
  if (stat.ok && stat.value.type === 'directory') {
    return path.endsWith('/') ? { kind: 'folder', path: full } : { kind: 'redirect' };
  }
  return { kind: read.error === 'EACCES' ? 'denied' : 'missing' };
}
