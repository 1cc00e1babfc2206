/** Answers kept for a while (CoreDNS v1.12 plugin/cache): at most 9,984 of each kind, by name and type. */
import type { Micros } from '../../../ground/base/event-loop.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import type { DnsRecord, DnsType } from '../../../machines/network/dns-message.ts';
import type { Directive } from '../corefile.ts';
import type { Answer } from './kubernetes.ts';

const ENTRIES_MAX = 9984;

interface Entry {
  readonly answer: Answer;
  readonly stored: Micros;
  readonly until: Micros;
}

export class AnswerCache {
  readonly #seconds: number;
  readonly #noSuccess: readonly string[];
  readonly #noDenial: readonly string[];
  readonly #entries = new Map<string, Entry>();
  hits = 0;
  misses = 0;

  constructor(directive: Directive) {
    this.#seconds = Number(directive.args[0] ?? '3600');
    const disabled = (kind: string): string[] =>
      directive.options
        .filter((option) => option.name === 'disable' && option.args[0] === kind)
        .flatMap((option) => option.args.slice(1).map((zone) => zone.replace(/\.$/, '')));
    this.#noSuccess = disabled('success');
    this.#noDenial = disabled('denial');
  }

  get(name: string, type: DnsType, now: Micros): Answer | undefined {
    const entry = this.#entries.get(`${name}/${type}`);
    if (entry === undefined || entry.until <= now) {
      this.misses += 1;
      return undefined;
    }
    this.hits += 1;
    const aged = Math.floor((now - entry.stored) / SECOND);
    const age = (records: readonly DnsRecord[]): DnsRecord[] =>
      records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - aged) }));
    const { answer } = entry;
    return {
      code: answer.code,
      answers: age(answer.answers),
      authority: age(answer.authority),
      additional: age(answer.additional),
      // What comes out of the cache calls itself authoritative, whoever said it first.
      ...(answer.upstream === undefined
        ? {}
        : { upstream: { ...answer.upstream, authoritative: true } }),
    };
  }

  put(name: string, type: DnsType, answer: Answer, now: Micros): void {
    const success = answer.code === 'NOERROR' && answer.answers.length > 0;
    if (answer.code !== 'NOERROR' && answer.code !== 'NXDOMAIN') return;
    const off = success ? this.#noSuccess : this.#noDenial;
    if (off.some((zone) => name === zone || name.endsWith(`.${zone}`))) return;
    const records = success ? answer.answers : answer.authority;
    if (records.length === 0) return;
    let ttl = this.#seconds;
    for (const record of records)
      ttl = Math.min(ttl, record.data.type === 'SOA' ? record.data.minimum : record.ttl);
    if (ttl <= 0) return;
    if (this.#entries.size >= ENTRIES_MAX)
      this.#entries.delete(this.#entries.keys().next().value as string);
    this.#entries.set(`${name}/${type}`, { answer, stored: now, until: now + ttl * SECOND });
  }
}
