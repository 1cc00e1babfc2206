/**
 * kube-proxy: makes Services work on a node by writing rules, in iptables mode. Watches Services and
 * EndpointSlices, writes at most once a second, and only what changed
 * (k8s.io/kubernetes/cmd/kube-proxy and pkg/proxy/iptables, v1.34). The proxy of the seeds' time writes
 * neither affinity nor traffic policies: such a Service is spread like any other, and a log line says so.
 */
import { ENDPOINT_SLICES, NODES, SERVICES } from '../../ground/api/names.ts';
import type { EndpointSlice, Node, Service } from '../../ground/api/types.ts';
import { parseDuration } from '../../ground/api/int-or-string.ts';
import { utf8 } from '../../ground/base/bytes.ts';
import { type Cidr, parseCidr } from '../../ground/base/cidr.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { type Ip, parseIp } from '../../ground/base/ip.ts';
import { Condition, type Task } from '../../ground/base/task.ts';
import { readYaml } from '../../spine/client/yaml-file.ts';
import { formatRfc3339Micro } from '../../ground/base/time.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import { openClient } from '../../spine/client/client.ts';
import { Informer } from '../../spine/client/informer.ts';
import { inClusterConfig, loadKubeconfig } from '../../spine/client/kubeconfig.ts';
import { IptablesWriter, portKey } from './iptables-writer.ts';
import { MODERN, type ProxyEra, SEED_ERA } from './names.ts';
import { ServiceHealthServer } from './service-health.ts';
import { type PortState, ServiceMap } from './service-map.ts';
import { staleUdp } from './stale-udp.ts';

const MIN_SYNC_PERIOD = SECOND;
const SYNC_PERIOD = 30 * SECOND;
/** When the configuration says nothing. */
const ESTABLISHED_TIMEOUT = 86_400 * SECOND;
const METRICS_PORT = 10249;
const HEALTH_PORT = 10256;

interface Settings {
  readonly kubeconfig: string;
  readonly clusterCidr: string;
  readonly mode: string;
  /** How long the kernel is to keep established TCP connections, in seconds; 0 leaves it as it is. */
  readonly establishedSeconds: number;
  readonly hostName: string;
}

export const kubeProxy: Program = proxyOf(MODERN, 'v1.34.0');
/** The proxy of the seeds' time: its chain names and its rules. */
export const seedKubeProxy: Program = proxyOf(SEED_ERA, 'v1.10.0');

function proxyOf(era: ProxyEra, version: string): Program {
  return {
    name: 'kube-proxy',
    version,
    *main(process) {
      process.memory(process.costs.memory.get('kube-proxy') ?? 25 * 1024 * 1024);
      yield* process.work(50_000);
      const settings = readSettings(process);
      if (settings.mode !== '' && settings.mode !== 'iptables') {
        process.log(
          'E',
          'server.go:111',
          `"Error running ProxyServer" err="proxy mode ${JSON.stringify(settings.mode)} is not supported here; use iptables"`,
        );
        return 1;
      }
      return yield* runProxy(process, era, settings);
    },
  };
}

function readSettings(process: Process): Settings {
  const flags = new Map<string, string>();
  for (const word of process.argv.slice(1)) {
    const match = /^--([^=]+)=(.*)$/.exec(word);
    if (match !== null) flags.set(match[1] as string, match[2] as string);
  }
  const path = flags.get('config');
  const read = path === undefined ? undefined : readYaml(process, path);
  const file =
    read?.ok === true ? ((read.value.documents[0]?.value ?? {}) as Record<string, unknown>) : {};
  const connection = (file['clientConnection'] ?? {}) as Record<string, unknown>;
  const conntrack = (file['conntrack'] ?? {}) as Record<string, unknown>;
  const string = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    kubeconfig: flags.get('kubeconfig') ?? string(connection['kubeconfig']),
    clusterCidr: flags.get('cluster-cidr') ?? string(file['clusterCIDR']),
    establishedSeconds: Math.floor(
      (parseDuration(
        flags.get('conntrack-tcp-timeout-established') ??
          string(conntrack['tcpEstablishedTimeout']),
      ) ?? ESTABLISHED_TIMEOUT) / SECOND,
    ),
    mode: flags.get('proxy-mode') ?? string(file['mode']),
    hostName:
      flags.get('hostname-override') ?? (string(file['hostnameOverride']) || process.hostname),
  };
}

function* runProxy(process: Process, era: ProxyEra, settings: Settings): Task<number> {
  const config =
    settings.kubeconfig === ''
      ? inClusterConfig(process)
      : loadKubeconfig(process, settings.kubeconfig);
  const { netfilter } = process.kernel.namespaces.network;
  if (!config.ok || !(netfilter instanceof NamespaceNetfilter)) {
    process.log(
      'E',
      'server.go:111',
      `"Error running ProxyServer" err="${config.ok ? 'no netfilter' : config.error}"`,
    );
    return 1;
  }
  const client = openClient(process, config.value, { qps: 5, burst: 10 });
  const podRange: Cidr | undefined = parseCidr(settings.clusterCidr);
  const services = new Informer<Service>(process, client, SERVICES, {
    labelSelector: '!service.kubernetes.io/service-proxy-name',
  });
  const slices = new Informer<EndpointSlice>(process, client, ENDPOINT_SLICES, {
    labelSelector: '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name',
  });
  const nodes = new Informer<Node>(process, client, NODES, {
    fieldSelector: `metadata.name=${settings.hostName}`,
  });
  const nodeIp = (): Ip | undefined => nodeAddress(nodes.get(settings.hostName));
  const proxy = new Proxier(
    process,
    era,
    new ServiceMap(era, settings.hostName),
    new IptablesWriter(netfilter, era, podRange, nodeIp),
    netfilter,
  );
  services.addHandler({
    onAdd: (service) => proxy.serviceSet(service),
    onUpdate: (_old, service) => proxy.serviceSet(service),
    onDelete: (service) => proxy.serviceGone(service),
  });
  slices.addHandler({
    onAdd: (slice) => proxy.sliceSet(slice),
    onUpdate: (_old, slice) => proxy.sliceSet(slice),
    onDelete: (slice) => proxy.sliceGone(slice),
  });
  services.start();
  slices.start();
  nodes.start();
  serveHealth(process, proxy, nodes, settings.hostName);
  process.log('I', 'server_linux.go:132', '"Using iptables Proxier"');
  // So that a NodePort answers on the node's own 127.0.0.1 (localhostNodePorts, true by default).
  process.log(
    'I',
    'proxier.go:242',
    '"Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses"',
  );
  process.kernel.namespaces.network.setSysctl('net.ipv4.conf.all.route_localnet', '1');
  setConntrack(process, settings.establishedSeconds);
  process.start('sync', proxy.run(services, slices));
  process.start('canary', proxy.watchCanary());
  yield process.terminated;
  return 0;
}

/** A node keeps what the file says, a day by default (cmd/kube-proxy/app/conntrack.go). */
function setConntrack(process: Process, seconds: number): void {
  const { network } = process.kernel.namespaces;
  const name = 'net.netfilter.nf_conntrack_tcp_timeout_established';
  if (seconds === 0 || network.sysctls.get(name) === String(seconds)) return;
  process.log(
    'I',
    'conntrack.go:121',
    `"Set sysctl" entry="net/netfilter/nf_conntrack_tcp_timeout_established" value=${seconds}`,
  );
  network.setSysctl(name, String(seconds));
}

function nodeAddress(node: Node | undefined): Ip | undefined {
  const own = node?.status?.addresses?.find((address) => address.type === 'InternalIP');
  return own === undefined ? undefined : parseIp(own.address);
}

class Proxier {
  readonly #process: Process;
  readonly #era: ProxyEra;
  readonly #netfilter: NamespaceNetfilter;
  readonly #health: ServiceHealthServer;
  readonly #map: ServiceMap;
  readonly #writer: IptablesWriter;
  readonly #changed = new Condition('a change of services or endpoints');
  /** Port keys by service, as last written. */
  readonly #ports = new Map<string, readonly string[]>();
  #whole = true;
  synced = 0;
  syncs = 0;

  constructor(
    process: Process,
    era: ProxyEra,
    map: ServiceMap,
    writer: IptablesWriter,
    netfilter: NamespaceNetfilter,
  ) {
    this.#process = process;
    this.#era = era;
    this.#map = map;
    this.#writer = writer;
    this.#netfilter = netfilter;
    this.#health = new ServiceHealthServer(process, () => this.syncs > 0);
  }

  serviceSet(service: Service): void {
    const { sessionAffinity, externalTrafficPolicy, internalTrafficPolicy } = service.spec ?? {};
    const narrowed =
      sessionAffinity === 'ClientIP' ||
      externalTrafficPolicy === 'Local' ||
      internalTrafficPolicy === 'Local';
    if (narrowed && !this.#era.modernRules) {
      this.#process.log(
        'W',
        'proxier.go:1',
        `Session affinity and traffic policies have no effect in this profile service="${service.metadata.namespace}/${service.metadata.name}"`,
      );
    }
    this.#map.setService(service);
    this.#notify();
  }

  serviceGone(service: Service): void {
    this.#map.removeService(service);
    this.#notify();
  }

  sliceSet(slice: EndpointSlice): void {
    this.#map.setSlice(slice);
    this.#notify();
  }

  sliceGone(slice: EndpointSlice): void {
    this.#map.removeSlice(slice);
    this.#notify();
  }

  #notify(): void {
    if (this.#map.hasDirty) this.#changed.notify();
  }

  /** Writes when something changed, at most once a second. */
  *run(services: Informer<Service>, slices: Informer<EndpointSlice>): Task<void> {
    yield* services.synced.wait();
    yield* slices.synced.wait();
    let last = Number.NEGATIVE_INFINITY;
    for (;;) {
      while (!this.#whole && !this.#map.hasDirty) yield* this.#changed.wait();
      const now = this.#process.clock.monotonic();
      if (now < last + MIN_SYNC_PERIOD) yield* this.#process.sleep(last + MIN_SYNC_PERIOD - now);
      last = this.#process.clock.monotonic();
      yield* this.#sync();
    }
  }

  *#sync(): Task<void> {
    const dirty = this.#map.takeDirty();
    const whole = this.#whole;
    this.#whole = false;
    // iptables-restore of a small change, and of everything.
    yield* this.#process.work(whole ? 20_000 : 2_000 + 100 * dirty.length);
    if (whole) this.#writer.invalidate();
    const changes = new Map<string, PortState | undefined>();
    const ports = new Map<string, readonly PortState[]>();
    for (const key of dirty) {
      for (const old of this.#ports.get(key) ?? []) changes.set(old, undefined);
      const states = this.#map.portsOf(key);
      ports.set(key, states);
      for (const state of states) changes.set(portKey(state), state);
      if (states.length === 0) this.#ports.delete(key);
      else this.#ports.set(key, states.map(portKey));
    }
    const applied = this.#writer.sync(changes, () => this.#all());
    this.syncs += 1;
    this.synced = this.#process.clock.wall();
    for (const [key, states] of ports) this.#afterwards(key, states);
    if (applied.ok) return;
    this.#process.log(
      'E',
      'proxier.go:1491',
      `"Failed to execute iptables-restore" err="exit status 1: ${applied.error.error} in chain ${applied.error.chain}"`,
    );
    this.#whole = true;
  }

  /** UDP clients of endpoints that are gone are let go, and the health port says what is here now. */
  #afterwards(key: string, states: readonly PortState[]): void {
    const serves = (ip: Ip, port: number): boolean => this.#map.serves(key, ip, port);
    for (const state of states)
      if (state.protocol === 'udp') this.#netfilter.removeConnections(staleUdp(state, serves));
    const port = this.#map.healthPort(key);
    const [namespace = '', name = ''] = key.split('/');
    this.#health.set(
      key,
      port === 0 ? undefined : { namespace, name, port, endpoints: this.#map.localReady(key) },
    );
  }

  #all(): ReadonlyMap<string, PortState> {
    const all = new Map<string, PortState>();
    for (const key of this.#ports.keys())
      for (const state of this.#map.portsOf(key)) all.set(portKey(state), state);
    return all;
  }

  /** Looks for the canary; a flush of the tables takes it away, and then everything is written again. */
  *watchCanary(): Task<void> {
    for (;;) {
      yield* sleepInBackground(this.#process, SYNC_PERIOD);
      if (this.syncs === 0 || this.#writer.canaryLives()) continue;
      this.#process.log(
        'I',
        'iptables.go:1',
        '"Iptables canary deleted" table="mangle" chain="KUBE-PROXY-CANARY"',
      );
      this.#whole = true;
      this.#changed.notify();
    }
  }
}

function serveHealth(
  process: Process,
  proxy: Proxier,
  nodes: Informer<Node>,
  hostName: string,
): void {
  const health = process.net.listen(0, HEALTH_PORT);
  const json = new Map([
    ['content-type', 'application/json'],
    ['x-content-type-options', 'nosniff'],
  ]);
  if (health.ok) {
    serveHttp(process, health.value, function* (exchange) {
      const eligible = nodes.get(hostName)?.metadata.deletionTimestamp === undefined;
      const isHealthz = exchange.request.target.startsWith('/healthz');
      const good = proxy.syncs > 0 && (!isHealthz || eligible);
      const now = formatRfc3339Micro(process.clock.wall());
      const body = `{"lastUpdated": ${JSON.stringify(formatRfc3339Micro(proxy.synced))},"currentTime": ${JSON.stringify(now)}, "nodeEligible": ${eligible}}`;
      exchange.respond(good ? 200 : 503, json, utf8(body));
    });
  }
  const metrics = process.net.listen(parseIp('127.0.0.1') ?? 0, METRICS_PORT);
  if (!metrics.ok) return;
  const text = new Map([['content-type', 'text/plain; version=0.0.4; charset=utf-8']]);
  serveHttp(process, metrics.value, function* (exchange) {
    if (exchange.request.target === '/proxyMode') exchange.respond(200, text, utf8('iptables'));
    else if (exchange.request.target === '/healthz') exchange.respond(200, text, utf8('ok'));
    else if (exchange.request.target !== '/metrics')
      exchange.respond(404, text, utf8('404 page not found\n'));
    else {
      const lines = [
        '# HELP kubeproxy_sync_proxy_rules_last_timestamp_seconds [ALPHA] The last time proxy rules were successfully synced',
        '# TYPE kubeproxy_sync_proxy_rules_last_timestamp_seconds gauge',
        `kubeproxy_sync_proxy_rules_last_timestamp_seconds ${proxy.synced / SECOND}`,
        '# HELP kubeproxy_sync_proxy_rules_duration_seconds_count [ALPHA] Number of syncs',
        '# TYPE kubeproxy_sync_proxy_rules_duration_seconds_count counter',
        `kubeproxy_sync_proxy_rules_duration_seconds_count ${proxy.syncs}`,
      ];
      exchange.respond(200, text, utf8(`${lines.join('\n')}\n`));
    }
  });
}
