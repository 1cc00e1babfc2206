/**
 * A recorded walk as hops: which rules a packet met, in order, with their text, what failed, and what
 * was drawn. Rules inside a service block are written out as they would be printed.
 */
import * as at from '../../../../assembly/packet/layout.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import { required } from '../../../ground/base/assert.ts';
import type { PacketCore } from '../packet-core.ts';
import { endpointRules, jumpRule } from './block-rules.ts';
import { matchText, ruleText } from './print.ts';
import type { Match, Rule, Target } from './rule.ts';
import type { Chain } from './chain.ts';
import type { RuleTables } from './tables.ts';
import { TABLES } from './tables.ts';
import type { Hop } from './types.ts';

const NOWHERE = -1;

/** The hops of the walk just made. */
export function hopsOf(core: PacketCore, tables: RuleTables): readonly Hop[] {
  const { words } = core;
  const base = words[at.RECORD_BASE >>> 2] as number;
  const count = words[at.RECORD_COUNT >>> 2] as number;
  const hops: Hop[] = [];
  for (let index = 0; index < count; index += 1) {
    const hop = (base + index * at.HOP_SIZE) >>> 2;
    const word = (offset: number): number => words[hop + (offset >>> 2)] as number;
    const chain = required(tables.chainAt(word(at.H_CHAIN)), 'a walk visits chains that exist');
    const draw = word(at.H_DRAW) === at.NO_DRAW ? NOWHERE : word(at.H_DRAW);
    const table = TABLES[word(at.H_TABLE)] ?? 'filter';
    if (word(at.H_INDEX) === at.POLICY) {
      const policy = chain.policy ?? 'ACCEPT';
      hops.push({
        table,
        chain: chain.name,
        rule: 0,
        text: `policy ${policy}`,
        matched: true,
        failed: '',
        action: policy,
        draw,
      });
      continue;
    }
    const visit = visitOf(chain, word(at.H_RULE), word(at.H_INDEX), word(at.H_ENDPOINT));
    const failed = word(at.H_FAILED);
    hops.push({
      table,
      chain: visit.chain,
      rule: visit.index + 1,
      text: ruleText(visit.rule),
      matched: failed === 0,
      failed: failed === 0 ? '' : failureText(visit.rule, failed),
      action: failed === 0 ? actionText(visit.rule.target) : '',
      draw,
    });
  }
  return hops;
}

interface Visit {
  readonly chain: string;
  readonly index: number;
  readonly rule: Rule;
}

function visitOf(chain: Chain, address: number, place: number, endpoint: number): Visit {
  if (address !== 0) {
    const entry = required(chain.rules[place], 'a recorded rule stands in its chain');
    return { chain: chain.name, index: place, rule: entry.rule };
  }
  const { spec, endpoints } = required(chain.block, 'a rule without record is of a block');
  const count = chain.rules.length;
  if (place === 0)
    return { chain: chain.name, index: count, rule: required(spec.first, 'it was walked') };
  const lead = spec.first === undefined ? 0 : 1;
  if (place === 1) {
    return {
      chain: chain.name,
      index: count + lead + endpoint,
      rule: jumpRule(spec, endpoints, endpoint),
    };
  }
  const own = required(endpoints[endpoint], 'a walked endpoint exists');
  const rules = endpointRules(spec, own);
  const index = place === 2 ? 0 : rules.length - 1;
  return { chain: own.chain, index, rule: required(rules[index], 'an endpoint has rules') };
}

const MORE: ReadonlyMap<number, readonly Match['kind'][]> = new Map([
  [at.MATCH_RANDOM, ['random']],
  [at.MATCH_NTH, ['nth']],
  [at.MATCH_STATES, ['conntrack', 'state']],
  [at.MATCH_MARK, ['mark']],
  [at.MATCH_CONNMARK, ['connmark']],
  [at.MATCH_SPORTS, ['tcp', 'udp']],
  [at.MATCH_DPORTS, ['tcp', 'udp']],
  [at.MATCH_SYN, ['tcp']],
  [at.MATCH_MULTIPORT, ['multiport']],
  [at.MATCH_DST_TYPE, ['addrtype']],
  [at.MATCH_SRC_TYPE, ['addrtype']],
  [at.MATCH_UID, ['owner']],
  [at.MATCH_GID, ['owner']],
  [at.MATCH_OWNER, ['owner']],
  [at.MATCH_RECENT, ['recent']],
  [at.MATCH_LIMIT, ['limit']],
  [at.MATCH_SRC_RANGE, ['iprange']],
  [at.MATCH_DST_RANGE, ['iprange']],
  [at.MATCH_NEVER, ['icmp']],
]);
const FIRST: ReadonlyMap<number, readonly Match['kind'][]> = new Map([
  [at.FAILED_SPORTS, ['tcp', 'udp']],
  [at.FAILED_DPORTS, ['tcp', 'udp']],
  [at.FAILED_SYN, ['tcp']],
  [at.FAILED_MARK, ['mark']],
  [at.FAILED_STATES, ['conntrack', 'state']],
]);

/** The test that failed, as it is printed in the rule. */
function failureText(rule: Rule, failed: number): string {
  const words = ruleText({ ...bare(rule, failed), matches: [], target: { kind: 'none' } });
  if (words !== '') return words;
  const kinds = failed >= at.FAILED_MORE ? MORE.get(failed - at.FAILED_MORE) : FIRST.get(failed);
  if (failed === at.FAILED_MORE + at.MATCH_IN_NAME) return `-i ${rule.inInterface?.name ?? ''}`;
  if (failed === at.FAILED_MORE + at.MATCH_OUT_NAME) return `-o ${rule.outInterface?.name ?? ''}`;
  const match = rule.matches.find((candidate) => kinds?.includes(candidate.kind) === true);
  return match === undefined ? '' : matchText(match);
}

/** Only the part of the header that a code names. */
function bare(rule: Rule, failed: number): Partial<Rule> {
  if (failed === at.FAILED_SRC && rule.src !== undefined) return { src: rule.src };
  if (failed === at.FAILED_DST && rule.dst !== undefined) return { dst: rule.dst };
  if (failed === at.FAILED_IN && rule.inInterface !== undefined)
    return { inInterface: rule.inInterface };
  if (failed === at.FAILED_OUT && rule.outInterface !== undefined)
    return { outInterface: rule.outInterface };
  if (failed === at.FAILED_PROTOCOL && rule.protocol !== undefined)
    return { protocol: rule.protocol };
  return {};
}

/** What a target did: `jump KUBE-SERVICES`, `DNAT 10.244.1.5:8080`, `ACCEPT`. */
function actionText(target: Target): string {
  switch (target.kind) {
    case 'none':
      return '';
    case 'jump':
    case 'goto':
      return `${target.kind} ${target.chain}`;
    case 'REJECT':
      return `REJECT ${target.with}`;
    case 'DNAT':
    case 'SNAT': {
      const ports = target.ports === undefined ? '' : `:${target.ports.low}`;
      return `${target.kind} ${target.to === undefined ? '' : formatIp(target.to.low)}${ports}`;
    }
    case 'MARK':
      return `MARK xset 0x${target.value.toString(16)}/0x${target.mask.toString(16)}`;
    default:
      return target.kind;
  }
}
