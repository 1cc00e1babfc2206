/** What `-h` prints: the purpose, the form and the flags of a verb with their defaults. Short on purpose. */
import { compareText } from '../../../ground/base/text.ts';
import type { FlagSpec } from './flags.ts';
import type { Verb } from './session.ts';

const GLOBAL_HINT =
  'Use "kubectl options" for a list of global command-line options (applies to all commands).\n';

/** Help of one verb. */
export function helpText(verb: Verb, path: string): string {
  const parts = [`${verb.short}\n\n`];
  if (verb.verbs !== undefined) {
    parts.push('Available Commands:\n', commandLines(verb.verbs), '\n');
  }
  if (verb.flags.length > 0) parts.push('Options:\n', optionLines(verb.flags), '\n');
  parts.push(`Usage:\n  ${path} ${verb.usage}\n\n`);
  if (verb.verbs !== undefined) {
    parts.push(`Use "${path} <command> --help" for more information about a given command.\n`);
  }
  parts.push(GLOBAL_HINT);
  return parts.join('');
}

/** `kubectl` alone. */
export function overview(verbs: readonly Verb[]): string {
  return [
    'kubectl controls the Kubernetes cluster manager.\n\n',
    ' Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n',
    'Available Commands:\n',
    commandLines(verbs),
    '\nUsage:\n  kubectl [flags] [options]\n\n',
    'Use "kubectl <command> --help" for more information about a given command.\n',
    GLOBAL_HINT,
  ].join('');
}

function commandLines(verbs: readonly Verb[]): string {
  const sorted = [...verbs].sort((a, b) => compareText(a.name, b.name));
  const width = Math.max(...sorted.map((verb) => verb.name.length)) + 3;
  return sorted.map((verb) => `  ${verb.name.padEnd(width)}${verb.short}\n`).join('');
}

/** `    -o, --output='':` */
export function optionLines(flags: readonly FlagSpec[]): string {
  return [...flags]
    .sort((a, b) => compareText(a.name, b.name))
    .map((flag) => {
      const short = flag.short === '' ? '' : `-${flag.short}, `;
      const initial = flag.type === 'array' ? '[]' : flag.initial;
      return `    ${short}--${flag.name}=${initial}:\n`;
    })
    .join('');
}
