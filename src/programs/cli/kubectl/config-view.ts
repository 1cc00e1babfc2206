/** `kubectl config view` (k8s.io/kubectl/pkg/cmd/config/view.go, v0.34): the merged configuration, its secrets hidden. */
import { err, ok } from '../../../ground/base/result.ts';
import { sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { parseYaml } from '../../../ground/lang/yaml/index.ts';
import { formatKubeconfig, type Kubeconfig } from '../../../spine/client/kubeconfig.ts';
import type { Loose } from './api.ts';
import { configPaths, EMPTY_CONFIG, loadConfig } from './config-file.ts';
import { fail, type Outcome, textFailure } from './failure.ts';
import { printerFor } from './print.ts';
import type { Session } from './session.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Prints the configuration as `-o` asks. */
export function* viewConfig(session: Session): Task<Outcome<number>> {
  if (session.args.length > 0)
    return session.usageError(`unexpected arguments: [${session.args.join(' ')}]`);
  const { files } = session.process;
  // A file that is not there is an empty one to look at.
  const none = !configPaths(session.process, session.flags).some((path) => files.exists(path));
  const loaded = none ? undefined : loadConfig(session.process, session.flags);
  if (loaded?.ok === false) return fail(loaded.error);
  let shown = loaded?.value.config ?? EMPTY_CONFIG;
  if (session.flags.bool('minify')) {
    const named = session.flags.text('context');
    const small = minified(named === '' ? shown : { ...shown, currentContext: named });
    if (!small.ok) return small;
    shown = small.value;
  }
  const bare = session.flags.bool('raw') || session.flags.bool('flatten');
  const visible = bare ? shown : redacted(shown);
  if (session.flags.text('output') === 'json') {
    yield* session.print(`${formatJson(structOf(visible), { indent: 4 })}\n`);
    return ok(0);
  }
  const printer = printerFor(session, session.flags.text('output'));
  if (!printer.ok) return printer;
  const text = formatKubeconfig(visible);
  const object = parseYaml(text).documents[0]?.value as unknown as Loose;
  const printed = printer.value?.(object, true) ?? ok(text);
  if (!printed.ok) return fail(printed.error);
  yield* session.print(printed.value);
  return ok(0);
}

const CLUSTER_FIELDS =
  'server tls-server-name insecure-skip-tls-verify certificate-authority certificate-authority-data proxy-url';
const USER_FIELDS =
  'client-certificate client-certificate-data client-key client-key-data token tokenFile username password';

/** The configuration as Go's JSON has it: fields in the order of the struct. */
function structOf(config: Kubeconfig): object {
  const ordered = (entry: object, names: string): object => {
    const fields = entry as Fields;
    const known = names.split(' ').filter((name) => fields[name] !== undefined);
    return Object.fromEntries(known.map((name) => [name, fields[name]]));
  };
  const list = (entries: ReadonlyMap<string, object>, field: string, names: string) =>
    entries.size === 0
      ? null
      : sortedText(entries.keys()).map((name) => ({
          name,
          [field]: ordered(entries.get(name) as object, names),
        }));
  return {
    kind: 'Config',
    apiVersion: 'v1',
    clusters: list(config.clusters, 'cluster', CLUSTER_FIELDS),
    users: list(config.users, 'user', USER_FIELDS),
    contexts: list(config.contexts, 'context', 'cluster user namespace'),
    'current-context': config.currentContext,
  };
}

function minified(config: Kubeconfig): Outcome<Kubeconfig> {
  if (config.currentContext === '')
    return err(textFailure('current-context must exist in order to minify'));
  const context = config.contexts.get(config.currentContext);
  if (context === undefined)
    return err(textFailure(`cannot locate context ${config.currentContext}`));
  const only = <T>(entries: ReadonlyMap<string, T>, name: string): ReadonlyMap<string, T> => {
    const entry = entries.get(name);
    return entry === undefined ? new Map() : new Map([[name, entry]]);
  };
  return ok({
    clusters: only(config.clusters, context.cluster),
    users: only(config.users, context.user),
    contexts: only(config.contexts, config.currentContext),
    currentContext: config.currentContext,
  });
}

/** What has no `-data` behind its name and is secret all the same. */
const SECRETS: readonly string[] = ['token', 'password'];

/** Keys and tokens are not for the screen. */
function redacted(config: Kubeconfig): Kubeconfig {
  const hide = (entry: object): object =>
    Object.fromEntries(
      Object.entries(entry).map(([key, value]) => {
        if (key.endsWith('-data')) return [key, 'DATA+OMITTED'];
        return [key, SECRETS.includes(key) ? 'REDACTED' : value];
      }),
    );
  const all = (entries: ReadonlyMap<string, object>): ReadonlyMap<string, object> =>
    new Map([...entries].map(([name, entry]) => [name, hide(entry)] as const));
  return { ...config, clusters: all(config.clusters), users: all(config.users) } as Kubeconfig;
}
