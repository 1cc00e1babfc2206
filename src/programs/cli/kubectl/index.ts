/**
 * kubectl v1.34 as a program: it reads a kubeconfig, speaks to the API server over the network like
 * any client, and prints. The seed-era profile says what kubectl said when the seeds were written.
 */
import type { Program } from '../../../machines/machine/process.ts';
import { runKubectl } from './main.ts';
import type { Profile } from './session.ts';

/** kubectl in the words of a profile. */
export function kubectlFor(profile: Profile): Program {
  return {
    name: 'kubectl',
    version: 'v1.34.0',
    main: (process) => runKubectl(process, profile),
  };
}

export const kubectl: Program = kubectlFor('modern');
