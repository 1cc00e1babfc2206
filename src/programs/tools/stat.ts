/** stat: what an inode says of itself, in full or in a format (GNU coreutils 9.1). */
import { formatDate } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import { groupName, modeText, ownerName } from './file-text.ts';
import { complain, defineTool, parseOptions, quoteName, usageError } from './support.ts';

export const stat = defineTool('stat', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'c:Lft',
    long: { format: 'c:', dereference: 'L', printf: 'p:', terse: 't' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  let status = 0;
  for (const path of value.operands) {
    const found = value.has('L') ? process.files.stat(path) : process.files.lstat(path);
    if (!found.ok) {
      yield* complain(process, `cannot statx ${quoteName(path)}: ${strerror(found.error)}`);
      status = 1;
      continue;
    }
    const s = found.value;
    const words: Readonly<Record<string, string>> = {
      file: s.size === 0 ? 'regular empty file' : 'regular file',
      directory: 'directory',
      symlink: 'symbolic link',
      fifo: 'fifo',
      socket: 'socket',
      character: 'character special file',
    };
    const octal = s.mode.toString(8);
    const moment = formatDate('%Y-%m-%d %H:%M:%S.%N +0000', s.modified);
    const fields: Readonly<Record<string, string>> = {
      n: path,
      N: s.target === undefined ? quoteName(path) : `${quoteName(path)} -> ${quoteName(s.target)}`,
      s: `${s.size}`,
      F: words[s.type] as string,
      a: octal,
      A: modeText(s),
      u: `${s.uid}`,
      U: ownerName(process, s.uid),
      g: `${s.gid}`,
      G: groupName(process, s.gid),
      h: `${s.links}`,
      i: `${s.inode}`,
      b: `${Math.ceil(s.size / 4096) * 8}`,
      B: '512',
      o: '4096',
      y: moment,
      Y: `${Math.floor(s.modified / 1_000_000)}`,
      x: moment,
      X: `${Math.floor(s.modified / 1_000_000)}`,
      z: moment,
      Z: `${Math.floor(s.modified / 1_000_000)}`,
      w: '-',
      W: '0',
      d: '2049',
      f: (s.mode | (s.type === 'directory' ? 0o40000 : 0o100000)).toString(16),
      '%': '%',
    };
    const format = value.get('c') ?? value.get('p');
    if (format !== undefined) {
      const text = format.replace(/%([a-zA-Z%])/g, (whole, letter: string) =>
        Object.hasOwn(fields, letter) ? (fields[letter] as string) : whole,
      );
      yield* process.print(
        value.has('p') ? text.replace(/\\n/g, '\n').replace(/\\t/g, '\t') : `${text}\n`,
      );
      continue;
    }
    yield* process.print(
      `  File: ${s.target === undefined ? path : `${path} -> ${s.target}`}\n  Size: ${`${s.size}`.padEnd(10)}\tBlocks: ${(fields['b'] as string).padEnd(10)} IO Block: 4096   ${words[s.type]}\nDevice: 8,1\tInode: ${`${s.inode}`.padEnd(11)} Links: ${s.links}\nAccess: (${octal.padStart(4, '0')}/${modeText(s)})  Uid: (${`${s.uid}`.padStart(5)}/${ownerName(process, s.uid).padStart(8)})   Gid: (${`${s.gid}`.padStart(5)}/${groupName(process, s.gid).padStart(8)})\nAccess: ${moment}\nModify: ${moment}\nChange: ${moment}\n Birth: -\n`,
    );
  }
  return status;
});
