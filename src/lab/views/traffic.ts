/**
 * Which Services were asked since the last batch, and which pods answered: read off the recorded walks
 * of first packets, whose destination netfilter translated on the way.
 */
import type { KubeObject } from '../../ground/api/object.ts';
import type { Pod, Service } from '../../ground/api/types.ts';
import { formatIp } from '../../ground/base/ip.ts';
import type { Path } from '../../machines/network/walk.ts';
import type { Lab } from '../lab.ts';
import type { TrafficFlow } from '../view-types.ts';
import { viewKeyOf } from './keys.ts';

/** Flows of one batch; a burst above it is thinned. */
const FLOWS_MAX = 60;
/** Walks remembered between two batches. */
const WALKS_MAX = 600;

export class TrafficCounter {
  readonly #lab: Lab;
  #walks: Path[] = [];

  constructor(lab: Lab) {
    this.#lab = lab;
    lab.recorder.listen((record) => {
      if (record.verb !== 'packet' || record.detail === undefined) return;
      if (this.#walks.length < WALKS_MAX) this.#walks.push(record.detail as Path);
    });
  }

  /** The flows since the last call. */
  take(): readonly TrafficFlow[] {
    const walks = this.#walks.filter((path) => path.stages[0] !== undefined);
    this.#walks = [];
    if (walks.length === 0) return [];
    const services = this.#addresses<Service>('services/specs', (one) => one.spec?.clusterIP);
    const pods = this.#addresses<Pod>('pods', (one) => one.status?.podIP);
    const flows = new Map<string, TrafficFlow>();
    for (const path of walks) {
      const first = path.stages[0]?.before;
      if (first === undefined) continue;
      const service = services.get(formatIp(first.dst));
      if (service === undefined) continue;
      const to = pods.get(formatIp(path.tuple.dst)) ?? '';
      const failed = path.outcome === 'deliver' ? 0 : 1;
      const key = `${service} ${to}`;
      const old = flows.get(key);
      if (old === undefined && flows.size >= FLOWS_MAX) continue;
      flows.set(key, {
        from: pods.get(formatIp(first.src)) ?? '',
        to,
        service,
        count: (old?.count ?? 0) + 1,
        failed: (old?.failed ?? 0) + failed,
      });
    }
    return [...flows.values()];
  }

  /** Object keys by the address that an object has now. */
  #addresses<T extends KubeObject>(
    folder: string,
    addressOf: (object: T) => string | undefined,
  ): ReadonlyMap<string, string> {
    const { recorder, loop } = this.#lab;
    const found = new Map<string, string>();
    for (const { moment } of recorder.history.list(`/registry/${folder}/`, loop.now)) {
      const object = moment.value as T;
      const address = addressOf(object);
      if (address !== undefined && address !== '' && address !== 'None')
        found.set(address, viewKeyOf(object));
    }
    return found;
  }
}
