/**
 * Health check node ports: for each Service whose traffic policy is Local, how many of its endpoints
 * are on this node, for a load balancer to ask (k8s.io/kubernetes/pkg/proxy/healthcheck/service_health.go,
 * v1.34). 200 with endpoints, 503 without.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import type { Process } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { Listener } from '../../machines/network/socket.ts';

export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly endpoints: number;
}

/** The listeners of a proxy's health ports, by service. */
export class ServiceHealthServer {
  readonly #process: Process;
  readonly #healthy: () => boolean;
  readonly #services = new Map<string, ServiceHealth & { readonly listener: Listener }>();

  constructor(process: Process, healthy: () => boolean) {
    this.#process = process;
    this.#healthy = healthy;
  }

  /** Says what holds for a service now; undefined when it has no such port any more. */
  set(key: string, health: ServiceHealth | undefined): void {
    const old = this.#services.get(key);
    if (old !== undefined && old.port !== health?.port) {
      old.listener.close();
      this.#services.delete(key);
      this.#log('I', `"Closing healthcheck" service="${key}" port=${old.port}`);
    }
    if (health === undefined) return;
    const listener = this.#services.get(key)?.listener ?? this.#open(key, health.port);
    if (listener !== undefined) this.#services.set(key, { ...health, listener });
  }

  #open(key: string, port: number): Listener | undefined {
    this.#log('I', `"Opening healthcheck" service="${key}" port=${port}`);
    const opened = this.#process.net.listen(0, port);
    if (!opened.ok) {
      this.#log('E', `"Failed to start healthcheck" node="${this.#process.hostname}" port=${port}`);
      return undefined;
    }
    serveHttp(this.#process, opened.value, function* (exchange) {
      exchange.respond(...answer());
    });
    const answer = () => this.#answer(key);
    return opened.value;
  }

  #answer(key: string): [number, Map<string, string>, Uint8Array] {
    const health = this.#services.get(key);
    const endpoints = health?.endpoints ?? 0;
    const healthy = this.#healthy();
    const headers = new Map([
      ['content-type', 'application/json'],
      ['x-content-type-options', 'nosniff'],
      ['x-load-balancing-endpoint-weight', String(endpoints)],
    ]);
    const service = `{\n\t\t"namespace": ${JSON.stringify(health?.namespace)},\n\t\t"name": ${JSON.stringify(health?.name)}\n\t}`;
    const text = `{\n\t"service": ${service},\n\t"localEndpoints": ${endpoints},\n\t"serviceProxyHealthy": ${healthy}\n}`;
    return [endpoints > 0 && healthy ? 200 : 503, headers, utf8(text)];
  }

  #log(level: 'I' | 'E', text: string): void {
    this.#process.log(level, 'service_health.go:130', text);
  }
}
