/** What may stand where: loops between chains, targets in tables, jumps after a renaming. */
import type { Chain, RuleEntry } from './chain.ts';
import type { Target } from './rule.ts';
import type { Change } from './transaction.ts';

/** True when jumps lead from one chain to another. */
export function reaches(
  chains: ReadonlyMap<string, Chain>,
  from: Chain,
  wanted: Chain,
  seen: Set<Chain>,
): boolean {
  if (from === wanted) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return from.rules.some(({ rule: { target } }) => {
    if (target.kind !== 'jump' && target.kind !== 'goto') return false;
    const next = chains.get(target.chain);
    return next !== undefined && reaches(chains, next, wanted, seen);
  });
}

/** Lets the jumps to a renamed chain name it anew; the core knows chains by address. */
export function redirect(rules: RuleEntry[], before: string, after: string): void {
  for (const [index, { rule, address }] of rules.entries()) {
    const { target } = rule;
    if ((target.kind !== 'jump' && target.kind !== 'goto') || target.chain !== before) continue;
    rules[index] = { rule: { ...rule, target: { kind: target.kind, chain: after } }, address };
  }
}

/** Targets belong to tables: NAT to nat, MARK to mangle or any, REJECT to filter. */
export function isMisplaced(chain: Chain, kind: string): boolean {
  const nat = kind === 'DNAT' || kind === 'SNAT' || kind === 'MASQUERADE' || kind === 'REDIRECT';
  if (nat && chain.table !== 'nat') return true;
  if (kind === 'REJECT') return chain.table !== 'filter';
  if (chain.policy === undefined) return false;
  if (kind === 'DNAT' || kind === 'REDIRECT')
    return chain.name !== 'PREROUTING' && chain.name !== 'OUTPUT';
  if (kind === 'SNAT') return chain.name !== 'POSTROUTING' && chain.name !== 'INPUT';
  return kind === 'MASQUERADE' && chain.name !== 'POSTROUTING';
}

/**
 * True when a packet could now come from a built-in chain to a change of its source where that chain has
 * none (PREROUTING to MASQUERADE): the kernel looks behind every jump. `target` is what is put into `chain`.
 */
export function leadsAstray(
  chains: ReadonlyMap<string, Chain>,
  chain: Chain,
  target: Target,
): boolean {
  const kinds = new Set<string>();
  const gather = ({ rules }: Chain, seen: Set<Chain>): void => {
    for (const { rule } of rules) look(rule.target, seen);
  };
  const look = (each: Target, seen: Set<Chain>): void => {
    if (each.kind === 'MASQUERADE' || each.kind === 'SNAT') kinds.add(each.kind);
    if (each.kind !== 'jump' && each.kind !== 'goto') return;
    const next = chains.get(each.chain);
    if (next === undefined || seen.has(next)) return;
    seen.add(next);
    gather(next, seen);
  };
  look(target, new Set());
  if (kinds.size === 0) return false;
  return [...chains.values()].some(
    (first) =>
      first.policy !== undefined &&
      [...kinds].some((kind) => isMisplaced(first, kind)) &&
      reaches(chains, first, chain, new Set()),
  );
}

export function nameIn(change: Change): string {
  if ('rule' in change && 'chain' in change.rule.target) return change.rule.target.chain;
  return '';
}
