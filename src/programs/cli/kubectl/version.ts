/** `kubectl version` (k8s.io/kubectl/pkg/cmd/version, v0.34). */
import { ok } from '../../../ground/base/result.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { formatYaml } from '../../../ground/lang/yaml/index.ts';
import { fail, failApi } from './failure.ts';
import { flagSpecs } from './flags.ts';
import type { Verb } from './session.ts';

/** As the released binary says of itself. */
const CLIENT = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0',
  gitCommit: 'f28b4c9efbca5c5c0af716d9f2d5702667ee8a45',
  gitTreeState: 'clean',
  buildDate: '2025-08-27T10:19:56Z',
  goVersion: 'go1.24.5',
  compiler: 'gc',
  platform: 'linux/amd64',
};
const KUSTOMIZE = 'v5.7.1';

export const version: Verb = {
  name: 'version',
  usage: '[flags] [options]',
  short: 'Print the client and server version information',
  flags: flagSpecs("client=false o output=''"),
  *run(session) {
    const { flags } = session;
    if (session.args.length > 0) return fail(`extra arguments: [${session.args.join(' ')}]`);
    const output = flags.text('output');
    if (output !== '' && output !== 'yaml' && output !== 'json')
      return fail("--output must be 'yaml' or 'json'");
    const client = { clientVersion: CLIENT, kustomizeVersion: KUSTOMIZE };
    const asked = flags.bool('client') ? undefined : session.api();
    const answer =
      asked?.ok === true ? yield* asked.value.call('GET', '/version?timeout=32s') : undefined;
    const server =
      answer?.ok === true ? (answer.value as { readonly gitVersion: string }) : undefined;
    const whole = server === undefined ? client : { ...client, serverVersion: server };
    if (output === 'json') yield* session.print(`${formatJson(whole, { indent: 2 })}\n`);
    else if (output === 'yaml') yield* session.print(formatYaml(whole));
    else {
      const last = server === undefined ? '' : `Server Version: ${server.gitVersion}\n`;
      yield* session.print(
        `Client Version: ${CLIENT.gitVersion}\nKustomize Version: ${KUSTOMIZE}\n${last}`,
      );
    }
    if (asked?.ok === false) return asked;
    return answer?.ok === false ? failApi(answer.error) : ok(0);
  },
};
