/**
 * The program kube-controller-manager (k8s.io/kubernetes/cmd/kube-controller-manager, v1.34): flags as
 * kubeadm gives them, a health port (10257), leader election over the Lease
 * kube-system/kube-controller-manager, and then all controllers, each with a client of its own service
 * account. On SIGTERM it exits and leaves its Lease to run out; when it loses it, it exits with 1.
 *
 * Known by name and not run yet: the controllers of kinds that are not served. Naming one of them in
 * --controllers is allowed and changes nothing; naming an unknown one is refused as upstream does.
 */
import { parseDuration } from '../../ground/api/int-or-string.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { quote } from '../../ground/base/text.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { openClient, userAgentOf } from '../../spine/client/client.ts';
import { EventRecorder } from '../../spine/client/event-recorder.ts';
import { type Flags, isOn, parseFlags, warnOfIdle } from '../../spine/client/flags.ts';
import { serveHealth } from '../../spine/client/health.ts';
import { type ClientConfig, loadKubeconfig } from '../../spine/client/kubeconfig.ts';
import { runLeaderElection } from '../../spine/client/leader-election.ts';
import type { Client } from '../../spine/client/types.ts';
import { clusterRoleAggregationController } from './clusterrole-aggregation.ts';
import { type Controller, type ControllerFlags, contextFor, Informers } from './context.ts';
import { deploymentController } from './deployment.ts';
import { endpointSliceController } from './endpointslice.ts';
import { endpointSliceMirroringController } from './endpointslice-mirroring.ts';
import { endpointsController } from './endpoints.ts';
import {
  checkFlags,
  FLAG_TYPES,
  KNOWN_FLAGS,
  NOT_RUN,
  OBEYED_FLAGS,
  readControllerFlags,
  SWITCHES,
} from './flags.ts';
import { garbageCollector } from './garbage-collector.ts';
import { namespaceController } from './namespace.ts';
import { nodeIpamController } from './node-ipam.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { podGcController } from './pod-gc.ts';
import { replicaSetController } from './replicaset.ts';
import { rootCaController } from './root-ca.ts';
import { accountClient } from './service-account-client.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { taintEvictionController } from './taint-eviction.ts';

const NAME = 'kube-controller-manager';
const HEALTH_PORT = 10257;

/** In the order in which they start. */
const CONTROLLERS: readonly Controller[] = [
  serviceAccountController,
  rootCaController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  replicaSetController,
  deploymentController,
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  namespaceController,
  podGcController,
  clusterRoleAggregationController,
  garbageCollector,
];

export const kubeControllerManager: Program = {
  name: NAME,
  version: 'v1.34.0',
  main,
};

function* main(process: Process): Task<number> {
  const parsed = parseFlags(process.argv.slice(1), KNOWN_FLAGS, SWITCHES, FLAG_TYPES);
  if (!parsed.ok) {
    yield* process.printError(`Error: ${parsed.error}\n`);
    return 1;
  }
  const flags = parsed.value;
  const chosen = chooseControllers(flags.get('controllers') ?? '*');
  const refusal = typeof chosen === 'string' ? chosen : checkFlags(flags);
  if (refusal !== undefined || typeof chosen === 'string') {
    yield* process.printError(`Error: ${refusal}\n`);
    return 1;
  }
  warnOfIdle(process, flags, OBEYED_FLAGS);
  process.memory(process.costs.memory.get(NAME) ?? 0);
  yield* process.work(process.costs.startMicros.get(NAME) ?? 0);
  process.log('I', 'controllermanager.go:191', '"Starting" version="v1.34.0"');
  const config = loadKubeconfig(process, flags.get('kubeconfig') ?? '');
  if (!config.ok) {
    process.log('E', 'run.go:72', `"command failed" err=${quote(config.error)}`);
    return 1;
  }
  const health = serveHealth(process, {
    address: flags.get('bind-address') ?? '0.0.0.0',
    port: Number(flags.get('secure-port') ?? HEALTH_PORT),
    name: NAME,
  });
  if (!health.ok) {
    process.log('E', 'run.go:72', `"command failed" err=${quote(health.error)}`);
    return 1;
  }
  const settings = readControllerFlags(process, flags);
  if (typeof settings === 'string') {
    process.log('E', 'run.go:72', `"command failed" err=${quote(settings)}`);
    return 1;
  }
  const lead = () => run(process, config.value, flags, settings, chosen);
  if (!isOn(flags, 'leader-elect', true)) {
    yield* lead();
    yield process.terminated;
    return 0;
  }
  return yield* elect(process, config.value, flags, lead);
}

function* elect(
  process: Process,
  config: ClientConfig,
  flags: Flags,
  lead: () => Task<void>,
): Task<number> {
  const span = (name: string, otherwise: string): number =>
    parseDuration(flags.get(`leader-elect-${name}`) ?? otherwise) ?? 0;
  const leases = openClient(process, config, {
    timeout: 5 * SECOND,
    userAgent: userAgentOf(NAME, 'leader-election'),
  });
  const recorder = new EventRecorder(process, leases, { component: NAME });
  const outcome = yield* runLeaderElection(process, leases, {
    namespace: flags.get('leader-elect-resource-namespace') ?? 'kube-system',
    name: flags.get('leader-elect-resource-name') ?? NAME,
    leaseDuration: span('lease-duration', '15s'),
    renewDeadline: span('renew-deadline', '10s'),
    retryPeriod: span('retry-period', '2s'),
    identity: `${process.hostname}_${process.random.fork('identity').uuid()}`,
    releaseOnStop: false,
    recorder,
    lead,
  });
  if (outcome === 'stopped') return 0;
  process.log('E', 'controllermanager.go:340', '"leaderelection lost"');
  return 1;
}

/** Starts the chosen controllers, one after the other as their credentials arrive. */
function* run(
  process: Process,
  config: ClientConfig,
  flags: Flags,
  settings: ControllerFlags,
  chosen: readonly Controller[],
): Task<void> {
  const qps = Number(flags.get('kube-api-qps') ?? 20);
  const burst = Number(flags.get('kube-api-burst') ?? 30);
  const limits = { qps, burst, onWarning: () => {} };
  const root = openClient(process, config, { ...limits, userAgent: userAgentOf(NAME) });
  const own = isOn(flags, 'use-service-account-credentials', false);
  const watching = openClient(process, config, {
    ...limits,
    userAgent: userAgentOf(NAME, 'shared-informers'),
  });
  const informers = new Informers(process, watching);
  const clients = new Map<string, Client>();
  for (const controller of chosen) {
    let client = clients.get(controller.account);
    if (client === undefined) {
      // Each object that is collected costs two calls, so this one may call twice as often.
      const double = controller.name === 'garbage-collector-controller' ? 2 : 1;
      client = own
        ? yield* accountClient(process, root, config, controller.account, {
            qps: qps * double,
            burst: burst * double,
          })
        : openClient(process, config, {
            ...limits,
            userAgent: userAgentOf(NAME, controller.account),
          });
      clients.set(controller.account, client);
    }
    process.log(
      'I',
      'controllermanager.go:779',
      `"Started controller" controller=${quote(controller.name)}`,
    );
    controller.start(contextFor(process, client, informers, settings, controller.component));
  }
}

/** The controllers that `--controllers` asks for; a text is pflag's refusal. */
function chooseControllers(list: string): readonly Controller[] | string {
  const names = list.split(',').map((name) => name.trim());
  const known = new Set([...CONTROLLERS.map((each) => each.name), ...NOT_RUN]);
  const aliases = new Map([...known].map((name) => [name.replace(/-controller$/, ''), name]));
  const resolve = (name: string): string | undefined =>
    known.has(name) ? name : (aliases.get(name) ?? ALIASES.get(name));
  const wanted = new Set<string>();
  const unwanted = new Set<string>();
  for (const name of names) {
    if (name === '*' || name === '') continue;
    const bare = name.startsWith('-') ? name.slice(1) : name;
    const full = resolve(bare);
    if (full === undefined) return `${quote(bare)} is not in the list of known controllers`;
    (name.startsWith('-') ? unwanted : wanted).add(full);
  }
  const all = names.includes('*');
  return CONTROLLERS.filter((each) => !unwanted.has(each.name) && (all || wanted.has(each.name)));
}

/** Names of before 1.28 that are still understood. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['endpoint', 'endpoints-controller'],
  ['garbagecollector', 'garbage-collector-controller'],
  ['nodeipam', 'node-ipam-controller'],
  ['nodelifecycle', 'node-lifecycle-controller'],
  ['podgc', 'pod-garbage-collector-controller'],
  ['clusterrole-aggregation', 'clusterrole-aggregation-controller'],
  ['root-ca-cert-publisher', 'root-ca-certificate-publisher-controller'],
  ['endpointslicemirroring', 'endpointslice-mirroring-controller'],
  ['bootstrapsigner', 'bootstrap-signer-controller'],
  ['tokencleaner', 'token-cleaner-controller'],
]);
