/**
 * What stands behind -j or -g: a chain, a verdict, or an extension with options of its own. Models the
 * parsers of extensions/libxt_*.c and libipt_*.c, iptables 1.8.11.
 */
import { NOT_HERE } from './parse-options.ts';
import type { WordReader } from './parse-words.ts';
import { REJECT_KINDS, type Rule, type Target } from './rule.ts';

// biome-ignore lint/suspicious/noExplicitAny: a draft gets its fields one option at a time; `finish` checks them.
type Fields = Record<string, any>;

const STANDARD = new Set(['ACCEPT', 'DROP', 'RETURN']);
/** Targets that are extensions. */
export const TARGETS: ReadonlySet<string> = new Set([
  'REJECT',
  'DNAT',
  'SNAT',
  'MASQUERADE',
  'REDIRECT',
  'MARK',
  'CONNMARK',
]);

/** Protocols that have ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
export const PORTED = new Set([6, 17, 33, 132, 136]);

/** Reads the target of one rule. */
export class TargetParser {
  readonly #in: WordReader;
  #target: Fields | undefined;

  constructor(reader: WordReader) {
    this.#in = reader;
  }

  /** Its name as an extension; `undefined` in letters before there is one. */
  get kind(): string {
    return String(this.#target?.['kind']);
  }

  /** `-j` or `-g`. */
  aim(word: string, name: string): void {
    const goto = word === '-g' || word === '--goto';
    if (goto) this.#target = { kind: 'goto', chain: name };
    else if (NOT_HERE.has(name)) this.#in.fail(`target ${name} is not modelled here`);
    else if (STANDARD.has(name) || TARGETS.has(name)) this.#target = { kind: name };
    else this.#target = { kind: 'jump', chain: name };
  }

  /** Takes an option of the target; false when it is not one. */
  option(word: string): boolean {
    const target = this.#target;
    if (target === undefined) return false;
    const owner = target['kind'] as string;
    const mark = (value: number, mask: number): true => {
      if (target['by'] !== undefined)
        this.#in.fail(
          target['by'] === word
            ? `${owner}: option "${word}" can only be used once.\n`
            : `${owner}: option "${target['by']}" cannot be used together with "${word}".\n`,
        );
      Object.assign(target, { by: word });
      Object.assign(target, { value: value >>> 0, mask: mask >>> 0, action: 'set' });
      return true;
    };
    switch (`${target['kind']} ${word}`) {
      case 'REJECT --reject-with': {
        const kind = this.#in.value(word);
        const full = REJECT_KINDS.find((name) => isShortFor(kind.toLowerCase(), name));
        if (full === undefined) this.#in.fail(`unknown reject type "${kind}"`);
        target['with'] = full;
        return true;
      }
      case 'DNAT --to-destination':
      case 'SNAT --to-source':
        return this.#translation(target, this.#in.value(word));
      case 'MASQUERADE --to-ports':
      case 'REDIRECT --to-ports':
      case 'REDIRECT --to-port':
        target['ports'] = this.#in.natPorts(this.#in.value(word));
        return true;
      case 'DNAT --random':
      case 'SNAT --random':
      case 'SNAT --random-fully':
      case 'MASQUERADE --random':
      case 'MASQUERADE --random-fully':
      case 'REDIRECT --random':
        target['random'] = word.slice(2);
        return true;
      case 'MARK --set-xmark':
      case 'CONNMARK --set-xmark': {
        const { value, mask } = this.#in.masked(this.#in.value(word), owner, word);
        return mark(value, mask);
      }
      case 'MARK --set-mark':
      case 'CONNMARK --set-mark': {
        const { value, mask } = this.#in.masked(this.#in.value(word), owner, word);
        return mark(value, value | mask);
      }
      case 'MARK --or-mark':
      case 'CONNMARK --or-mark': {
        const value = this.#in.number(this.#in.value(word), owner, word);
        return mark(value, value);
      }
      case 'MARK --and-mark':
      case 'CONNMARK --and-mark':
        return mark(0, ~this.#in.number(this.#in.value(word), owner, word));
      case 'MARK --xor-mark':
      case 'CONNMARK --xor-mark':
        return mark(this.#in.number(this.#in.value(word), owner, word), 0);
      default:
        return this.#connmark(target, word);
    }
  }

  #connmark(target: Fields, word: string): boolean {
    if (target['kind'] !== 'CONNMARK') return false;
    if (word === '--save-mark' || word === '--restore-mark') {
      Object.assign(target, {
        action: word.slice(2, -5),
        value: 0,
        mask: target['mask'] ?? 0xffffffff,
      });
      return true;
    }
    if (word === '--mask' || word === '--nfmask' || word === '--ctmask') {
      target['mask'] = this.#in.number(this.#in.value(word), 'CONNMARK', word);
      return true;
    }
    return false;
  }

  #translation(target: Fields, text: string): true {
    if (target['to'] !== undefined || target['ports'] !== undefined) {
      const option = target['kind'] === 'DNAT' ? '--to-destination' : '--to-source';
      this.#in.fail(`${target['kind']}: option "${option}" can only be used once.\n`);
    }
    const colon = text.indexOf(':');
    const ips = colon < 0 ? text : text.slice(0, colon);
    if (ips !== '') target['to'] = this.#in.addresses(ips);
    if (colon >= 0) target['ports'] = this.#in.natPorts(text.slice(colon + 1));
    return true;
  }

  /** The target, once all options are read. */
  finish(protocol: Rule['protocol']): Target {
    const target = this.#target;
    if (target === undefined) return { kind: 'none' };
    const kind = target['kind'] as string;
    if (target['with'] === 'tcp-reset' && (protocol?.number !== 6 || protocol.invert))
      this.#in.kernel();
    if (target['ports'] !== undefined && !PORTED.has(protocol?.number ?? 0))
      this.#in.fail('Need TCP, UDP, SCTP or DCCP with port specification');
    if (kind === 'REJECT') return { kind, with: target['with'] ?? 'icmp-port-unreachable' };
    if (kind === 'DNAT' || kind === 'SNAT') {
      const option = kind === 'DNAT' ? '--to-destination' : '--to-source';
      if (target['to'] === undefined && target['ports'] === undefined)
        this.#in.fail(`${kind}: option "${option}" must be specified\n`);
      return { kind, to: target['to'], ports: target['ports'], random: target['random'] ?? '' };
    }
    if (kind === 'MASQUERADE' || kind === 'REDIRECT')
      return { kind, ports: target['ports'], random: target['random'] ?? '' };
    if (kind === 'MARK' || kind === 'CONNMARK') {
      if (target['mask'] === undefined) {
        this.#in.fail(
          kind === 'MARK'
            ? 'MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required'
            : 'CONNMARK target: No operation specified',
        );
      }
      if (kind === 'MARK') return { kind, value: target['value'], mask: target['mask'] };
    }
    const { by: _, ...rest } = target;
    return rest as unknown as Target;
  }
}

/** `net-unreach` is `icmp-net-unreachable`, `tcp-rst` is `tcp-reset`; each may be cut short. */
function isShortFor(text: string, name: string): boolean {
  const alias =
    name === 'tcp-reset' ? 'tcp-rst' : name.replace(/^icmp-/, '').replace(/able$|ited$/, '');
  return text !== '' && (name.startsWith(text) || alias.startsWith(text));
}
