/** Verbs of kubectl that this simulator does not have, each with its own mistakes first and then the reason (law 5). */
import { ok } from '../../../ground/base/result.ts';
import { fail } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kustomizeProblem } from './resource-builder.ts';
import type { Verb } from './session.ts';
import { FILE_FLAGS, PRINT_FLAGS } from './write-options.ts';

function refusal(name: string, short: string, reason: string, flags = ''): Verb {
  return {
    name,
    usage: '[options]',
    short,
    flags: flagSpecs(flags),
    *run() {
      return fail(reason);
    },
  };
}

export const refusedVerbs: readonly Verb[] = [
  refusal(
    'debug',
    'Create debugging sessions for troubleshooting workloads and nodes',
    'debug is not supported by this simulator: use kubectl exec, or ssh to the node',
    `i stdin=false t tty=false image='' target='' c container='' copy-to='' arguments-only=false attach=false custom=''
    env=[*] f filename=[] image-pull-policy='' keep-annotations=false keep-init-containers=true keep-labels=false
    keep-liveness=false keep-readiness=false keep-startup=false profile='legacy' q quiet=false replace=false
    same-node=false set-image=[] share-processes=true`,
  ),
  {
    name: 'kustomize',
    usage: 'DIR [flags] [options]',
    short: 'Build a kustomization target from a directory or URL',
    flags: flagSpecs(
      `enable-helm=false o output='' load-restrictor='LoadRestrictionsRootOnly' as-current-user=false
      enable-alpha-plugins=false e env=[] helm-api-versions=[] helm-command='helm' helm-debug=false helm-kube-version=''
      mount=[] network=false network-name='bridge'`,
    ),
    *run(session) {
      if (session.args.length > 1) return fail('specify one path to kustomization.yaml');
      return { ok: false, error: kustomizeProblem(session, session.args[0] ?? '.') };
    },
  },
  {
    name: 'certificate',
    usage: 'SUBCOMMAND [options]',
    short: 'Modify certificate resources',
    flags: [],
    verbs: ['approve', 'deny'].map((name): Verb => {
      return {
        name,
        usage: '(-f FILENAME | NAME) [options]',
        short: `${name === 'approve' ? 'Approve' : 'Deny'} a certificate signing request`,
        flags: flagSpecs(`${FILE_FLAGS} ${PRINT_FLAGS} force=false`),
        *run(session) {
          const { args, flags } = session;
          if (args.length === 0 && flags.list('filename').length === 0)
            return fail('one or more CSRs must be specified as <name> or -f <filename>');
          const mapping = yield* session.mapping('certificatesigningrequests');
          return mapping.ok ? fail(`certificate ${name} is not part of this simulator`) : mapping;
        },
      };
    }),
  },
  {
    name: 'alpha',
    usage: '[flags] [options]',
    short: 'Commands for features in alpha',
    flags: [],
    *run() {
      const text = 'No alpha commands are available in this version of kubectl';
      return { ok: false, error: { kind: 'plain', text } };
    },
  },
  {
    name: 'plugin',
    usage: '[flags] [options]',
    short: 'Provides utilities for interacting with plugins',
    flags: [],
    verbs: [
      {
        name: 'list',
        usage: '[options]',
        short: "List all visible plugin executables on a user's PATH",
        flags: flagSpecs('name-only=false'),
        *run(session) {
          const { files, env } = session.process;
          const found: string[] = [];
          for (const folder of (env.get('PATH') ?? '').split(':')) {
            const names = files.list(folder);
            if (!names.ok) continue;
            for (const name of names.value)
              if (name.startsWith('kubectl-')) found.push(`${folder}/${name}`);
          }
          if (found.length === 0) return fail('unable to find any kubectl plugins in your PATH');
          yield* session.print(
            `The following compatible plugins are available:\n\n${found.join('\n')}\n`,
          );
          return ok(0);
        },
      },
    ],
  },
  {
    name: 'completion',
    usage: 'SHELL [options]',
    short: 'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
    flags: [],
    *run(session) {
      const [shell] = session.args;
      if (shell === undefined) return session.usageError('Shell not specified.');
      if (session.args.length > 1)
        return session.usageError('Too many arguments. Expected only the shell type.');
      if (!['bash', 'zsh', 'fish', 'powershell'].includes(shell))
        return session.usageError(`Unsupported shell type "${shell}".`);
      // The shell of this simulator completes kubectl by itself.
      yield* session.print(`# ${shell} completion for kubectl is built into this shell\n`);
      return ok(0);
    },
  },
];
