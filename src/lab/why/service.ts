/** Why a Service has no endpoints: what its selector matches, and which label a near miss differs in. */
import { isConditionTrue } from '../../ground/api/meta.ts';
import type { EndpointSlice, Pod, Service } from '../../ground/api/types.ts';
import type { WhyNode } from '../view-types.ts';
import { claim, fieldOf, nameOf, stored, type Seen } from './evidence.ts';
import { explainPod } from './pod.ts';

const PODS_EXPLAINED_MAX = 3;
const ADDRESSES_MAX = 4;

export function explainService(seen: Seen, service: Service): WhyNode {
  const namespace = service.metadata.namespace ?? 'default';
  const slices = stored<EndpointSlice>(seen, `/registry/endpointslices/${namespace}/`).filter(
    (slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name,
  );
  const ready = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false).length;
  if (ready > 0)
    return claim(
      'why.service.endpoints',
      { service: nameOf(service), count: String(ready) },
      slices.map((slice) => fieldOf(slice, addressesOf(slice))),
    );
  const selector = service.spec?.selector ?? {};
  const text = Object.keys(selector)
    .map((key) => `${key}=${selector[key]}`)
    .join(',');
  const pods = stored<Pod>(seen, `/registry/pods/${namespace}/`);
  const matched = pods.filter((pod) => missesOf(pod, selector).length === 0);
  const evidence = [fieldOf(service, `spec.selector = ${text}`)];
  const because =
    matched.length === 0
      ? [
          claim(
            'why.selector.nothing',
            { selector: text, total: String(pods.length), namespace },
            evidence,
            nearMisses(pods, selector),
          ),
        ]
      : [
          claim(
            'why.selector.unready',
            { selector: text, count: String(matched.length) },
            evidence,
            matched
              .filter((pod) => !isConditionTrue(pod.status?.conditions, 'Ready'))
              .slice(0, PODS_EXPLAINED_MAX)
              .map((pod) => explainPod(seen, pod)),
          ),
        ];
  return claim('why.service.none', { service: nameOf(service) }, [], because);
}

/** The addresses of a slice that are ready, as many as fit on a line. */
function addressesOf(slice: EndpointSlice): string {
  const ready = (slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .map((endpoint) => endpoint.addresses[0] ?? '');
  const more = ready.length > ADDRESSES_MAX ? ` +${ready.length - ADDRESSES_MAX}` : '';
  return `${slice.metadata.name}: ${ready.slice(0, ADDRESSES_MAX).join(' ')}${more}`;
}

function missesOf(pod: Pod, selector: Readonly<Record<string, string>>): readonly string[] {
  const labels = pod.metadata.labels ?? {};
  return Object.keys(selector).filter(
    (key) => !Object.hasOwn(labels, key) || labels[key] !== selector[key],
  );
}

/** Pods that differ from the selector in one label only. */
function nearMisses(
  pods: readonly Pod[],
  selector: Readonly<Record<string, string>>,
): readonly WhyNode[] {
  return pods
    .map((pod) => ({ pod, misses: missesOf(pod, selector) }))
    .filter(({ misses }) => misses.length === 1 && Object.keys(selector).length > 0)
    .slice(0, PODS_EXPLAINED_MAX)
    .map(({ pod, misses }) => {
      const label = misses[0] as string;
      const actual = pod.metadata.labels?.[label] ?? '(none)';
      return claim(
        'why.selector.near',
        { pod: nameOf(pod), label, actual, wanted: selector[label] ?? '' },
        [fieldOf(pod, `metadata.labels[${label}] = ${actual}`)],
      );
    });
}
