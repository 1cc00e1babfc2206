/**
 * The rules that a service block stands for, as kube-proxy writes them (pkg/proxy/iptables, v1.34):
 * they are made when somebody prints, records or edits them.
 */
import { thresholdOf } from '../packet-core.ts';
import { endpointKey } from './block.ts';
import type { Rule } from './rule.ts';
import type { BlockEndpoint, BlockSpec } from './transaction.ts';

type Frame = Omit<BlockSpec, 'endpoints'>;

/** The rules of the service's chain, the block's first rule included. */
export function serviceRules(spec: Frame, endpoints: readonly BlockEndpoint[]): readonly Rule[] {
  const rules = endpoints.map((_, index) => jumpRule(spec, endpoints, index));
  return spec.first === undefined ? rules : [spec.first, ...rules];
}

/** The rule that chooses the endpoint at an index. */
export function jumpRule(spec: Frame, endpoints: readonly BlockEndpoint[], index: number): Rule {
  const endpoint = endpoints[index] as BlockEndpoint;
  const comment = { kind: 'comment', text: `${spec.comment} -> ${endpointKey(endpoint)}` } as const;
  const left = endpoints.length - index;
  const draw = { kind: 'random', threshold: thresholdOf(left), invert: false } as const;
  return {
    matches: left > 1 ? [comment, draw] : [comment],
    target: { kind: 'jump', chain: endpoint.chain },
  };
}

/** The rules of an endpoint's chain: the mark for its own packets, and the translation. */
export function endpointRules(spec: Frame, endpoint: BlockEndpoint): readonly Rule[] {
  const comment = { kind: 'comment', text: spec.comment } as const;
  const translate: Rule = {
    protocol: { number: spec.protocol, invert: false },
    matches: [comment, { kind: spec.protocol === 17 ? 'udp' : 'tcp' }],
    target: {
      kind: 'DNAT',
      to: { low: endpoint.ip, high: endpoint.ip },
      ports: { low: endpoint.port, high: endpoint.port },
      random: '',
    },
  };
  if (!spec.hairpin) return [translate];
  const mark: Rule = {
    src: { ip: endpoint.ip, mask: 0xffffffff, invert: false },
    matches: [comment],
    target: { kind: 'jump', chain: spec.markChain },
  };
  return [mark, translate];
}
