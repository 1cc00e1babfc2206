/** basename, dirname, readlink, realpath: names of files taken apart and followed (GNU coreutils 9.1). */
import { strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import { baseName } from './file-tools.ts';
import { complain, defineTool, parseOptions, quoted, usageError } from './support.ts';

export const basename = defineTool('basename', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'as:z',
    long: { multiple: 'a', suffix: 's:' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  const many = value.has('a') || value.has('s');
  if (!many && value.operands.length > 2)
    return yield* usageError(
      process,
      `extra operand ${quoted(process, value.operands[2] as string)}`,
    );
  const suffix = value.get('s') ?? (many ? '' : (value.operands[1] ?? ''));
  for (const path of many ? value.operands : value.operands.slice(0, 1)) {
    const name = baseName(path);
    yield* process.print(
      `${suffix !== '' && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
    );
  }
  return 0;
});

export const dirname = defineTool('dirname', function* run(process, args) {
  if (args.length === 0) return yield* usageError(process, 'missing operand');
  for (const path of args) {
    const trimmed = path.replace(/(?!^)\/+$/, '');
    const slash = trimmed.lastIndexOf('/');
    yield* process.print(
      `${slash < 0 ? '.' : slash === 0 ? '/' : trimmed.slice(0, slash).replace(/(?!^)\/+$/, '')}\n`,
    );
  }
  return 0;
});

export const readlink = defineTool('readlink', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'fenmqsvz',
    long: {
      canonicalize: 'f',
      'canonicalize-existing': 'e',
      'canonicalize-missing': 'm',
      'no-newline': 'n',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  let status = 0;
  for (const path of value.operands) {
    let text: string | undefined;
    if (value.has('f') || value.has('e') || value.has('m'))
      text = canonical(process, path, !value.has('e'));
    else {
      const target = process.files.readlink(path);
      text = target.ok ? target.value : undefined;
    }
    if (text === undefined) status = 1;
    else yield* process.print(`${text}${value.has('n') ? '' : '\n'}`);
  }
  return status;
});

/** The real path; the last part need not exist. */
function canonical(process: Process, path: string, missing: boolean): string | undefined {
  const real = process.files.realpath(path);
  if (real.ok) return real.value;
  if (!missing) return undefined;
  const full = process.files.resolve(path);
  const slash = full.lastIndexOf('/');
  const folder = process.files.realpath(full.slice(0, slash) === '' ? '/' : full.slice(0, slash));
  if (!folder.ok) return undefined;
  return `${folder.value === '/' ? '' : folder.value}${full.slice(slash)}`;
}

export const realpath = defineTool('realpath', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'emsqLPz',
    long: {
      'canonicalize-existing': 'e',
      'canonicalize-missing': 'm',
      strip: 's',
      'no-symlinks': 's',
      quiet: 'q',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  let status = 0;
  for (const path of value.operands) {
    const text = value.has('s')
      ? process.files.resolve(path)
      : canonical(process, path, !value.has('e'));
    if (text === undefined) {
      status = 1;
      if (!value.has('q')) yield* complain(process, `${path}: ${strerror('ENOENT')}`);
    } else yield* process.print(`${text}\n`);
  }
  return status;
});
