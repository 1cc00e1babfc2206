/**
 * Completion of kubectl lines, and that its table names the verbs and flags that kubectl has.
 * `UPDATE=1` rewrites the table: run it after adding a verb or a flag.
 */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { completeKubectl, type KubectlView } from '../../src/programs/cli/kubectl/completion.ts';
import {
  COMPLETION_TABLE,
  type CompletionVerb,
} from '../../src/programs/cli/kubectl/completion-table.ts';
import type { Verb } from '../../src/programs/cli/kubectl/session.ts';
import { VERBS } from '../../src/programs/cli/kubectl/verbs.ts';

const HEAD = `/** The verbs of kubectl and their flags. Written by tests/unit/kubectl-completion.test.ts. */
export interface CompletionVerb {
  readonly name: string;
  readonly flags: readonly string[];
  readonly verbs: readonly CompletionVerb[];
}

export const COMPLETION_TABLE: readonly CompletionVerb[] = `;

function tableOf(verbs: readonly Verb[]): readonly CompletionVerb[] {
  return [...verbs]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((verb) => ({
      name: verb.name,
      flags: verb.flags.map((flag) => `--${flag.name}${flag.type === 'bool' ? '' : '='}`).sort(),
      verbs: tableOf(verb.verbs ?? []),
    }));
}

test('the table is that of the verbs', () => {
  const table = tableOf(VERBS);
  if (process.env['UPDATE'] === '1') {
    const file = new URL('../../src/programs/cli/kubectl/completion-table.ts', import.meta.url);
    const rows = table.map((verb) => `  ${JSON.stringify(verb)},`).join('\n');
    writeFileSync(file, `${HEAD}[\n${rows}\n];\n`);
  } else expect(COMPLETION_TABLE).toEqual(table);
});

const view: KubectlView = {
  types: () => ['pods', 'po', 'services', 'svc'],
  names: (type, namespace) =>
    type === 'namespaces'
      ? ['default', 'shop']
      : [`${type}-in-${namespace === '' ? 'default' : namespace}`],
  containers: (pod) => [`${pod}-main`],
  contexts: () => ['kubernetes-admin@kubernetes'],
};

test.each([
  ['kubectl rol', 'rollout'],
  ['kubectl rollout und', 'undo'],
  ['kubectl get po', 'pods'],
  ['kubectl get pods p', 'pods-in-default'],
  ['kubectl get pods -n shop p', 'pods-in-shop'],
  ['kubectl -n shop describe svc s', 'svc-in-shop'],
  ['kubectl get pods -n sh', 'shop'],
  ['kubectl delete pod/', 'pod/pod-in-default'],
  ['kubectl logs web -c w', 'web-main'],
  ['kubectl rollout status deployment/', 'deployment/deployment-in-default'],
  ['kubectl get pods --show-l', '--show-labels'],
  ['kubectl config use-context k', 'kubernetes-admin@kubernetes'],
])('%s', (line, wanted) => {
  const words = line.split(' ');
  const found = completeKubectl(words, view) ?? [];
  expect(found.filter((each) => each.startsWith(words.at(-1) as string))).toContain(wanted);
});

test('files after -f, nothing of kubectl after --', () => {
  expect(completeKubectl(['kubectl', 'apply', '-f', ''], view)).toBeUndefined();
  expect(completeKubectl(['kubectl', 'exec', 'web', '--', 'l'], view)).toBeUndefined();
});
