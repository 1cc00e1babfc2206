/**
 * The program kube-scheduler (cmd/kube-scheduler/app, v1.34): flags as kubeadm writes them, leader
 * election over the Lease kube-system/kube-scheduler, health on :10259. Asked to stop it gives the
 * lease up and exits 0; having lost it, it exits 1. The core comes from whoever puts the program into
 * an image, since only the doors know how Wasm is loaded.
 */
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { openClient } from '../../spine/client/client.ts';
import { EventRecorder } from '../../spine/client/event-recorder.ts';
import { SeriesRecorder } from '../../spine/client/event-series.ts';
import { parseFlags } from '../../spine/client/flags.ts';
import { serveHealth } from '../../spine/client/health.ts';
import { loadKubeconfig } from '../../spine/client/kubeconfig.ts';
import { runLeaderElection } from '../../spine/client/leader-election.ts';
import { SchedulerCore, type SchedulerCoreExports } from './core.ts';
import type { SchedulerProfile } from './profile.ts';
import { SchedulerServer } from './server.ts';

export { MODERN_SCHEDULER, SEED_ERA_SCHEDULER, type SchedulerProfile } from './profile.ts';
export type { SchedulerCoreExports } from './core.ts';
export { FILTERS, type SchedulingRecord } from './attempt.ts';

export interface SchedulerOptions {
  /** A core of this process's own. */
  readonly newCore: () => SchedulerCoreExports;
  readonly profile: SchedulerProfile;
  readonly version: string;
}

const FLAGS: readonly string[] = [
  'authentication-kubeconfig',
  'authorization-kubeconfig',
  'bind-address',
  'config',
  'kubeconfig',
  'leader-elect',
  'leader-elect-lease-duration',
  'leader-elect-renew-deadline',
  'leader-elect-retry-period',
  'secure-port',
  'v',
];

const HEALTH_PORT = 10259;
const QPS = 50;
const BURST = 100;

/** The program for an image. */
export function kubeScheduler(options: SchedulerOptions): Program {
  return {
    name: 'kube-scheduler',
    version: options.version,
    main: (process) => main(process, options),
  };
}

function* main(process: Process, options: SchedulerOptions): Task<number> {
  const flags = parseFlags(process.argv.slice(1), FLAGS);
  if (!flags.ok) {
    yield* process.printError(`Error: ${flags.error}\n`);
    return 1;
  }
  process.memory(process.costs.memory.get('kube-scheduler') ?? 0);
  yield* process.work(process.costs.startMicros.get('kube-scheduler') ?? 0);
  process.log('I', 'server.go:176', `"Starting Kubernetes Scheduler" version="${options.version}"`);
  const config = loadKubeconfig(process, flags.value.get('kubeconfig') ?? '');
  if (!config.ok) {
    process.log('E', 'run.go:72', `"command failed" err="${config.error}"`);
    return 1;
  }
  const port = Number(flags.value.get('secure-port') ?? HEALTH_PORT);
  const health = serveHealth(process, {
    address: flags.value.get('bind-address') ?? '0.0.0.0',
    port,
    name: 'kube-scheduler',
  });
  if (!health.ok) {
    process.log('E', 'run.go:72', `"command failed" err="${health.error}"`);
    return 1;
  }
  const client = openClient(process, config.value, { qps: QPS, burst: BURST });
  const events = openClient(process, config.value, { qps: QPS, burst: BURST });
  const recorder = new EventRecorder(process, events, { component: 'default-scheduler' });
  const server = new SchedulerServer(
    process,
    client,
    new SeriesRecorder(process, events, 'default-scheduler'),
    new SchedulerCore(options.newCore()),
    options.profile,
  );
  if (flags.value.get('leader-elect') === 'false') {
    yield* server.run();
    return 0;
  }
  const leases = openClient(process, config.value, { qps: QPS, burst: BURST, timeout: 5 * SECOND });
  const outcome = yield* runLeaderElection(process, leases, {
    namespace: 'kube-system',
    name: 'kube-scheduler',
    identity: `${process.hostname}_${process.random.fork('identity').uuid()}`,
    releaseOnStop: true,
    recorder,
    lead: () => server.run(),
  });
  if (outcome === 'stopped') {
    process.log('I', 'server.go:264', '"Requested to terminate, exiting"');
    return 0;
  }
  process.log('E', 'server.go:268', '"Leaderelection lost"');
  return 1;
}
