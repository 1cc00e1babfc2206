/** cksum, md5sum, sha1sum, sha256sum, sha512sum: digests of files, and their check (GNU coreutils 9.1). */
import { hexOf, textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { sha1, sha256, sha512 } from '../../ground/pki/digest.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { md5 } from './md5.ts';
import {
  complain,
  defineTool,
  eachInput,
  openInput,
  parseOptions,
  readAll,
  usageError,
} from './support.ts';

/** POSIX: the CRC of ISO 8802-3 over the bytes and then their number, least byte first. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0;
  const feed = (byte: number): void => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  for (const byte of bytes) feed(byte);
  for (let left = bytes.length; left > 0; left = Math.floor(left / 256)) feed(left & 255);
  return ~crc >>> 0;
}

export const cksum = defineTool('cksum', function* run(process, args) {
  const options = parseOptions(args, { short: '' });
  if (!options.ok) return yield* usageError(process, options.error);
  return yield* eachInput(process, options.value.operands, function* sum(file, path) {
    const bytes = yield* readAll(file);
    yield* process.work(Math.ceil(bytes.length / 400));
    const name = path === '-' ? '' : ` ${path}`;
    yield* process.print(`${crcOf(bytes)} ${bytes.length}${name}\n`);
  });
});

/** `<digest>  <file>`; -c reads such lines and looks whether they still hold. */
function digestTool(name: string, digest: (data: Uint8Array) => Uint8Array): Program {
  return defineTool(name, function* run(process, args) {
    const options = parseOptions(args, {
      short: 'bctw',
      long: { binary: 'b', check: 'c', text: 't', warn: 'w', quiet: 'q', status: 's' },
    });
    if (!options.ok) return yield* usageError(process, options.error);
    const { value } = options;
    if (value.has('c')) {
      const [quiet, silent] = [value.has('q'), value.has('s')];
      return yield* check(process, value.operands, digest, { quiet, silent });
    }
    return yield* eachInput(process, value.operands, function* sum(file, path) {
      const bytes = yield* readAll(file);
      yield* process.work(Math.ceil(bytes.length / 400));
      yield* process.print(`${hexOf(digest(bytes))} ${value.has('b') ? '*' : ' '}${path}\n`);
    });
  });
}

function* check(
  process: Process,
  lists: readonly string[],
  digest: (data: Uint8Array) => Uint8Array,
  { quiet, silent }: { readonly quiet: boolean; readonly silent: boolean },
): Task<number> {
  let failed = 0;
  let unread = 0;
  const status = yield* eachInput(process, lists, function* compare(list) {
    const text = textOf(yield* readAll(list));
    for (const line of text.split('\n')) {
      const [, wanted = '', path = ''] = /^([0-9a-fA-F]+) [ *](.+)$/.exec(line) ?? [];
      if (path === '') continue;
      const file = openInput(process, path);
      if (!file.ok) {
        unread += 1;
        yield* complain(process, `${path}: ${strerror(file.error)}`);
        if (!silent) yield* process.print(`${path}: FAILED open or read\n`);
        continue;
      }
      const same = hexOf(digest(yield* readAll(file.value))) === wanted.toLowerCase();
      file.value.close();
      if (!same) failed += 1;
      if (!silent && !(quiet && same)) yield* process.print(`${path}: ${same ? 'OK' : 'FAILED'}\n`);
    }
  });
  const plural = (count: number): string => (count === 1 ? '' : 's');
  if (unread > 0 && !silent)
    yield* complain(process, `WARNING: ${unread} listed file${plural(unread)} could not be read`);
  if (failed > 0 && !silent)
    yield* complain(process, `WARNING: ${failed} computed checksum${plural(failed)} did NOT match`);
  return failed + unread > 0 ? 1 : status;
}

export const md5sum = digestTool('md5sum', md5);
export const sha1sum = digestTool('sha1sum', sha1);
export const sha256sum = digestTool('sha256sum', sha256);
export const sha512sum = digestTool('sha512sum', sha512);
