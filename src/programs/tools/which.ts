/** which of debianutils: where PATH has a command. Says nothing of one that is not there, and ends with 1. */
import { defineTool } from './support.ts';

export const which = defineTool('which', function* run(process, args) {
  const all = args.includes('-a');
  const folders = (process.env.get('PATH') ?? '').split(':').filter((folder) => folder !== '');
  let missing = false;
  for (const name of args.filter((arg) => arg !== '-a' && arg !== '--')) {
    const paths = name.includes('/') ? [name] : folders.map((folder) => `${folder}/${name}`);
    const found = paths.filter((path) => {
      const stat = process.files.stat(path);
      return stat.ok && stat.value.type === 'file' && (stat.value.mode & 0o111) !== 0;
    });
    missing ||= found.length === 0;
    for (const path of all ? found : found.slice(0, 1)) yield* process.print(`${path}\n`);
  }
  return missing || args.length === 0 ? 1 : 0;
});
