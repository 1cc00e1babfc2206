/** vi, vim, nano: they ask for the person's editor over the terminal. less and more: pass through. */
import { textOf } from '../../ground/base/bytes.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Program } from '../../machines/machine/process.ts';
import { complain, defineTool, eachInput, readAll } from './support.ts';

/** An editor by name. Saved text is written; closing without saving leaves the file as it was. */
export function editorNamed(name: string): Program {
  return defineTool(name, function* run(process, args) {
    const path = args.filter((arg) => !/^[-+]/.test(arg))[0];
    const terminal = process.stdin.terminal ?? process.stdout.terminal;
    if (terminal === undefined) {
      yield* process.printError(
        name === 'nano'
          ? 'Standard input is not a terminal\n'
          : 'Vim: Warning: Input is not from a terminal\n',
      );
      return 1;
    }
    let text = '';
    if (path !== undefined) {
      const bytes = process.files.read(path);
      if (bytes.ok) text = textOf(bytes.value);
      else if (bytes.error !== 'ENOENT') {
        yield* complain(process, `${path}: ${strerror(bytes.error)}`);
        return 1;
      }
    }
    const saved = yield* terminal.edit(path ?? '[No Name]', text);
    if (saved === undefined || path === undefined) return 0;
    const done = process.files.write(path, saved);
    if (done.ok) return 0;
    yield* complain(process, `${path}: ${strerror(done.error)}`);
    return 1;
  });
}

export function pagerNamed(name: string): Program {
  return defineTool(name, function* run(process, args) {
    return yield* eachInput(
      process,
      args.filter((arg) => !/^[-+]./.test(arg)),
      function* show(file) {
        yield* process.stdout.write(yield* readAll(file));
      },
    );
  });
}
