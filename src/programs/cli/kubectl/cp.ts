/**
 * `kubectl cp` (k8s.io/kubectl/pkg/cmd/cp, v0.34) moves files through `tar` in the container; here it
 * says what to use instead, until the containers have tar.
 */
import { fail } from './failure.ts';
import { flagSpecs } from './flags.ts';
import type { Verb } from './session.ts';

export const cp: Verb = {
  name: 'cp',
  usage: '<file-spec-src> <file-spec-dest> [options]',
  short: 'Copy files and directories to and from containers',
  flags: flagSpecs("c container='' no-preserve=false retries=0"),
  *run(session) {
    const { args } = session;
    if (args.length !== 2) return fail('source and destination are required');
    const [source = '', target = ''] = args.map((arg) =>
      /^[^/.][^:]*:/.test(arg) ? 'remote' : 'local',
    );
    if (source === 'remote' && target === 'remote')
      return fail('one of src or dest must be a local file specification');
    if (source === 'local' && target === 'local')
      return fail('one of src or dest must be a remote file specification');
    return fail(
      'cp is not supported by this simulator yet: use kubectl exec POD -- cat FILE, or kubectl exec -i POD -- sh -c "cat > FILE"',
    );
  },
};
