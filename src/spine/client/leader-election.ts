/**
 * Leader election over a Lease (k8s.io/client-go/tools/leaderelection, v0.34). A candidate judges
 * expiry by its own monotonic clock, from when it last saw the record change; a leader that cannot
 * renew within the deadline has lost and must stop its work. Renewals are background work.
 *
 * A leader that is stopped either gives the lease up (`releaseOnStop`, kube-scheduler) or leaves it
 * to run out (kube-controller-manager 1.34); one that is killed can only leave it.
 */
import { freezeDeep, withFields } from '../../ground/api/edit.ts';
import { LEASES } from '../../ground/api/names.ts';
import type { Lease, LeaseSpec } from '../../ground/api/types.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { formatRfc3339Micro } from '../../ground/base/time.ts';
import type { Process } from '../../machines/machine/process.ts';
import { enterBackground } from './background.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Client } from './types.ts';

export interface LeaderElectionOptions {
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  /** `<host>_<uuid>` */
  readonly identity: string;
  /** Defaults 15 s, 10 s, 2 s. */
  readonly leaseDuration?: Micros;
  readonly renewDeadline?: Micros;
  readonly retryPeriod?: Micros;
  /** Gives the lease up when stopped (ReleaseOnCancel). */
  readonly releaseOnStop: boolean;
  /** Gets the LeaderElection events. */
  readonly recorder?: EventRecorder;
  /** Run as a task of the process once leading. */
  readonly lead: () => Task<void>;
  readonly onNewLeader?: (identity: string) => void;
}

const JITTER = 1.2;

/** Tries until it leads, leads until it loses or is stopped (SIGTERM), and says which. */
export function* runLeaderElection(
  process: Process,
  client: Client,
  options: LeaderElectionOptions,
): Task<'lost' | 'stopped'> {
  const elector = new Elector(process, client, options);
  const retry = options.retryPeriod ?? 2 * SECOND;
  const name = `${options.namespace}/${options.name}`;
  process.log('I', 'leaderelection.go:257', `attempting to acquire leader lease ${name}...`);
  while (!(yield* elector.tryOnce())) {
    enterBackground(process);
    const wait = retry + Math.floor(retry * JITTER * process.random.fraction());
    const first = yield* anyOf([process.terminated], wait);
    if (first.index === 0) return 'stopped';
  }
  process.log('I', 'leaderelection.go:271', `successfully acquired lease ${name}`);
  elector.announce('became leader');
  process.start('leading', options.lead());
  enterBackground(process);
  const outcome = yield* hold(process, elector, options);
  if (outcome === 'stopped') {
    if (options.releaseOnStop) yield* elector.release();
    return outcome;
  }
  elector.announce('stopped leading');
  process.log(
    'I',
    'leaderelection.go:297',
    `failed to renew lease ${name}: context deadline exceeded`,
  );
  if (options.releaseOnStop) yield* elector.release();
  return outcome;
}

/** Renews every retry period; lost when one round of tries has lasted for the renew deadline. */
function* hold(
  process: Process,
  elector: Elector,
  options: LeaderElectionOptions,
): Task<'lost' | 'stopped'> {
  const retry = options.retryPeriod ?? 2 * SECOND;
  const deadline = options.renewDeadline ?? 10 * SECOND;
  for (;;) {
    const first = yield* anyOf([process.terminated], retry);
    if (first.index === 0) return 'stopped';
    const end = process.clock.monotonic() + deadline;
    for (;;) {
      const attempt = process.start('renew lease', elector.tryOnce());
      const done = yield* anyOf(
        [process.terminated, attempt.finished],
        end - process.clock.monotonic(),
      );
      enterBackground(process);
      if (done.index === 1 && done.value === true) break;
      attempt.kill();
      if (done.index === 0) return 'stopped';
      const left = end - process.clock.monotonic();
      const pause = yield* anyOf([process.terminated], Math.min(retry, left));
      if (pause.index === 0) return 'stopped';
      if (left <= retry) return 'lost';
    }
  }
}

/** What one candidate knows of the record, and its attempts to take or renew it. */
class Elector {
  readonly #process: Process;
  readonly #client: Client;
  readonly #options: LeaderElectionOptions;
  readonly #duration: Micros;
  /** The lease as last seen or written, and when it was seen to change. */
  #seen: Lease | undefined;
  #seenAt: Micros = 0;
  #leader = '';

  constructor(process: Process, client: Client, options: LeaderElectionOptions) {
    this.#process = process;
    this.#client = client;
    this.#options = options;
    this.#duration = options.leaseDuration ?? 15 * SECOND;
  }

  get #leads(): boolean {
    return this.#seen?.spec?.holderIdentity === this.#options.identity;
  }

  /** One attempt to acquire or renew; true when this candidate leads afterwards. */
  *tryOnce(): Task<boolean> {
    // A leader whose lease is still good writes at once, without reading first (since 1.30).
    const mine = this.#seen;
    if (mine !== undefined && this.#leads && this.#isFresh()) {
      const updated = yield* this.#write(mine, this.#renewed(mine.spec ?? {}));
      if (updated) return true;
    }
    const { namespace, name } = this.#options;
    const found = yield* this.#client.get<Lease>(LEASES, namespace, name);
    if (!found.ok) {
      if (found.error.code === 404) return yield* this.#create();
      this.#process.log(
        'E',
        'leaderelection.go:436',
        `error retrieving resource lock ${namespace}/${name}: ${found.error.message}`,
      );
      return false;
    }
    this.#observe(found.value);
    const spec = found.value.spec ?? {};
    if ((spec.holderIdentity ?? '') !== '' && !this.#leads && this.#isFresh()) return false;
    const next = this.#leads ? this.#renewed(spec) : this.#taken(spec);
    return yield* this.#write(found.value, next);
  }

  /** Gives the lease up, so that the next leader need not wait for it to run out. */
  *release(): Task<void> {
    const lease = this.#seen;
    if (lease === undefined || !this.#leads) return;
    const now = this.#now();
    yield* this.#write(lease, {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: lease.spec?.leaseTransitions ?? 0,
    });
  }

  announce(what: string): void {
    const lease = this.#seen;
    if (lease === undefined) return;
    const message = `${this.#options.identity} ${what}`;
    this.#options.recorder?.event(lease, 'Normal', 'LeaderElection', message);
  }

  #isFresh(): boolean {
    return this.#seenAt + this.#duration > this.#process.clock.monotonic();
  }

  #now(): string {
    return formatRfc3339Micro(this.#process.clock.wall());
  }

  #renewed(spec: LeaseSpec): LeaseSpec {
    return withFields(spec, {
      leaseDurationSeconds: Math.floor(this.#duration / SECOND),
      renewTime: this.#now(),
    });
  }

  #taken(spec: LeaseSpec): LeaseSpec {
    const now = this.#now();
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.floor(this.#duration / SECOND),
      acquireTime: now,
      renewTime: now,
      leaseTransitions: (spec.leaseTransitions ?? 0) + 1,
    };
  }

  *#create(): Task<boolean> {
    const { namespace, name } = this.#options;
    const lease: Lease = freezeDeep({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace },
      spec: { ...this.#taken({}), leaseTransitions: 0 },
    });
    const created = yield* this.#client.create<Lease>(LEASES, lease);
    if (!created.ok) {
      this.#process.log(
        'E',
        'leaderelection.go:443',
        `error initially creating lease lock: ${created.error.message}`,
      );
      return false;
    }
    this.#observe(created.value);
    return true;
  }

  *#write(lease: Lease, spec: LeaseSpec): Task<boolean> {
    const next = withFields<Lease>(lease, { spec: freezeDeep(spec) });
    const updated = yield* this.#client.update<Lease>(LEASES, next);
    if (updated.ok) {
      this.#observe(updated.value);
      return true;
    }
    const { namespace, name } = this.#options;
    this.#process.log(
      'E',
      'leaderelection.go:429',
      `Failed to update lock ${namespace}/${name}: ${updated.error.message}`,
    );
    return false;
  }

  #observe(lease: Lease): void {
    const changed = this.#seen?.metadata.resourceVersion !== lease.metadata.resourceVersion;
    if (!changed) return;
    this.#seen = lease;
    this.#seenAt = this.#process.clock.monotonic();
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder === this.#leader) return;
    this.#leader = holder;
    this.#options.onNewLeader?.(holder);
    if (holder !== this.#options.identity && holder !== '') {
      this.#process.log('I', 'leaderelection.go:345', `new leader elected: ${holder}`);
    }
  }
}
