/**
 * One run of kubectl: what it was asked, its configuration, its client and its streams. Everything is
 * made when first wanted, as upstream's factory does, so that a mistake in the flags is told before a
 * missing server.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { WallTime } from '../../../ground/base/time.ts';
import type { Process } from '../../../machines/machine/process.ts';
import type { ClientConfig } from '../../../spine/client/kubeconfig.ts';
import { Api } from './api.ts';
import { configFile, resolveConfig } from './config-file.ts';
import { parseGoDuration } from './duration.ts';
import { fail, failApi, type Outcome, textFailure } from './failure.ts';
import type { Flags, FlagSpec } from './flags.ts';
import { Mapper, type Mapping } from './mapper.ts';
import { RequestLog } from './request-log.ts';

export type Profile = 'modern' | 'seed-era';

/** One command: `get`, or `rollout` with verbs below it. */
export interface Verb {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What follows the name: `(TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE/NAME ...) [flags]`. */
  readonly usage: string;
  readonly short: string;
  readonly flags: readonly FlagSpec[];
  readonly required?: readonly string[];
  readonly verbs?: readonly Verb[];
  /** The exit code, or why it failed. Without it the verb prints its help. */
  run?(session: Session): Task<Outcome<number>>;
}

export interface Line {
  /** `kubectl rollout status` */
  readonly path: string;
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly dash: number;
}

/** The group that a kind is named by: kubectl of the seeds said `extensions` of what is in apps now. */
export function shownGroup(session: Session, group: string): string {
  return session.profile === 'seed-era' && group === 'apps' ? 'extensions' : group;
}

export class Session {
  readonly process: Process;
  readonly profile: Profile;
  readonly path: string;
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly dash: number;
  readonly #warned = new Set<string>();
  #config: Outcome<ClientConfig> | undefined;
  #api: Api | undefined;
  #mapper: Mapper | undefined;

  constructor(process: Process, profile: Profile, line: Line) {
    this.process = process;
    this.profile = profile;
    this.path = line.path;
    this.flags = line.flags;
    this.args = line.args;
    this.dash = line.dash;
  }

  /** The same run with other arguments: for a verb that does the work of another. */
  with(args: readonly string[]): Session {
    const { path, flags, dash } = this;
    const next = new Session(this.process, this.profile, { path, flags, args, dash });
    next.#config = this.#config;
    next.#api = this.#api;
    next.#mapper = this.#mapper;
    return next;
  }

  get now(): WallTime {
    return this.process.clock.wall();
  }

  config(): Outcome<ClientConfig> {
    if (this.#config === undefined) {
      const verb = this.path.split(' ')[1] ?? '';
      const asksNamespace = !this.namespaceGiven && ASKS_NAMESPACE.has(verb);
      this.#config = resolveConfig(this.process, this.flags, asksNamespace);
    }
    return this.#config;
  }

  api(): Outcome<Api> {
    if (this.#api !== undefined) return ok(this.#api);
    const config = this.config();
    if (!config.ok) return config;
    const timeout = requestTimeout(this.flags.text('request-timeout'));
    if (timeout === undefined) return fail(BAD_TIMEOUT);
    const level = this.flags.int('v');
    const log = level > 0 ? new RequestLog(this.process, level) : undefined;
    log?.start(configFile(this.process, this.flags));
    const onWarning = (text: string): void => this.#warn(text);
    this.#api = new Api(this.process, config.value, { onWarning, log, timeout });
    return ok(this.#api);
  }

  mapper(): Outcome<Mapper> {
    const api = this.api();
    if (!api.ok) return api;
    const home = this.process.env.get('HOME') ?? '/';
    const cache = this.flags.text('cache-dir');
    this.#mapper ??= new Mapper(
      this.process,
      api.value,
      cache === '' ? `${home === '/' ? '' : home}/.kube/cache` : cache,
    );
    return ok(this.#mapper);
  }

  /** The resource of a type as typed, or `the server doesn't have a resource type "foo"`. */
  *mapping(type: string): Task<Outcome<Mapping>> {
    const mapper = this.mapper();
    if (!mapper.ok) return mapper;
    const found = yield* mapper.value.named(type);
    if (!found.ok) return failApi(found.error);
    if (found.value !== undefined) {
      yield* this.#warnOfOthers(mapper.value, found.value, type);
      return ok(found.value);
    }
    const dot = type.indexOf('.');
    return fail(`the server doesn't have a resource type "${dot < 0 ? type : type.slice(0, dot)}"`);
  }

  /** A short name that another group's resource has as well. */
  *#warnOfOthers(mapper: Mapper, found: Mapping, type: string): Task<void> {
    if (!found.shortNames.includes(type)) return;
    const all = yield* mapper.all();
    if (!all.ok) return;
    for (const { preferred, shortNames, resource, group } of all.value) {
      if (!preferred || group === found.group || !shortNames.includes(type)) continue;
      this.#warn(
        `short name ${quote(type)} could also match lower priority resource ${resource}.${group}`,
      );
    }
  }

  /** `--namespace`, or that of the context. */
  namespace(): Outcome<string> {
    if (this.flags.text('namespace') !== '') return ok(this.flags.text('namespace'));
    const config = this.config();
    return config.ok ? ok(config.value.namespace) : config;
  }

  get namespaceGiven(): boolean {
    return this.flags.text('namespace') !== '';
  }

  *print(text: string): Task<void> {
    if (text !== '') yield* this.process.print(text);
  }

  *printError(text: string): Task<void> {
    if (text !== '') yield* this.process.printError(text);
  }

  /** `error: <text>` with the pointer to help. */
  usageError(text: string): Outcome<never> {
    return {
      ok: false,
      error: textFailure(`${text}\nSee '${this.path} -h' for help and examples`),
    };
  }

  close(): void {
    this.#api?.client.close();
  }

  /** A `Warning:` header, once per text. Headers come inside the arrival event, which cannot wait. */
  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.process.stderr.post(`Warning: ${text}\n`);
  }
}

/** Verbs that ask for the namespace before they make a client. */
const ASKS_NAMESPACE = new Set(
  'get describe delete logs exec attach label annotate scale rollout set patch edit taint events cp port-forward'.split(
    ' ',
  ),
);

const BAD_TIMEOUT =
  'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)';

/** Whole seconds, or a duration; undefined for anything else (clientcmd.ParseTimeout). */
function requestTimeout(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * SECOND;
  const parsed = parseGoDuration(text);
  return parsed.ok ? parsed.value : undefined;
}
