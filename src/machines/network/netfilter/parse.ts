/**
 * What stands after `-A CHAIN` as a rule. Models the option parser of iptables 1.8.11 (xshared.c
 * do_parse and the extensions): options belong to the last loaded extension that knows them, `!`
 * stands before an option, a protocol given by -p loads its match when one of its options appears.
 * An option of an extension that the model does not have is refused like an unknown one.
 */
import { parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { probabilityThreshold } from '../packet-core.ts';
import { expandOption, isNotModelled } from './parse-options.ts';
import { PORTED, TargetParser } from './parse-target.ts';
import { type ParseError, WordReader } from './parse-words.ts';
import { protocolNumber } from './print.ts';
import { ADDRESS_TYPES, type Counters, type Match, type Rule, STATES } from './rule.ts';

export interface ParsedRule {
  readonly rule: Rule;
  /** All rules that the words say: one for each source and destination between commas. */
  readonly rules: readonly Rule[];
  readonly counters: Counters | undefined;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };
// biome-ignore lint/suspicious/noExplicitAny: a draft gets its fields one option at a time; `finish` checks them.
type Fields = Record<string, any>;

const MATCHES = new Set([
  'comment',
  'tcp',
  'udp',
  'icmp',
  'mark',
  'connmark',
  'statistic',
  'conntrack',
  'state',
  'addrtype',
  'multiport',
  'owner',
  'recent',
  'limit',
  'iprange',
]);
const NEEDED: Record<string, readonly [string, string]> = {
  mark: ['value', '--mark'],
  connmark: ['value', '--mark'],
  comment: ['text', '--comment'],
  state: ['states', '--state'],
};
const SYN_FLAGS = 'FIN,SYN,RST,ACK SYN';

/** Parses the words of a rule; `chains` tells extension targets from chains. */
export function parseRule(words: readonly string[]): Result<ParsedRule, ParseError> {
  return new Parser(words).parse();
}

class Parser {
  readonly #in: WordReader;
  #invert = false;
  readonly #rule: Draft<Rule> = { matches: [], target: { kind: 'none' } };
  readonly #drafts: Fields[] = [];
  readonly #target: TargetParser;
  #counters: Counters | undefined;
  #sources = { text: '', invert: false };
  #destinations = { text: '', invert: false };
  /** Options of the rule that were given, by their letters. */
  readonly #given = new Set<string>();
  readonly #used = new Set<string>();

  constructor(words: readonly string[]) {
    this.#in = new WordReader(words);
    this.#target = new TargetParser(this.#in);
  }

  parse(): Result<ParsedRule, ParseError> {
    while (this.#in.at < this.#in.words.length && this.#in.error === undefined) this.#option();
    const matches: Match[] = [];
    for (const draft of this.#drafts) {
      const match = this.#finishMatch(draft);
      if (match !== undefined) matches.push(match);
    }
    const target = this.#target.finish(this.#rule.protocol);
    const from = this.#addresses(this.#sources);
    const to = this.#addresses(this.#destinations);
    if (this.#in.error !== undefined) return err(this.#in.error);
    const rules = from.flatMap((src) =>
      to.map((dst) => ({
        ...this.#rule,
        ...(src === undefined ? {} : { src }),
        ...(dst === undefined ? {} : { dst }),
        matches,
        target,
      })),
    );
    return ok({ rule: rules[0] as Rule, rules, counters: this.#counters });
  }

  #addresses(given: { readonly text: string; readonly invert: boolean }) {
    if (given.text === '') return [undefined];
    const list = this.#in.addressList(given.text, given.invert);
    if (list.some((test) => test?.invert === true && test.mask === 0)) this.#in.kernel();
    return list;
  }

  /** A flag that may stand once, and perhaps not behind an exclamation mark. */
  #once(letter: string, invert: boolean, mayInvert: boolean): void {
    if (invert && !mayInvert) this.#in.fail(`cannot have ! before -${letter}`);
    if (this.#given.has(letter)) this.#in.fail(`multiple -${letter} flags not allowed`);
    this.#given.add(letter);
  }

  /** The whole name of a long option that has been cut short. */
  #expand(word: string): string {
    const number = this.#rule.protocol?.number;
    const implied = number === 6 ? 'tcp' : number === 17 ? 'udp' : number === 1 ? 'icmp' : '';
    const kinds = [this.#target.kind, ...this.#drafts.map((draft) => String(draft['kind']))];
    return expandOption(word, [...kinds, implied]);
  }

  #option(): void {
    let word = this.#in.words[this.#in.at] ?? '';
    this.#in.at += 1;
    if (word === '!') {
      if (this.#invert) this.#in.fail('multiple consecutive ! not allowed');
      this.#invert = true;
      return;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    if (equals > 0) {
      this.#in.words.splice(this.#in.at, 0, word.slice(equals + 1));
      word = word.slice(0, equals);
    }
    word = this.#expand(word);
    if (!word.startsWith('-') || word === '-') {
      this.#in.error ??= { text: `Bad argument \`${word}'`, code: 2, bare: true };
      return;
    }
    const invert = this.#invert;
    this.#invert = false;
    if (this.#common(word, invert)) return;
    if (this.#target.option(word)) return;
    for (let index = this.#drafts.length - 1; index >= 0; index -= 1) {
      if (this.#matchOption(this.#drafts[index] as Fields, word, invert)) return;
    }
    if (this.#impliedMatch(word, invert)) return;
    for (const { kind } of this.#drafts as readonly { readonly kind?: string }[]) {
      if (isNotModelled(String(kind), word))
        this.#in.fail(`${kind}: option "${word}" is not modelled here`);
    }
    this.#in.fail(`unknown option "${word}"`);
  }

  #common(word: string, invert: boolean): boolean {
    switch (word) {
      case '-s':
      case '--source':
      case '--src':
        this.#once('s', invert, true);
        this.#sources = { text: this.#in.value(word), invert };
        return true;
      case '-d':
      case '--destination':
      case '--dst':
        this.#once('d', invert, true);
        this.#destinations = { text: this.#in.value(word), invert };
        return true;
      case '-i':
      case '--in-interface':
        this.#once('i', invert, true);
        this.#rule.inInterface = { name: this.#in.device(this.#in.value(word)), invert };
        return true;
      case '-o':
      case '--out-interface':
        this.#once('o', invert, true);
        this.#rule.outInterface = { name: this.#in.device(this.#in.value(word)), invert };
        return true;
      case '-p':
      case '--protocol':
      case '--proto': {
        this.#once('p', invert, true);
        const text = this.#in.value(word);
        const number = protocolNumber(text);
        if (number === undefined) this.#in.fail(`unknown protocol "${text}" specified`);
        else if (number === 0 && invert) this.#in.fail('rule would never match protocol');
        else if (number !== 0) this.#rule.protocol = { number, invert };
        return true;
      }
      case '-m':
      case '--match':
        if (invert) this.#in.fail('unexpected ! flag before --match');
        this.#load(this.#in.value(word));
        return true;
      case '-j':
      case '--jump':
      case '-g':
      case '--goto':
        this.#once('j', invert, false);
        this.#target.aim(word, this.#in.value(word));
        return true;
      case '-c':
      case '--set-counters':
        this.#once('c', invert, false);
        this.#counters = this.#counts(word);
        return true;
      case '-f':
      case '--fragment':
        this.#in.fail('fragments are not modelled');
        return true;
      default:
        return false;
    }
  }

  #counts(word: string): Counters {
    const [packets, bytes] = [this.#in.value(word), this.#in.words[this.#in.at]];
    if (bytes === undefined || bytes.startsWith('-') || bytes.startsWith('!')) {
      this.#in.fail('-c requires packet and byte counter');
      return { packets: 0, bytes: 0 };
    }
    this.#in.at += 1;
    if (!/^\d+$/.test(packets)) this.#in.fail('-c packet counter not numeric');
    if (!/^\d+$/.test(bytes)) this.#in.fail('-c byte counter not numeric');
    return { packets: Number(packets), bytes: Number(bytes) };
  }

  #load(name: string): void {
    if (!MATCHES.has(name)) {
      this.#in.fail(`Couldn't load match \`${name}':No such file or directory\n`);
      return;
    }
    this.#drafts.push({ kind: name });
  }

  #impliedMatch(word: string, invert: boolean): boolean {
    const number = this.#rule.protocol?.number;
    const kind = number === 6 ? 'tcp' : number === 17 ? 'udp' : number === 1 ? 'icmp' : undefined;
    if (kind === undefined || this.#drafts.some((draft) => draft['kind'] === kind)) return false;
    const draft: Fields = { kind };
    const at = this.#in.at;
    this.#drafts.push(draft);
    if (this.#matchOption(draft, word, invert)) return true;
    this.#drafts.pop();
    this.#in.at = at;
    return false;
  }

  #matchOption(draft: Fields, word: string, invert: boolean): boolean {
    const set = (fields: Fields): true => {
      const key = `${draft['kind']} ${word}`;
      if (this.#used.has(key) && draft['kind'] !== 'comment')
        this.#in.fail(`${draft['kind']}: option "${word}" can only be used once.\n`);
      this.#used.add(key);
      Object.assign(draft, fields);
      return true;
    };
    switch (`${draft['kind']} ${word}`) {
      case 'comment --comment':
        return set({ text: this.#in.value(word) });
      case 'tcp --sport':
      case 'tcp --source-port':
      case 'udp --sport':
      case 'udp --source-port':
        return set({ sport: this.#in.ports(this.#in.value(word), invert) });
      case 'tcp --dport':
      case 'tcp --destination-port':
      case 'udp --dport':
      case 'udp --destination-port':
        return set({ dport: this.#in.ports(this.#in.value(word), invert) });
      case 'tcp --syn':
        return set({ syn: { invert } });
      case 'tcp --tcp-flags':
        if (`${this.#in.value(word)} ${this.#in.value(word)}` !== SYN_FLAGS) {
          this.#in.fail(`only --tcp-flags ${SYN_FLAGS} is modelled`);
        }
        return set({ syn: { invert } });
      case 'icmp --icmp-type':
        return set({ type: this.#in.icmpType(this.#in.value(word)), invert });
      case 'mark --mark':
      case 'connmark --mark':
        return set({ ...this.#in.masked(this.#in.value(word), draft['kind'], word), invert });
      case 'conntrack --ctstate':
        return set({ states: this.#in.bits(STATES, this.#in.value(word), 'Bad ctstate'), invert });
      case 'state --state':
        return set({ states: this.#in.bits(STATES, this.#in.value(word), 'Bad state'), invert });
      case 'addrtype --dst-type':
        return set({
          dst: {
            types: this.#in.bits(ADDRESS_TYPES, this.#in.value(word), 'addrtype: bad type'),
            invert,
          },
        });
      case 'addrtype --src-type':
        return set({
          src: {
            types: this.#in.bits(ADDRESS_TYPES, this.#in.value(word), 'addrtype: bad type'),
            invert,
          },
        });
      default:
        return this.#rareOption(draft, word, invert, set);
    }
  }

  #rareOption(
    draft: Fields,
    word: string,
    invert: boolean,
    set: (fields: Fields) => true,
  ): boolean {
    switch (`${draft['kind']} ${word}`) {
      case 'statistic --mode':
        return set({ mode: this.#in.value(word) });
      case 'statistic --probability': {
        const p = Number(this.#in.value(word));
        if (!(p >= 0 && p <= 1))
          this.#in.fail(
            'statistic: bad value for option "--probability", or out of range (0-1).\n',
          );
        return set({ threshold: probabilityThreshold(p), invert });
      }
      case 'statistic --every':
        return set({ every: this.#in.count(this.#in.value(word), 'statistic', word, 1), invert });
      case 'statistic --packet':
        return set({ packet: this.#in.count(this.#in.value(word), 'statistic', word, 0) });
      case 'multiport --sports':
      case 'multiport --source-ports':
      case 'multiport --dports':
      case 'multiport --destination-ports':
      case 'multiport --ports': {
        const side =
          word.includes('s') && /^--(s|source-)p/.test(word)
            ? 'sports'
            : /^--d/.test(word)
              ? 'dports'
              : 'ports';
        const ports = this.#in
          .value(word)
          .split(',')
          .map((part) => this.#in.range(part, ':'));
        const slots = ports.reduce((sum, range) => sum + (range.low === range.high ? 1 : 2), 0);
        if (ports.some(({ low, high }) => low > high)) this.#in.fail('invalid portrange specified');
        if (slots > 15) this.#in.fail('too many ports specified');
        return set({ side, ports, invert });
      }
      case 'owner --uid-owner':
        return set({ uid: { ...this.#in.owner(this.#in.value(word)), invert } });
      case 'owner --gid-owner':
        return set({ gid: { ...this.#in.owner(this.#in.value(word)), invert } });
      case 'owner --socket-exists':
        return set({ socket: { invert } });
      case 'recent --set':
      case 'recent --rcheck':
      case 'recent --update':
      case 'recent --remove':
        if (draft['action'] !== undefined && draft['action'] !== word.slice(2))
          this.#in.fail(
            `recent: option "--${draft['action']}" cannot be used together with "${word}".\n`,
          );
        return set({ action: word.slice(2), invert });
      case 'recent --name':
        return set({ name: this.#in.value(word) });
      case 'recent --seconds':
        return set({ seconds: this.#in.count(this.#in.value(word), 'recent', word, 1) });
      case 'recent --reap':
        return set({ reap: true });
      case 'recent --mask':
        return set({ mask: parseIp(this.#in.value(word)) ?? 0xffffffff });
      case 'recent --rsource':
      case 'recent --rdest':
        return set({ side: word.slice(2) });
      case 'limit --limit': {
        const text = this.#in.value(word);
        const found = /^0*([1-9]\d*)(?:\/(s|sec|second|m|min|minute|h|hour|d|day))?$/.exec(text);
        if (found === null) this.#in.fail(`bad rate "${text}"'`);
        const units = { s: 'sec', m: 'min', h: 'hour', d: 'day' } as const;
        return set({
          count: Number(found?.[1] ?? 1),
          unit: units[(found?.[2]?.[0] ?? 's') as keyof typeof units],
        });
      }
      case 'limit --limit-burst':
        return set({ burst: this.#in.count(this.#in.value(word), 'limit', word, 0, 10_000) });
      case 'iprange --src-range':
        return set({ src: this.#addressRange(word, invert) });
      case 'iprange --dst-range':
        return set({ dst: this.#addressRange(word, invert) });
      default:
        return false;
    }
  }

  #addressRange(word: string, invert: boolean) {
    const text = this.#in.value(word);
    if (!text.split('-').every((part) => parseIp(part) !== undefined))
      this.#in.fail(`iprange: Bad value for "${word}" option: "${text}"`);
    return { ...this.#in.addresses(text), invert };
  }

  #finishMatch(draft: Fields): Match | undefined {
    const kind = draft['kind'] as string;
    const needed = NEEDED[kind];
    if (needed !== undefined && draft[needed[0]] === undefined) {
      this.#in.fail(`${kind}: option "${needed[1]}" must be specified\n`);
      return undefined;
    }
    this.#checkProtocol(kind, draft);
    if (kind === 'statistic') return this.#statistic(draft);
    if (kind === 'icmp')
      return { kind, type: draft['type'] ?? 255, invert: draft['invert'] ?? false };
    if (kind === 'recent') {
      if (draft['action'] === undefined)
        this.#in.fail(
          "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
        );
      if (draft['seconds'] !== undefined && /^(set|remove)$/.test(draft['action']))
        this.#in.kernel();
      const defaults = {
        name: 'DEFAULT',
        seconds: 0,
        reap: false,
        mask: 0xffffffff,
        side: 'rsource',
      };
      return { ...defaults, ...draft } as unknown as Match;
    }
    if (kind === 'addrtype' && draft['src'] === undefined && draft['dst'] === undefined)
      this.#in.fail('addrtype: you must specify --src-type or --dst-type');
    if (kind === 'owner' && Object.keys(draft).length === 1)
      this.#in.fail(
        'owner: At least one of --uid-owner, --gid-owner or --socket-exists is required',
      );
    if (kind === 'iprange' && Object.keys(draft).length === 1)
      this.#in.fail("iprange match: You must specify `--src-range' or `--dst-range'");
    if (kind === 'limit')
      return {
        kind,
        count: draft['count'] ?? 3,
        unit: draft['unit'] ?? 'hour',
        burst: draft['burst'] || 5,
      };
    if (kind === 'conntrack' && draft['states'] === undefined)
      this.#in.fail('conntrack: At least one option is required');
    if (kind === 'multiport' && draft['ports'] === undefined)
      this.#in.fail('multiport expection an option');
    return draft as unknown as Match;
  }

  /** Matches of one protocol stand behind its -p: the tool says so, or the kernel does. */
  #checkProtocol(kind: string, draft: Fields): void {
    const { protocol } = this.#rule;
    const wanted = { tcp: 6, udp: 17, icmp: 1 }[kind];
    if (wanted !== undefined && (protocol?.number !== wanted || protocol.invert)) {
      const asks = Object.keys(draft).length > 1 && kind !== 'icmp';
      if (!asks) this.#in.kernel();
      else if (protocol?.number !== wanted)
        this.#in.fail(`${kind.toUpperCase()} match requires '-p ${kind}'`);
    }
    if (kind !== 'multiport' || draft['ports'] === undefined) return;
    if (protocol === undefined)
      this.#in.fail("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
    else if (protocol.invert || !PORTED.has(protocol.number))
      this.#in.fail('multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP');
  }

  #statistic(draft: Fields): Match | undefined {
    if (draft['mode'] !== undefined && draft['mode'] !== 'random' && draft['mode'] !== 'nth')
      this.#in.fail(`Bad mode "${draft['mode']}"`);
    if (draft['mode'] === 'nth' && (draft['packet'] ?? 0) >= (draft['every'] ?? 1))
      this.#in.fail(
        draft['every'] === undefined
          ? '--every and --packet must be specified when using nth mode'
          : 'the --packet p must be 0 <= p <= n-1',
      );
    if (draft['mode'] === 'random' && draft['threshold'] !== undefined) {
      return { kind: 'random', threshold: draft['threshold'], invert: draft['invert'] ?? false };
    }
    if (draft['mode'] === 'nth' && draft['every'] !== undefined) {
      return {
        kind: 'nth',
        every: draft['every'],
        packet: draft['packet'] ?? 0,
        invert: draft['invert'] ?? false,
      };
    }
    this.#in.fail(
      draft['mode'] === undefined
        ? 'statistic: option "--mode" must be specified\n'
        : draft['mode'] === 'nth'
          ? '--every and --packet must be specified when using nth mode'
          : '--probability must be specified when using random mode',
    );
    return undefined;
  }
}
