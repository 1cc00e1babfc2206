/**
 * What a writer of rules hands over: changes of one table, taken or refused as a whole.
 * iptables-restore parses its text into this, kube-proxy makes it directly.
 *
 * A *service block* is the content of a KUBE-SVC (or KUBE-SVL) chain and of the KUBE-SEP chains it
 * jumps to: endpoints in byte order of `ip:port`, each chosen with equal probability. It prints as
 * the rules that kube-proxy writes, and is edited per endpoint.
 */
import type { Ip } from '../../../ground/base/ip.ts';
import type { Counters, Rule } from './rule.ts';
import type { TableName } from './types.ts';

export interface BlockEndpoint {
  readonly ip: Ip;
  readonly port: number;
  /** Its chain, `KUBE-SEP-…`. */
  readonly chain: string;
}

export interface BlockSpec {
  /** `default/web:http`, the comment of all its rules. */
  readonly comment: string;
  readonly protocol: number;
  /** The rule before the endpoints: `! -s <pods> -d <vip> … -j KUBE-MARK-MASQ`, or none. */
  readonly first: Rule | undefined;
  /** Packets of an endpoint to itself are marked; needs KUBE-MARK-MASQ. */
  readonly hairpin: boolean;
  /** `KUBE-MARK-MASQ`, which must exist. */
  readonly markChain: string;
  readonly endpoints: readonly BlockEndpoint[];
}

export type Change =
  | { readonly op: 'newChain'; readonly chain: string }
  | { readonly op: 'flush'; readonly chain: string }
  | { readonly op: 'deleteChain'; readonly chain: string }
  /** Takes a block's rules and its chain away. */
  | { readonly op: 'deleteBlock'; readonly chain: string }
  /** Makes the chain, or flushes it when it exists (a `:CHAIN` line of iptables-restore). */
  | { readonly op: 'resetChain'; readonly chain: string }
  | { readonly op: 'rename'; readonly chain: string; readonly to: string }
  | {
      readonly op: 'policy';
      readonly chain: string;
      readonly policy: 'ACCEPT' | 'DROP';
      readonly counters?: Counters;
    }
  | {
      readonly op: 'append';
      readonly chain: string;
      readonly rule: Rule;
      readonly counters?: Counters;
    }
  /** Indexes are 0-based. */
  | {
      readonly op: 'insert' | 'replace';
      readonly chain: string;
      readonly index: number;
      readonly rule: Rule;
      readonly counters?: Counters;
    }
  | { readonly op: 'delete'; readonly chain: string; readonly index: number }
  | { readonly op: 'deleteRule'; readonly chain: string; readonly rule: Rule }
  /** Sets counters to zero: of one rule, one chain or all. */
  | { readonly op: 'zero'; readonly chain?: string; readonly index?: number }
  /** Makes the chain if need be and gives it this content. */
  | { readonly op: 'block'; readonly chain: string; readonly block: BlockSpec }
  | { readonly op: 'addEndpoint'; readonly chain: string; readonly endpoint: BlockEndpoint }
  | {
      readonly op: 'removeEndpoint';
      readonly chain: string;
      readonly ip: Ip;
      readonly port: number;
    };

export interface Transaction {
  readonly table: TableName;
  readonly changes: readonly Change[];
}

/** Why a change was refused; the tools have a text for each. */
export type ChangeError =
  | 'no-chain'
  | 'no-target'
  | 'chain-exists'
  | 'builtin-chain'
  | 'chain-in-use'
  | 'chain-not-empty'
  | 'no-rule'
  | 'index-too-big'
  | 'loop'
  | 'target-misplaced'
  | 'too-many-endpoints';

export interface Refusal {
  readonly error: ChangeError;
  /** Which of the changes, 0-based, over all transactions. */
  readonly change: number;
  readonly chain: string;
  /** The chain or target that a rule names. */
  readonly name: string;
  readonly op: Change['op'];
}
