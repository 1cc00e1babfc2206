/** `kubectl options`: the flags that every command takes. */
import { ok } from '../../../ground/base/result.ts';
import { type FlagSpec, flagSpecs } from './flags.ts';
import { optionLines } from './help.ts';
import type { Verb } from './session.ts';

export const GLOBAL_FLAGS: readonly FlagSpec[] = flagSpecs(`
  as='' as-group=[*] as-uid='' cache-dir='' certificate-authority='' client-certificate='' client-key=''
  cluster='' context='' disable-compression=false insecure-skip-tls-verify=false kubeconfig=''
  log-flush-frequency=5s match-server-version=false n namespace='' password='' profile='none'
  profile-output='profile.pprof' request-timeout='0' s server='' tls-server-name='' token='' user=''
  username='' v v=0 vmodule='' warnings-as-errors=false kuberc=''`);

export const options: Verb = {
  name: 'options',
  usage: '[options]',
  short: 'Print the list of flags inherited by all commands',
  flags: [],
  *run(session) {
    yield* session.print(
      `The following options can be passed to any command:\n\n${optionLines(GLOBAL_FLAGS)}`,
    );
    return ok(0);
  },
};
