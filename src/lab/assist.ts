/** The assist functions bound to one lab, as the worker asks them. */
import { completeLine, type CompletionView } from '../programs/shell/completion.ts';
import { completeKubectl } from '../programs/cli/kubectl/completion.ts';
import { kubectlViewOf } from './assist/kubectl-view.ts';
import { checkYaml, completeYaml, hoverYaml } from './assist/index.ts';
import type { Lab } from './lab.ts';
import { LEARNER } from './terminals.ts';
import type { CompletionAnswer, HoverAnswer, MarkersAnswer } from './view-types.ts';

export interface Assist {
  completeLine(terminal: number, text: string, cursor: number): CompletionAnswer;
  completeYaml(text: string, offset: number): CompletionAnswer;
  hoverYaml(text: string, offset: number): HoverAnswer | null;
  checkYaml(path: string, text: string): MarkersAnswer;
}

export function makeAssist(lab: Lab): Assist {
  return {
    completeLine: (_terminal, text, cursor) => {
      const found = completeLine(viewOf(lab), text, cursor);
      return {
        from: found.start,
        items: found.candidates.map((candidate) => ({
          text: candidate,
          detail: '',
          documentation: '',
        })),
      };
    },
    completeYaml,
    hoverYaml,
    checkYaml: (_path, text) => checkYaml(text),
  };
}

/** What a shell has without a file. */
const BUILTINS =
  'alias bg break case cd command continue declare do done echo eval exec exit export fg for function help history if jobs kill let local printf pwd read return set shift source test then time trap type ulimit umask unalias unset until wait while'.split(
    ' ',
  );
/** Those of every login. */
const VARIABLES = [
  'EDITOR',
  'HOME',
  'HOSTNAME',
  'KUBECONFIG',
  'LANG',
  'OLDPWD',
  'PATH',
  'PWD',
  'SHELL',
  'TERM',
  'USER',
];
const PATH_FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/sbin'];

function viewOf(lab: Lab): CompletionView {
  const files = lab.cluster.workstation.files;
  const list = (path: string): readonly string[] => {
    const names = files.list(path);
    if (!names.ok) return [];
    return names.value.map((name) => {
      const stat = files.stat(`${path}/${name}`);
      return stat.ok && stat.value.type === 'directory' ? `${name}/` : name;
    });
  };
  const hook = (words: readonly string[]): readonly string[] | undefined =>
    completeKubectl(words, kubectlViewOf(lab));
  return {
    cwd: LEARNER.home,
    home: LEARNER.home,
    list,
    commands: () => [...BUILTINS, ...PATH_FOLDERS.flatMap((folder) => list(folder))],
    variables: () => VARIABLES,
    hooks: new Map([
      ['kubectl', hook],
      ['k', hook],
    ]),
  };
}
