/** Tab completion over a small view. */
import { expect, it } from 'vitest';
import { type CompletionView, completeLine } from '../../../../src/programs/shell/completion.ts';

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  '/home/l': ['web.yaml', 'web-service.yaml', 'my file', '.hidden', 'd/'],
  '/home/l/d/': ['inner'],
  'd/': ['inner'],
  '/etc/': ['hosts', 'host.conf'],
};

const VIEW: CompletionView = {
  cwd: '/home/l',
  home: '/home/l',
  list: (path) => FOLDERS[path] ?? [],
  commands: () => ['kubectl', 'kill', 'ls'],
  variables: () => ['HOME', 'HOSTNAME'],
  hooks: new Map([
    [
      'kubectl',
      (words) =>
        words.length === 2
          ? ['get', 'describe']
          : words.at(-2) === '-f'
            ? undefined
            : ['pods', 'pods/'],
    ],
  ]),
};

it.each<[string, string[], string]>([
  ['k', ['kill', 'kubectl'], 'k'],
  ['ls; ku', ['kubectl'], 'kubectl'],
  ['ls we', ['web-service.yaml', 'web.yaml'], 'web'],
  ['cat my', ['my\\ file'], 'my\\ file'],
  ['cat "my', ['"my file"'], '"my file"'],
  ['cat .', ['.hidden'], '.hidden'],
  ['cd ', ['d/'], 'd/'],
  ['ls ~/d/', ['~/d/inner'], '~/d/inner'],
  ['cat /etc/ho', ['/etc/host.conf', '/etc/hosts'], '/etc/host'],
  ['kubectl de', ['describe'], 'describe'],
  ['sudo=1 kubectl get po', ['pods', 'pods/'], 'pods'],
  ['kubectl apply -f web.', ['web.yaml'], 'web.yaml'],
  ['echo $HO', ['$HOME', '$HOSTNAME'], '$HO'],
])('%s', (line, candidates, common) => {
  expect(completeLine(VIEW, line, line.length)).toMatchObject({ candidates, common });
});
