/** `kubectl config` (k8s.io/client-go/tools/clientcmd and k8s.io/kubectl/pkg/cmd/config, v0.34): reads and writes kubeconfig files. */
import { base64Of } from '../../../ground/base/bytes.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote, sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import {
  formatKubeconfig,
  type Kubeconfig,
  readKubeconfig,
} from '../../../spine/client/kubeconfig.ts';
import { configPaths, EMPTY_CONFIG, loadConfig, writablePath } from './config-file.ts';
import { viewConfig } from './config-view.ts';
import { fail, type Outcome } from './failure.ts';
import { type FlagSpec, flagSpecs } from './flags.ts';
import { helpText } from './help.ts';
import type { Session, Verb } from './session.ts';
import { TableWriter } from './table.ts';

type Fields = Readonly<Record<string, unknown>>;
type Section = 'clusters' | 'users' | 'contexts';

/** What a list of the file calls its entries, and what messages do. */
const SECTIONS: Readonly<Record<Section, string>> = {
  clusters: 'cluster',
  users: 'user',
  contexts: 'context',
};

function verb(
  name: string,
  usage: string,
  short: string,
  flags: readonly FlagSpec[],
  run: (session: Session) => Task<Outcome<number>>,
): Verb {
  return { name, usage, short, flags, run };
}

function load(session: Session): Outcome<Kubeconfig> {
  const loaded = loadConfig(session.process, session.flags);
  return loaded.ok ? ok(loaded.value.config) : fail(loaded.error);
}

/** Changes the file that holds what is changed: the first of those read that has it, else the first. */
function save(
  session: Session,
  change: (config: Kubeconfig) => Kubeconfig,
  has?: (config: Kubeconfig) => boolean,
): Outcome<number> {
  const { files } = session.process;
  const paths = configPaths(session.process, session.flags).filter((path) => files.exists(path));
  let path = writablePath(session.process, session.flags);
  for (const each of has === undefined ? [] : paths) {
    const read = readKubeconfig(session.process, each);
    if (read.ok && has?.(read.value) === true) {
      path = each;
      break;
    }
  }
  const old = files.exists(path) ? readKubeconfig(session.process, path) : ok(EMPTY_CONFIG);
  if (!old.ok) return fail(old.error);
  const slash = path.lastIndexOf('/');
  if (slash > 0) files.mkdir(path.slice(0, slash), { parents: true, mode: 0o755 });
  const written = files.write(path, formatKubeconfig(change(old.value)), 0o600);
  return written.ok ? ok(0) : fail(`open ${path}: permission denied`);
}

/** Prints the help when the number of arguments is wrong, as these verbs do. */
function* wrongArgs(session: Session, own: Verb): Task<Outcome<number>> {
  yield* session.print(helpText(own, session.path));
  return fail(`Unexpected args: [${session.args.join(' ')}]`);
}

const currentContext = verb(
  'current-context',
  '[flags] [options]',
  'Display the current-context',
  [],
  function* (session) {
    const config = load(session);
    if (!config.ok) return config;
    if (config.value.currentContext === '') return fail('current-context is not set');
    yield* session.print(`${config.value.currentContext}\n`);
    return ok(0);
  },
);

const useContext: Verb = {
  ...verb(
    'use-context',
    'CONTEXT_NAME [options]',
    'Set the current-context in a kubeconfig file',
    [],
    function* (session) {
      const [name] = session.args;
      if (name === undefined || session.args.length > 1)
        return yield* wrongArgs(session, useContext);
      const config = load(session);
      if (!config.ok) return config;
      if (!config.value.contexts.has(name))
        return fail(`no context exists with the name: ${quote(name)}`);
      const saved = save(session, (old) => ({ ...old, currentContext: name }));
      if (!saved.ok) return saved;
      yield* session.print(`Switched to context ${quote(name)}.\n`);
      return ok(0);
    },
  ),
  aliases: ['use'],
};

const getContexts = verb(
  'get-contexts',
  '[(-o|--output=)name)] [options]',
  'Describe one or many contexts',
  flagSpecs("no-headers=false o output=''"),
  function* (session) {
    const config = load(session);
    if (!config.ok) return config;
    const { contexts, currentContext: current } = config.value;
    const output = session.flags.text('output');
    if (output !== '' && output !== 'name')
      return fail(
        `--output ${output} is not available in kubectl config get-contexts; resetting to default output format`,
      );
    const names =
      session.args.length === 0
        ? sortedText(contexts.keys())
        : session.args.filter((name) => contexts.has(name));
    const absent = session.args.filter((name) => !contexts.has(name));
    if (output === 'name') yield* session.print(names.map((name) => `${name}\n`).join(''));
    else {
      const head = ['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'];
      const rows = names.map((name) => {
        const context = contexts.get(name);
        return [
          name === current ? '*' : '',
          name,
          context?.cluster ?? '',
          context?.user ?? '',
          context?.namespace ?? '',
        ];
      });
      yield* session.print(
        new TableWriter().format([...(session.flags.bool('no-headers') ? [] : [head]), ...rows]),
      );
    }
    if (absent.length === 0) return ok(0);
    return fail(absent.map((name) => `context ${name} not found`).join('\n'));
  },
);

function lister(name: string, section: 'clusters' | 'users'): Verb {
  return verb(
    name,
    '[flags] [options]',
    `Display ${section} defined in the kubeconfig`,
    [],
    function* (session) {
      const config = load(session);
      if (!config.ok) return config;
      yield* session.print(
        `NAME\n${sortedText(config.value[section].keys())
          .map((each) => `${each}\n`)
          .join('')}`,
      );
      return ok(0);
    },
  );
}

/** `delete-context`, `delete-cluster`, `delete-user`. */
function deleter(section: Section): Verb {
  const what = SECTIONS[section];
  const own: Verb = verb(
    `delete-${what}`,
    'NAME [options]',
    `Delete the specified ${what} from the kubeconfig`,
    [],
    function* (session) {
      const [name] = session.args;
      if (name === undefined || session.args.length > 1) {
        yield* session.print(helpText(own, session.path));
        return ok(0);
      }
      const config = load(session);
      if (!config.ok) return config;
      const path = writablePath(session.process, session.flags);
      if (!config.value[section].has(name))
        return fail(`cannot delete ${what} ${name}, not in ${path}`);
      if (section === 'contexts' && config.value.currentContext === name) {
        yield* session.printError(
          'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
        );
      }
      const saved = save(
        session,
        (old) => withSection(old, section, without(old[section], name)),
        (each) => each[section].has(name),
      );
      if (!saved.ok) return saved;
      yield* session.print(`deleted ${what} ${name} from ${path}\n`);
      return ok(0);
    },
  );
  return own;
}

function without(entries: ReadonlyMap<string, object>, name: string): ReadonlyMap<string, object> {
  return new Map([...entries].filter(([key]) => key !== name));
}

function withSection(
  config: Kubeconfig,
  section: Section,
  entries: ReadonlyMap<string, object>,
): Kubeconfig {
  return { ...config, [section]: entries } as Kubeconfig;
}

function withEntry(config: Kubeconfig, section: Section, name: string, entry: object): Kubeconfig {
  const entries: ReadonlyMap<string, object> = config[section];
  return withSection(config, section, new Map([...entries, [name, entry]]));
}

const renameContext: Verb = verb(
  'rename-context',
  'CONTEXT_NAME NEW_NAME [options]',
  'Rename a context from the kubeconfig file',
  [],
  function* (session) {
    const [from, to] = session.args;
    if (from === undefined || to === undefined || session.args.length > 2)
      return yield* wrongArgs(session, renameContext);
    const config = load(session);
    if (!config.ok) return config;
    const path = writablePath(session.process, session.flags);
    const context = config.value.contexts.get(from);
    if (context === undefined)
      return fail(`cannot rename the context ${quote(from)}, it's not in ${path}`);
    if (config.value.contexts.has(to))
      return fail(
        `cannot rename the context ${quote(from)}, the context ${quote(to)} already exists in ${path}`,
      );
    const saved = save(session, (old) => ({
      ...withSection(old, 'contexts', new Map([...without(old.contexts, from), [to, context]])),
      currentContext: old.currentContext === from ? to : old.currentContext,
    }));
    if (!saved.ok) return saved;
    yield* session.print(`Context ${quote(from)} renamed to ${quote(to)}.\n`);
    return ok(0);
  },
);

const setContext = verb(
  'set-context',
  '[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]',
  'Set a context entry in kubeconfig',
  flagSpecs("cluster='' current=false n namespace='' user=''"),
  function* (session) {
    const { flags } = session;
    const config = load(session);
    if (!config.ok) return config;
    const name = flags.bool('current') ? config.value.currentContext : (session.args[0] ?? '');
    if (flags.bool('current') && session.args.length > 0)
      return fail('you cannot specify both a context name and --current');
    if (flags.bool('current') && name === '') return fail('no current context is set');
    if (name === '') return fail('you must specify a non-empty context name or --current');
    const exists = config.value.contexts.has(name);
    const saved = setEntry(
      session,
      'contexts',
      name,
      given(session, ['cluster', 'user', 'namespace']),
    );
    if (!saved.ok) return saved;
    yield* session.print(`Context ${quote(name)} ${exists ? 'modified' : 'created'}.\n`);
    return ok(0);
  },
);

const setCluster = verb(
  'set-cluster',
  'NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]',
  'Set a cluster entry in kubeconfig',
  flagSpecs(
    "certificate-authority='' embed-certs=false insecure-skip-tls-verify=false proxy-url='' server='' tls-server-name=''",
  ),
  function* (session) {
    const [name] = session.args;
    if (name === undefined || session.args.length > 1) return yield* wrongArgs(session, setCluster);
    const fields = given(session, [
      'server',
      'certificate-authority',
      'tls-server-name',
      'proxy-url',
    ]);
    if (
      session.flags.has('insecure-skip-tls-verify') &&
      session.flags.bool('insecure-skip-tls-verify') &&
      session.flags.text('certificate-authority') !== ''
    )
      return fail('you cannot specify a certificate authority and insecure mode at the same time');
    const embedded = embed(session, fields, ['certificate-authority']);
    if (!embedded.ok) return embedded;
    const skip =
      session.flags.has('insecure-skip-tls-verify') &&
      session.flags.bool('insecure-skip-tls-verify');
    const saved = setEntry(session, 'clusters', name, {
      ...embedded.value,
      ...(skip ? { 'insecure-skip-tls-verify': true } : {}),
    });
    if (!saved.ok) return saved;
    yield* session.print(`Cluster ${quote(name)} set.\n`);
    return ok(0);
  },
);

const setCredentials = verb(
  'set-credentials',
  'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [options]',
  'Set a user entry in kubeconfig',
  flagSpecs(
    `client-certificate='' client-key='' embed-certs=false password='' token='' username=''
    auth-provider='' auth-provider-arg=[] exec-api-version='' exec-arg=[] exec-command='' exec-env=[]
    exec-interactive-mode='' exec-provide-cluster-info=false`,
  ),
  function* (session) {
    const [name] = session.args;
    const { flags } = session;
    if (name === undefined || session.args.length > 1)
      return yield* wrongArgs(session, setCredentials);
    if (
      flags.text('token') !== '' &&
      (flags.text('username') !== '' || flags.text('password') !== '')
    ) {
      return fail(
        'you cannot specify more than one authentication method at the same time: --token, --username/--password',
      );
    }
    const plugin = ['auth-provider', 'exec-command'].find((each) => flags.text(each) !== '');
    if (plugin !== undefined)
      return fail(`--${plugin} is not supported by this simulator: it has no credential plugins`);
    const embedded = embed(
      session,
      given(session, ['client-certificate', 'client-key', 'token', 'username', 'password']),
      ['client-certificate', 'client-key'],
    );
    if (!embedded.ok) return embedded;
    const saved = setEntry(session, 'users', name, embedded.value);
    if (!saved.ok) return saved;
    yield* session.print(`User ${quote(name)} set.\n`);
    return ok(0);
  },
);

function given(session: Session, names: readonly string[]): Fields {
  const entries = names
    .filter((name) => session.flags.has(name))
    .map((name) => [name, session.flags.text(name)] as const);
  return Object.fromEntries(entries);
}

/** With `--embed-certs` the files' bytes stand in the kubeconfig itself. */
function embed(session: Session, fields: Fields, names: readonly string[]): Outcome<Fields> {
  const made: Record<string, unknown> = { ...fields };
  for (const name of names) {
    const path = fields[name];
    if (typeof path !== 'string' || path === '') continue;
    const { files } = session.process;
    if (!session.flags.bool('embed-certs')) {
      made[name] = files.resolve(path);
      continue;
    }
    const bytes = files.read(path);
    if (!bytes.ok)
      return fail(`could not stat ${name} file ${path}: stat ${path}: no such file or directory`);
    delete made[name];
    made[`${name}-data`] = base64Of(bytes.value);
  }
  return ok(made);
}

function setEntry(
  session: Session,
  section: Section,
  name: string,
  fields: Fields,
): Outcome<number> {
  return save(
    session,
    (old) => withEntry(old, section, name, { ...old[section].get(name), ...fields }),
    (each) => each[section].has(name),
  );
}

const set: Verb = verb(
  'set',
  'PROPERTY_NAME PROPERTY_VALUE [options]',
  'Set an individual value in a kubeconfig file',
  flagSpecs('set-raw-bytes=false'),
  function* (session) {
    const [property, value] = session.args;
    if (property === undefined || value === undefined || session.args.length > 2)
      return yield* wrongArgs(session, set);
    const saved = changeProperty(session, property, value);
    if (!saved.ok) return saved;
    yield* session.print(`Property ${quote(property)} set.\n`);
    return ok(0);
  },
);

const unset: Verb = verb(
  'unset',
  'PROPERTY_NAME [options]',
  'Unset an individual value in a kubeconfig file',
  [],
  function* (session) {
    const [property] = session.args;
    if (property === undefined || session.args.length > 1) return yield* wrongArgs(session, unset);
    const saved = changeProperty(session, property, undefined);
    if (!saved.ok) return saved;
    yield* session.print(`Property ${quote(property)} unset.\n`);
    return ok(0);
  },
);

/** `current-context`, `clusters.NAME.server`: maps have names as their keys, which may hold no dot. */
function changeProperty(
  session: Session,
  property: string,
  value: string | undefined,
): Outcome<number> {
  const [head = '', name, field, ...rest] = property.split('.');
  if (head === 'current-context' && name === undefined) {
    return save(session, (old) => ({ ...old, currentContext: value ?? '' }));
  }
  if (!Object.hasOwn(SECTIONS, head) || rest.length > 0)
    return fail(`unable to parse ${property} after [] at api.Config`);
  const section = head as Section;
  if (name === undefined || field === undefined) {
    if (value !== undefined) return fail(`can't set a map to a value: ${property}`);
    return save(session, (old) =>
      withSection(old, section, name === undefined ? new Map() : without(old[section], name)),
    );
  }
  const typed = value === 'true' || value === 'false' ? value === 'true' : value;
  return save(session, (old) => {
    const entry: Record<string, unknown> = { ...old[section].get(name) };
    if (typed === undefined) delete entry[field];
    else entry[field] = typed;
    return withEntry(old, section, name, entry);
  });
}

const view = verb(
  'view',
  '[flags] [options]',
  'Display merged kubeconfig settings or a specified kubeconfig file',
  flagSpecs(
    "allow-missing-template-keys=true flatten=false merge=true minify=false o output='yaml' raw=false show-managed-fields=false template=''",
  ),
  viewConfig,
);

export const config: Verb = {
  name: 'config',
  usage: 'SUBCOMMAND [options]',
  short: 'Modify kubeconfig files',
  flags: [],
  verbs: [
    currentContext,
    deleter('clusters'),
    deleter('contexts'),
    deleter('users'),
    lister('get-clusters', 'clusters'),
    getContexts,
    lister('get-users', 'users'),
    renameContext,
    set,
    setCluster,
    setContext,
    setCredentials,
    unset,
    useContext,
    view,
  ],
};
