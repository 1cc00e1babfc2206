/** What `-h` prints: the purpose, the form and the flags of a verb with their defaults. Short on purpose. */
import { compareText } from '../../../ground/base/text.ts';
import type { FlagSpec } from './flags.ts';
import type { Verb } from './session.ts';

const GLOBAL_HINT =
  'Use "kubectl options" for a list of global command-line options (applies to all commands).\n';

/** Help of one verb. */
export function helpText(verb: Verb, path: string): string {
  const parts = [`${verb.short}.\n\n`];
  if (verb.aliases !== undefined && verb.aliases.length > 0)
    parts.push(`Aliases:\n${[verb.name, ...verb.aliases].join(', ')}\n\n`);
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

/** The verbs of the overview by what they are for; what is nowhere named stands last. */
const GROUPS: readonly (readonly [string, string])[] = [
  ['Basic Commands (Beginner)', 'create expose run set'],
  ['Basic Commands (Intermediate)', 'explain get edit delete'],
  ['Deploy Commands', 'rollout scale autoscale'],
  ['Cluster Management Commands', 'certificate cluster-info top cordon uncordon drain taint'],
  [
    'Troubleshooting and Debugging Commands',
    'describe logs attach exec port-forward proxy cp auth debug events',
  ],
  ['Advanced Commands', 'diff apply patch replace wait kustomize'],
  ['Settings Commands', 'label annotate completion'],
  ['Subcommands provided by plugins', ''],
  ['Other Commands', 'api-resources api-versions config plugin version'],
];

/** `kubectl` alone. */
export function overview(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((verb) => verb.name.length)) + 3;
  const line = (name: string): string => {
    const verb = verbs.find((each) => each.name === name);
    return verb === undefined ? '' : `  ${name.padEnd(width)}${verb.short}\n`;
  };
  const groups = GROUPS.map(([title, names]) => {
    const lines = names.split(' ').map(line).join('');
    return `${title}:\n${lines}\n`;
  });
  return [
    'kubectl controls the Kubernetes cluster manager.\n\n',
    ' Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n',
    ...groups,
    'Usage:\n  kubectl [flags] [options]\n\n',
    'Use "kubectl <command> --help" for more information about a given command.\n',
    GLOBAL_HINT,
  ].join('');
}

function commandLines(verbs: readonly Verb[]): string {
  const sorted = [...verbs].sort((a, b) => compareText(a.name, b.name));
  const width = Math.max(11, ...sorted.map((verb) => verb.name.length)) + 3;
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
