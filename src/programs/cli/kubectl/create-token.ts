/** `kubectl create token` (create_token.go, v0.34): a token of a service account, printed. */
import { ok } from '../../../ground/base/result.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import type { Loose } from './api.ts';
import { printerFor } from './print.ts';
import { fail } from './failure.ts';
import type { Session, Verb } from './session.ts';

export const createToken: Verb = {
  name: 'token',
  usage: 'SERVICE_ACCOUNT_NAME [options]',
  short: 'Request a service account token',
  flags:
    flagSpecs(`allow-missing-template-keys=true audience=[*] bound-object-kind='' bound-object-name='' bound-object-uid=''
    duration=0s o output='' show-managed-fields=false template=''`),
  *run(session) {
    const { args, flags } = session;
    const name = args[0];
    if (name === undefined || args.length > 1) {
      return session.usageError(`exactly one NAME is required, got ${args.length}`);
    }
    const namespace = session.namespace();
    if (!namespace.ok) return namespace;
    const api = session.api();
    if (!api.ok) return api;
    const seconds = Math.floor(flags.duration('duration') / 1_000_000);
    const kind = flags.text('bound-object-kind');
    const wrong = misfit(session, kind, flags.text('bound-object-name'));
    if (wrong !== undefined) return fail(wrong);
    const bound = {
      kind,
      apiVersion: 'v1',
      name: flags.text('bound-object-name'),
      uid: flags.text('bound-object-uid'),
    };
    const audiences = flags.list('audience');
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: audiences.length > 0 ? audiences : null,
        ...(seconds > 0 ? { expirationSeconds: seconds } : {}),
        ...(kind === '' ? {} : { boundObjectRef: bound }),
      },
    };
    const made = yield* api.value.createSub(
      kindMapping('ServiceAccount'),
      namespace.value,
      name,
      'token',
      request,
    );
    if (!made.ok) return fail(`failed to create token: ${made.error.message}`);
    const printer = printerFor(session, flags.text('output'));
    if (!printer.ok) return printer;
    const token = (made.value['status'] as { readonly token?: string } | undefined)?.token ?? '';
    const text =
      printer.value === undefined ? ok(`${token}\n`) : printer.value(made.value as Loose, true);
    if (!text.ok) return fail(text.error);
    yield* session.print(text.value);
    return ok(0);
  },
};

/** What upstream checks of a bound object and a duration before it asks. */
function misfit({ flags }: Session, kind: string, name: string): string | undefined {
  if (flags.duration('duration') < 0) return '--duration must be greater than or equal to 0';
  if (kind === '' && name !== '')
    return '--bound-object-name can only be set if --bound-object-kind is provided';
  if (kind === '') return undefined;
  if (!['Node', 'Pod', 'Secret'].includes(kind))
    return 'supported --bound-object-kind values are Node, Pod, Secret';
  return name === ''
    ? '--bound-object-name is required if --bound-object-kind is provided'
    : undefined;
}
