/**
 * Writes rules into the core's memory. What a packet's header decides goes into the record itself as
 * long as nothing stateful (a draw, a count, a memory) stands before it; the rest becomes a list of
 * further matches in the order of the command line, so that draws are taken where the kernel takes
 * them.
 */
import * as at from '../../../../assembly/packet/layout.ts';
import { nameWords, type PacketCore } from '../packet-core.ts';
import { type Match, REJECT_KINDS, type Rule, type Target } from './rule.ts';

const NONE = 0xffffffff;
const PORTS_ALL = 0xffff;
const LIMIT_MICROS = { sec: 1e6, min: 6e7, hour: 3.6e9, day: 8.64e10 } as const;
const RECENT_ACTIONS = { set: 1, rcheck: 2, update: 3, remove: 4 } as const;
const TARGETS = {
  RETURN: at.T_RETURN,
  ACCEPT: at.T_ACCEPT,
  DROP: at.T_DROP,
  jump: at.T_JUMP,
  goto: at.T_GOTO,
} as const;

/** Resolves what rules refer to. */
export interface References {
  /** Address of a chain that exists. */
  chain(name: string): number;
  /** Address of a table of the recent match, made at its first use. */
  recent(name: string): number;
}

/** Makes the record of a rule and returns its address; free it with `releaseRule`. */
export function encodeRule(core: PacketCore, rule: Rule, references: References): number {
  const address = core.allocate(at.RULE_SIZE);
  new Encoder(core, address, references).write(rule);
  return address;
}

/** Frees a record and its further matches. */
export function releaseRule(core: PacketCore, address: number): void {
  let match = core.words[(address + at.R_MORE) >>> 2] as number;
  while (match !== 0) {
    const next = core.words[(match + at.M_NEXT) >>> 2] as number;
    core.calls.release(match, at.MATCH_SIZE);
    match = next;
  }
  core.calls.release(address, at.RULE_SIZE);
}

class Encoder {
  readonly #core: PacketCore;
  readonly #rule: number;
  readonly #references: References;
  #flags = 0;
  #sports = PORTS_ALL;
  #dports = PORTS_ALL;
  #stateful = false;
  #last = 0;

  constructor(core: PacketCore, rule: number, references: References) {
    this.#core = core;
    this.#rule = rule;
    this.#references = references;
  }

  write(rule: Rule): void {
    this.#address(rule.src, at.R_SRC, at.R_SRC_MASK, at.NOT_SRC);
    this.#address(rule.dst, at.R_DST, at.R_DST_MASK, at.NOT_DST);
    this.#name(rule.inInterface, at.R_IN, at.NOT_IN, at.MATCH_IN_NAME);
    this.#name(rule.outInterface, at.R_OUT, at.NOT_OUT, at.MATCH_OUT_NAME);
    if (rule.protocol !== undefined) {
      this.#set(at.R_PROTOCOL, rule.protocol.number);
      if (rule.protocol.invert) this.#flags |= at.NOT_PROTOCOL;
    }
    for (const match of rule.matches) this.#match(match);
    this.#set(at.R_SPORTS, this.#sports);
    this.#set(at.R_DPORTS, this.#dports);
    this.#target(rule.target);
    if (this.#isKeyed(rule)) this.#flags |= at.KEYED;
    if (this.#isBare())
      this.#flags |= (this.#flags & at.KEYED) !== 0 ? at.EXACT : this.#isOpen() ? at.ALWAYS : 0;
    if (this.#get(at.R_IN) !== 0 || this.#get(at.R_OUT) !== 0) this.#flags |= at.HAS_DEVICE;
    if (this.#get(at.R_STATES) !== 0) this.#flags |= at.HAS_STATES;
    this.#set(at.R_FLAGS, this.#flags);
  }

  #isKeyed(rule: Rule): boolean {
    const exact = rule.dst !== undefined && rule.dst.mask === NONE && !rule.dst.invert;
    const protocol =
      rule.protocol !== undefined && rule.protocol.number !== 0 && !rule.protocol.invert;
    const port =
      this.#dports >>> 16 === (this.#dports & 0xffff) && (this.#flags & at.NOT_DPORTS) === 0;
    return exact && protocol && port && (this.#flags & at.HAS_PORTS) !== 0;
  }

  /** No test but those of destination, protocol and target port. */
  #isBare(): boolean {
    const odd = at.HAS_MARK | at.NEEDS_SYN | at.NOT_SYN | at.NOT_SPORTS | at.NOT_SRC;
    const tested = [at.R_SRC_MASK, at.R_IN, at.R_OUT, at.R_STATES, at.R_MORE].some(
      (offset) => this.#get(offset) !== 0,
    );
    return !tested && (this.#flags & odd) === 0 && this.#sports === PORTS_ALL;
  }

  /** Nor those. */
  #isOpen(): boolean {
    return this.#get(at.R_DST_MASK) === 0 && this.#get(at.R_PROTOCOL) === 0 && this.#flags === 0;
  }

  #get(offset: number): number {
    return this.#core.words[(this.#rule + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.#core.words[(this.#rule + offset) >>> 2] = value;
  }

  #address(test: Rule['src'], value: number, mask: number, not: number): void {
    if (test === undefined) return;
    this.#set(value, test.ip);
    this.#set(mask, test.mask);
    if (test.invert) this.#flags |= not;
  }

  #name(test: Rule['inInterface'], offset: number, not: number, further: number): void {
    if (test === undefined || test.name === '+') return;
    if (!test.name.endsWith('+')) {
      this.#set(offset, this.#core.nameOf(test.name));
      if (test.invert) this.#flags |= not;
      return;
    }
    const prefix = test.name.slice(0, -1);
    const match = this.#further(further, test.invert, 0, 0);
    const want = nameWords(prefix);
    const mask = nameWords('\xff'.repeat(prefix.length));
    for (let index = 0; index < 4; index += 1) {
      this.#argument(match, at.M_ARGUMENTS + index * 4, want[index] as number);
      this.#argument(match, at.M_ARGUMENTS + 16 + index * 4, mask[index] as number);
    }
  }

  #further(kind: number, invert: boolean, a: number, b: number, c = 0, d = 0): number {
    const match = this.#core.allocate(at.MATCH_SIZE);
    const words = this.#core.words;
    words[(match + at.M_KIND) >>> 2] = kind | (invert ? at.INVERTED : 0);
    words[(match + at.M_A) >>> 2] = a;
    words[(match + at.M_B) >>> 2] = b;
    words[(match + at.M_C) >>> 2] = c;
    words[(match + at.M_D) >>> 2] = d;
    if (this.#last === 0) words[(this.#rule + at.R_MORE) >>> 2] = match;
    else words[(this.#last + at.M_NEXT) >>> 2] = match;
    this.#last = match;
    return match;
  }

  #argument(match: number, offset: number, value: number): void {
    this.#core.words[(match + offset) >>> 2] = value;
  }

  #match(match: Match): void {
    switch (match.kind) {
      case 'comment':
        return;
      case 'tcp':
      case 'udp':
        this.#ports(match);
        return;
      case 'mark':
        this.#mark(match);
        return;
      case 'connmark':
        this.#further(at.MATCH_CONNMARK, match.invert, match.value, match.mask);
        return;
      case 'random':
        this.#stateful = true;
        this.#further(at.MATCH_RANDOM, match.invert, match.threshold, 0);
        return;
      case 'nth':
        this.#stateful = true;
        this.#further(at.MATCH_NTH, match.invert, match.every, match.packet);
        return;
      case 'conntrack':
      case 'state':
        this.#states(match);
        return;
      case 'addrtype':
        if (match.src !== undefined)
          this.#further(at.MATCH_SRC_TYPE, match.src.invert, match.src.types, 0);
        if (match.dst !== undefined)
          this.#further(at.MATCH_DST_TYPE, match.dst.invert, match.dst.types, 0);
        return;
      default:
        this.#rareMatch(match);
    }
  }

  #rareMatch(match: Match): void {
    if (match.kind === 'multiport') {
      const side = match.side === 'sports' ? 1 : match.side === 'dports' ? 2 : 3;
      const record = this.#further(at.MATCH_MULTIPORT, match.invert, side, match.ports.length);
      match.ports.forEach((range, index) => {
        this.#argument(record, at.M_ARGUMENTS + index * 4, (range.low << 16) | range.high);
      });
    } else if (match.kind === 'owner') {
      if (match.socket !== undefined) this.#further(at.MATCH_OWNER, match.socket.invert, 0, 0);
      if (match.uid !== undefined)
        this.#further(at.MATCH_UID, match.uid.invert, match.uid.low, match.uid.high);
      if (match.gid !== undefined)
        this.#further(at.MATCH_GID, match.gid.invert, match.gid.low, match.gid.high);
    } else if (match.kind === 'recent') {
      this.#stateful = true;
      const table = this.#references.recent(match.name);
      const side = match.side === 'rsource' ? 0 : 1;
      this.#further(
        at.MATCH_RECENT,
        match.invert,
        table,
        RECENT_ACTIONS[match.action],
        match.seconds,
        side,
      );
    } else if (match.kind === 'limit') {
      this.#stateful = true;
      const period = Math.max(1, Math.floor(LIMIT_MICROS[match.unit] / match.count));
      const record = this.#further(at.MATCH_LIMIT, false, Math.min(period, NONE), match.burst);
      this.#core.doubles[(record + at.M_ARGUMENTS) >>> 3] = match.burst;
    } else if (match.kind === 'iprange') {
      if (match.src !== undefined)
        this.#further(at.MATCH_SRC_RANGE, match.src.invert, match.src.low, match.src.high);
      if (match.dst !== undefined)
        this.#further(at.MATCH_DST_RANGE, match.dst.invert, match.dst.low, match.dst.high);
    } else if (match.kind === 'icmp') {
      // The packets of the model are echoes: type 8, or 255 for any.
      if (match.type !== 8 && match.type !== 255) this.#further(at.MATCH_NEVER, match.invert, 0, 0);
    }
  }

  #ports(match: Match & { kind: 'tcp' | 'udp' }): void {
    const hot = !this.#stateful && (this.#flags & at.HAS_PORTS) === 0;
    for (const [test, not, further] of [
      [match.sport, at.NOT_SPORTS, at.MATCH_SPORTS],
      [match.dport, at.NOT_DPORTS, at.MATCH_DPORTS],
    ] as const) {
      if (test === undefined) continue;
      const range = ((test.low << 16) | test.high) >>> 0;
      if (!hot) this.#further(further, test.invert, range, 0);
      else {
        if (further === at.MATCH_SPORTS) this.#sports = range;
        else this.#dports = range;
        this.#flags |= at.HAS_PORTS | (test.invert ? not : 0);
      }
    }
    if (match.kind !== 'tcp' || match.syn === undefined) return;
    if (hot) this.#flags |= match.syn.invert ? at.NOT_SYN : at.NEEDS_SYN;
    else this.#further(at.MATCH_SYN, match.syn.invert, 0, 0);
  }

  #mark(match: Match & { kind: 'mark' | 'connmark' }): void {
    if (this.#stateful || (this.#flags & at.HAS_MARK) !== 0) {
      this.#further(at.MATCH_MARK, match.invert, match.value, match.mask);
      return;
    }
    this.#set(at.R_MARK, match.value);
    this.#set(at.R_MARK_MASK, match.mask);
    this.#flags |= at.HAS_MARK | (match.invert ? at.NOT_MARK : 0);
  }

  #states(match: Match & { kind: 'conntrack' | 'state' }): void {
    const used = this.#core.words[(this.#rule + at.R_STATES) >>> 2] !== 0;
    if (this.#stateful || used) {
      this.#further(at.MATCH_STATES, match.invert, match.states, 0);
      return;
    }
    this.#set(at.R_STATES, match.states);
    if (match.invert) this.#flags |= at.NOT_STATES;
  }

  #target(target: Target): void {
    const random = 'random' in target && target.random !== '' ? at.T_RANDOM : 0;
    const ports =
      'ports' in target && target.ports !== undefined
        ? ((target.ports.low << 16) | target.ports.high) >>> 0
        : 0;
    switch (target.kind) {
      case 'none':
        return;
      case 'jump':
      case 'goto':
        this.#action(TARGETS[target.kind], this.#references.chain(target.chain), 0, 0);
        return;
      case 'RETURN':
      case 'ACCEPT':
      case 'DROP':
        this.#action(TARGETS[target.kind], 0, 0, 0);
        return;
      case 'REJECT':
        this.#action(at.T_REJECT, REJECT_KINDS.indexOf(target.with), 0, 0);
        return;
      case 'DNAT':
      case 'SNAT': {
        const kind = target.kind === 'DNAT' ? at.T_DNAT : at.T_SNAT;
        this.#action(kind | random, target.to?.low ?? 0, target.to?.high ?? 0, ports);
        return;
      }
      case 'MASQUERADE':
        this.#action(at.T_MASQUERADE | random, 0, 0, ports);
        return;
      case 'REDIRECT':
        this.#action(at.T_REDIRECT | random, 0, 0, ports);
        return;
      case 'MARK':
        this.#action(at.T_MARK, target.value, target.mask, 0);
        return;
      case 'CONNMARK': {
        const kinds = {
          set: at.T_CONNMARK_SET,
          save: at.T_CONNMARK_SAVE,
          restore: at.T_CONNMARK_RESTORE,
        };
        this.#action(kinds[target.action], target.value, target.mask, 0);
      }
    }
  }

  #action(kind: number, a: number, b: number, c: number): void {
    this.#set(at.R_TARGET, kind);
    this.#set(at.R_A, a);
    this.#set(at.R_B, b);
    this.#set(at.R_C, c);
  }
}
