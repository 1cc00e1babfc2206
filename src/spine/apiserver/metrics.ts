/** A thin `/metrics`: what a lesson looks at first. */
import type { Pipeline } from './generic/handler.ts';
import type { Store } from './generic/store.ts';

export function metricsText(pipeline: Pipeline, store: Store): string {
  const { reads, writes } = pipeline.inFlight;
  const lines = [
    '# HELP apiserver_current_inflight_requests [STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
    '# TYPE apiserver_current_inflight_requests gauge',
    `apiserver_current_inflight_requests{request_kind="mutating"} ${writes}`,
    `apiserver_current_inflight_requests{request_kind="readOnly"} ${reads}`,
    '# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check split by kind.',
    '# TYPE apiserver_storage_objects gauge',
  ];
  for (const cache of store.caches.values()) {
    const { group, resource } = cache.descriptor;
    const name = group === '' ? resource : `${resource}.${group}`;
    lines.push(`apiserver_storage_objects{resource="${name}"} ${cache.items.size}`);
  }
  return `${lines.join('\n')}\n`;
}
