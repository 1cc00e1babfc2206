/**
 * One server block at work: its plugins in CoreDNS's order, over UDP and TCP. An answer of the
 * cluster is given inside the arrival event; a forwarded one takes a task.
 */
import { concatBytes } from '../../ground/base/bytes.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { bytesOf, isBytes } from '../../machines/network/chunk.ts';
import {
  type DnsFields,
  DnsMessage,
  type DnsRecord,
  dnsOf,
  encodeDns,
} from '../../machines/network/dns-message.ts';
import { goError } from '../../machines/network/errno.ts';
import type { Connection } from '../../machines/network/socket.ts';
import type { ServerBlock } from './corefile.ts';
import { AnswerCache } from './plugins/cache.ts';
import { forwardQuery, type Upstream, upstreamsOf } from './plugins/forward.ts';
import { type Answer, KubernetesPlugin } from './plugins/kubernetes.ts';
import { fallsThrough, readKubernetes } from './plugins/kubernetes-config.ts';
import type { ServiceIndex } from './service-index.ts';

/** Who asked, and how to answer. */
interface Client {
  readonly ip: Ip;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly reply: (message: DnsMessage) => void;
}

const NOTHING = { answers: [], authority: [], additional: [] };
/** So few records fit into any message, names written out. */
const FEW = 3;

export class DnsServer {
  readonly #process: Process;
  readonly #logErrors: boolean;
  readonly #logQueries: boolean;
  readonly #shuffles: boolean;
  readonly kubernetes: KubernetesPlugin | undefined;
  readonly cache: AnswerCache | undefined;
  readonly #upstreams: readonly Upstream[] | undefined;
  #turn = 0;
  #sockets: readonly { close(): void }[] = [];
  queries = 0;

  private constructor(
    process: Process,
    block: ServerBlock,
    kubernetes: KubernetesPlugin | undefined,
    upstreams: readonly Upstream[] | undefined,
  ) {
    const has = (name: string): boolean =>
      block.directives.some((directive) => directive.name === name);
    const cache = block.directives.find((directive) => directive.name === 'cache');
    this.#process = process;
    this.#logErrors = has('errors');
    this.#logQueries = has('log');
    this.#shuffles = has('loadbalance');
    this.kubernetes = kubernetes;
    this.cache = cache === undefined ? undefined : new AnswerCache(cache);
    this.#upstreams = upstreams;
  }

  /** Sets the plugins up; the error ends CoreDNS. */
  static make(
    process: Process,
    block: ServerBlock,
    path: string,
    index: () => ServiceIndex,
  ): Result<DnsServer, string> {
    let kubernetes: KubernetesPlugin | undefined;
    let upstreams: readonly Upstream[] | undefined;
    for (const directive of block.directives) {
      if (directive.name === 'kubernetes') {
        const config = readKubernetes(directive, block.zones, path);
        if (!config.ok) return config;
        kubernetes = new KubernetesPlugin(config.value, index());
      } else if (directive.name === 'forward') {
        const found = upstreamsOf(process, directive);
        if (!found.ok) return found;
        upstreams = found.value;
      }
    }
    return ok(new DnsServer(process, block, kubernetes, upstreams));
  }

  get ready(): boolean {
    return this.kubernetes?.ready !== false;
  }

  /** Listens on both protocols. */
  serve(port: number): Result<void, string> {
    const { net } = this.#process;
    const udp = net.udp(0, port);
    if (!udp.ok) return err(`Listen: listen udp :${port}: bind: ${goError(udp.error)}`);
    const tcp = net.listen(0, port);
    if (!tcp.ok) return err(`Listen: listen tcp :${port}: bind: ${goError(tcp.error)}`);
    udp.value.onReceive(({ source, payload }) => {
      const query = dnsOf(payload);
      if (query === undefined || query.response) return;
      // Answers go out as messages; a client that reads bytes gets them encoded.
      const reply = (message: DnsMessage): void => void udp.value.sendTo(source, message);
      this.#handle(query, { ...source, protocol: 'udp', reply });
    });
    tcp.value.onAccept((connection) => this.#serveTcp(connection));
    this.#sockets = [udp.value, tcp.value];
    return ok(undefined);
  }

  /** Listens no more; answers under way still go out over TCP. */
  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
  }

  #serveTcp(connection: Connection): void {
    let pending: Uint8Array = new Uint8Array();
    connection.onReceive((event) => {
      if (!event.ok || event.value === undefined) {
        connection.close();
        return;
      }
      if (!isBytes(event.value) && event.value instanceof DnsMessage) {
        const reply = (message: DnsMessage): void => void connection.post(message);
        this.#handle(event.value.fields, { ...connection.remote, protocol: 'tcp', reply });
        return;
      }
      pending = concatBytes([pending, bytesOf(event.value)]);
      while (pending.length >= 2) {
        const length = ((pending[0] as number) << 8) | (pending[1] as number);
        if (pending.length < 2 + length) return;
        const query = dnsOf(pending.subarray(2, 2 + length));
        pending = pending.slice(2 + length);
        if (query === undefined) continue;
        const reply = (message: DnsMessage): void => {
          const bytes = message.render();
          connection.post(
            concatBytes([new Uint8Array([bytes.length >> 8, bytes.length & 255]), bytes]),
          );
        };
        this.#handle(query, { ...connection.remote, protocol: 'tcp', reply });
      }
    });
  }

  #handle(query: DnsFields, from: Client): void {
    this.queries += 1;
    const question = query.questions[0];
    if (question === undefined) {
      from.reply(this.#message(query, { ...NOTHING, code: 'FORMERR' }, from, false));
      return;
    }
    const name = question.name.replace(/\.$/, '').toLowerCase();
    const began = this.#process.clock.monotonic();
    const finish = (answer: Answer, fresh = false): void => {
      const message = this.#message(query, answer, from, fresh);
      if (this.#logQueries) this.#logQuery(query, message, from, began);
      from.reply(message);
    };
    const cached = this.cache?.get(name, question.type, began);
    if (cached !== undefined) {
      finish(cached);
      return;
    }
    const own = this.kubernetes?.answer(name, question.type);
    const alias = own?.answers[0]?.data;
    if (own !== undefined && (alias?.type !== 'CNAME' || question.type === 'CNAME')) {
      this.cache?.put(name, question.type, own, began);
      finish(own);
      return;
    }
    this.#process.start('forward', this.#forward(query, own, name, finish));
  }

  /** Asks upstream: for what is not ours, or for the name that an ExternalName service stands for. */
  *#forward(
    query: DnsFields,
    alias: Answer | undefined,
    name: string,
    finish: (answer: Answer, fresh?: boolean) => void,
  ): Task<void> {
    const question = query.questions[0];
    const target = alias?.answers[0]?.data;
    const upstreams = this.#upstreams;
    const upstream = { authoritative: false, recursive: false };
    if (upstreams === undefined || question === undefined) {
      const reverse = this.kubernetes !== undefined && fallsThrough(this.kubernetes.config, name);
      finish({ ...NOTHING, code: reverse ? 'NXDOMAIN' : 'REFUSED', upstream });
      return;
    }
    const asked =
      target?.type === 'CNAME'
        ? { ...query, questions: [{ ...question, name: target.target }] }
        : query;
    const answer = yield* forwardQuery(this.#process, upstreams, asked);
    if (!answer.ok) {
      if (this.#logErrors)
        this.#log(
          'ERROR',
          `plugin/errors: 2 ${question.name.replace(/\.?$/, '.')} ${question.type}: ${answer.error}`,
        );
      finish({ ...NOTHING, code: 'SERVFAIL', upstream });
      return;
    }
    const { code, answers, authority, additional } = answer.value;
    const whole: Answer = {
      code,
      answers: [...(alias?.answers ?? []), ...answers],
      authority,
      additional,
      // The name that an alias stands for was looked up on the way: the answer is the cluster's.
      ...(alias === undefined
        ? {
            upstream: {
              authoritative: answer.value.authoritative === true,
              recursive: answer.value.recursionAvailable === true,
            },
          }
        : {}),
    };
    this.cache?.put(name, question.type, whole, this.#process.clock.monotonic());
    finish(whole, alias === undefined);
  }

  /** `fresh`: an upstream's own message, which has no cookie for this client. */
  #message(query: DnsFields, answer: Answer, from: Client, fresh: boolean): DnsMessage {
    const { upstream } = answer;
    const { udpSize, cookie } = query;
    const fields: DnsFields = {
      id: query.id,
      response: true,
      authoritative: upstream?.authoritative ?? true,
      recursionDesired: query.recursionDesired,
      recursionAvailable: upstream?.recursive ?? false,
      code: answer.code,
      questions: query.questions,
      answers: this.#shuffles ? this.#rotate(answer.answers) : answer.answers,
      authority: answer.authority,
      additional: answer.additional,
      ...(udpSize === undefined ? {} : { udpSize }),
      ...(cookie === undefined || udpSize === undefined || fresh ? {} : { cookie }),
    };
    const few = fields.answers.length + fields.authority.length + fields.additional.length <= FEW;
    const room = from.protocol === 'tcp' ? 65_535 : Math.max(512, udpSize ?? 0);
    const plain = { ...fields, plain: true };
    return new DnsMessage(few || encodeDns(plain).length <= room ? plain : fields);
  }

  #logQuery(query: DnsFields, message: DnsMessage, from: Client, began: Micros): void {
    const question = query.questions[0];
    const { fields } = message;
    const flags = [
      'qr',
      ...(fields.authoritative === true ? ['aa'] : []),
      ...(fields.recursionDesired ? ['rd'] : []),
      ...(fields.recursionAvailable === true ? ['ra'] : []),
    ].join(',');
    const name = `${(question?.name ?? '').replace(/\.$/, '').toLowerCase()}.`;
    const asked = `${question?.type} IN ${name} ${from.protocol} ${encodeDns(query).length} false ${query.udpSize ?? 512}`;
    // No time passes while an answer of the cluster is made; it takes what such a lookup takes.
    const took = Math.max(100, this.#process.clock.monotonic() - began);
    this.#log(
      'INFO',
      `${formatIp(from.ip)}:${from.port} - ${query.id} "${asked}" ${fields.code} ${flags} ${message.render().length} ${took / SECOND}s`,
    );
  }

  /** loadbalance round_robin: the address records in a new order each time, CNAMEs first. */
  #rotate(records: readonly DnsRecord[]): readonly DnsRecord[] {
    if (records.length < 2) return records;
    const aliases = records.filter((record) => record.data.type === 'CNAME');
    const others = records.filter((record) => record.data.type !== 'CNAME');
    this.#turn += 1;
    const by = this.#turn % others.length;
    return [...aliases, ...others.slice(by), ...others.slice(0, by)];
  }

  #log(level: string, text: string): void {
    this.#process.start('log', this.#process.print(`[${level}] ${text}\n`));
  }
}
