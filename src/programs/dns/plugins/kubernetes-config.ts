/** Settings of the kubernetes plugin (CoreDNS v1.12 plugin/kubernetes/setup.go). */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Directive } from '../corefile.ts';

export interface KubernetesConfig {
  /** Zones without final dot, lower case: `cluster.local`, `in-addr.arpa`. */
  readonly zones: readonly string[];
  /** The first zone that is not a reverse one. */
  readonly primary: string;
  readonly pods: 'disabled' | 'insecure' | 'verified';
  readonly fallthrough: readonly string[];
  readonly ttl: number;
}

export function readKubernetes(
  directive: Directive,
  zones: readonly string[],
  path: string,
): Result<KubernetesConfig, string> {
  const names = (directive.args.length > 0 ? directive.args : zones).map((zone) =>
    zone.replace(/\.$/, '').toLowerCase(),
  );
  let pods: KubernetesConfig['pods'] = 'disabled';
  let ttl = 5;
  let fallthrough: readonly string[] = [];
  const failed = (message: string): Result<never, string> =>
    err(`plugin/kubernetes: ${path}:${directive.line} - Error during parsing: ${message}`);
  for (const option of directive.options) {
    const [first = ''] = option.args;
    if (option.name === 'pods') {
      if (first !== 'disabled' && first !== 'insecure' && first !== 'verified')
        return failed(
          `wrong value for pods: ${first},  must be one of: disabled, verified, insecure`,
        );
      pods = first;
    } else if (option.name === 'ttl') {
      ttl = Number(first);
      if (!Number.isInteger(ttl) || ttl < 0 || ttl > 3600)
        return failed(`ttl must be in range [0, 3600]: ${first}`);
    } else if (option.name === 'fallthrough')
      fallthrough =
        option.args.length === 0 ? ['.'] : option.args.map((zone) => zone.replace(/\.$/, ''));
    else if (option.name !== 'endpoint_pod_names')
      return failed(`unknown property '${option.name}'`);
  }
  const primary = names.find((zone) => !zone.endsWith('.arpa')) ?? '';
  return ok({ zones: names, primary, pods, fallthrough, ttl });
}

/** True when a name of this zone that is not found goes on to the next plugin. */
export function fallsThrough(config: KubernetesConfig, name: string): boolean {
  return config.fallthrough.some(
    (zone) => zone === '.' || zone === '' || name === zone || name.endsWith(`.${zone}`),
  );
}
