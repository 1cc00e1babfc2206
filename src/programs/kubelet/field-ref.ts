/** Fields and resources of a pod as text: downward API (pkg/fieldpath, pkg/api/v1/resource, v1.34). */
import { entriesOf, entryOf } from '../../ground/api/meta.ts';
import { milliValue, parseQuantity, wholeValue } from '../../ground/api/quantity.ts';
import type { Container, Pod, ResourceFieldSelector } from '../../ground/api/types.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { compareText, quote } from '../../ground/base/text.ts';

/** What a node offers, for limits that a container does not set. */
export interface NodeAllocatable {
  readonly cpuMilli: number;
  readonly memory: number;
}

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** The map as a file: `key="value"` lines in byte order. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return entriesOf(map)
    .sort((a, b) => compareText(a[0], b[0]))
    .map(([key, value]) => `${key}=${quote(value)}`)
    .join('\n');
}

/** Value of a field path; addresses are those that the pod has now. */
export function fieldValue(
  pod: Pod,
  path: string,
  podIp: string,
  hostIp: string,
): Result<string, string> {
  const subscript = SUBSCRIPT.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return ok(entryOf(map, subscript[2] as string) ?? '');
  }
  switch (path) {
    case 'metadata.name':
      return ok(pod.metadata.name);
    case 'metadata.namespace':
      return ok(pod.metadata.namespace ?? '');
    case 'metadata.uid':
      return ok(pod.metadata.uid ?? '');
    case 'metadata.labels':
      return ok(formatMap(pod.metadata.labels));
    case 'metadata.annotations':
      return ok(formatMap(pod.metadata.annotations));
    case 'spec.nodeName':
      return ok(pod.spec?.nodeName ?? '');
    case 'spec.serviceAccountName':
      return ok(pod.spec?.serviceAccountName ?? '');
    case 'status.hostIP':
    case 'status.hostIPs':
      return ok(hostIp);
    case 'status.podIP':
    case 'status.podIPs':
      return ok(podIp);
    default:
      return err(`unsupported fieldPath: ${path}`);
  }
}

function divided(value: number, unit: number): string {
  return `${Math.ceil(value / unit)}`;
}

/** Value of `limits.cpu`, `requests.memory` …; an absent limit is what the node offers. */
export function resourceValue(
  container: Container,
  selector: ResourceFieldSelector,
  node: NodeAllocatable,
): Result<string, string> {
  const divisor = parseQuantity(selector.divisor ?? '0');
  const text = selector.divisor ?? '0';
  const isUnit = !divisor.ok || divisor.value.nano === 0n;
  const { limits, requests } = container.resources ?? {};
  switch (selector.resource) {
    case 'limits.cpu':
      return ok(
        divided(
          entryOf(limits, 'cpu') === undefined ? node.cpuMilli : milliValue(entryOf(limits, 'cpu')),
          isUnit ? 1000 : milliValue(text),
        ),
      );
    case 'limits.memory':
      return ok(
        divided(
          entryOf(limits, 'memory') === undefined
            ? node.memory
            : wholeValue(entryOf(limits, 'memory')),
          isUnit ? 1 : wholeValue(text),
        ),
      );
    case 'requests.cpu':
      return ok(divided(milliValue(entryOf(requests, 'cpu')), isUnit ? 1000 : milliValue(text)));
    case 'requests.memory':
      return ok(divided(wholeValue(entryOf(requests, 'memory')), isUnit ? 1 : wholeValue(text)));
    case 'limits.ephemeral-storage':
    case 'requests.ephemeral-storage': {
      const map = selector.resource.startsWith('limits') ? limits : requests;
      return ok(
        divided(wholeValue(entryOf(map, 'ephemeral-storage')), isUnit ? 1 : wholeValue(text)),
      );
    }
    default:
      return err(`unsupported container resource : ${selector.resource}`);
  }
}
