/**
 * The gateway host stands for the Internet: it resolves outside names and serves the image registries.
 * Names and addresses are fixed and few; everything else is NXDOMAIN, as an air-gapped lab would see
 * it. Addresses behind it are documentation ranges (RFC 5737) on an interface as far away as the table
 * of costs says.
 */
import { parseIp, type Ip } from '../ground/base/ip.ts';
import { required } from '../ground/base/assert.ts';
import type { Task } from '../ground/base/task.ts';
import type { CertifiedKey } from '../ground/pki/certificate.ts';
import type { Process, Program } from '../machines/machine/process.ts';
import type { ImageArchive } from '../machines/machine/image.ts';
import {
  DnsMessage,
  type DnsFields,
  dnsOf,
  type DnsRecord,
} from '../machines/network/dns-message.ts';
import { serveHttp } from '../machines/network/http-server.ts';
import type { HttpExchange } from '../machines/network/http-types.ts';
import { utf8 } from '../ground/base/bytes.ts';
import type { CodeShelf } from './lazy-program.ts';
import {
  archiveMessage,
  digestOf,
  type ManifestMessage,
  manifestMessage,
} from '../programs/runtime/stored-image.ts';

function address(text: string): Ip {
  return required(parseIp(text), `${text} is an address`);
}

/** Outside names and where they are. */
export const OUTSIDE: ReadonlyMap<string, Ip> = new Map([
  ['registry-1.docker.io', address('198.51.100.10')],
  ['auth.docker.io', address('198.51.100.11')],
  ['registry.k8s.io', address('198.51.100.20')],
  ['quay.io', address('198.51.100.30')],
  ['ghcr.io', address('198.51.100.31')],
  ['gcr.io', address('198.51.100.32')],
  ['example.com', address('203.0.113.80')],
  ['www.example.com', address('203.0.113.80')],
]);

const TTL = 300;

/** The resolver of the outside: UDP and authoritative for OUTSIDE. */
export const outsideDns: Program = {
  name: 'named',
  version: '9.18',
  *main(process): Task<number> {
    const socket = process.net.udp(0, 53);
    if (!socket.ok) return 1;
    for (;;) {
      const datagram = yield* socket.value.receive();
      if (!datagram.ok) continue;
      const query = dnsOf(datagram.value.payload);
      if (query === undefined) continue;
      yield* process.work(50);
      socket.value.sendTo(datagram.value.source, new DnsMessage(answer(query)));
    }
  },
};

function answer(query: DnsFields): DnsFields {
  const question = query.questions[0];
  const name = question?.name.toLowerCase().replace(/\.$/, '') ?? '';
  const ip = OUTSIDE.get(name);
  const answers: DnsRecord[] =
    ip !== undefined && question?.type === 'A'
      ? [{ name: question.name, ttl: TTL, data: { type: 'A', ip } }]
      : [];
  const { cookie: _, ...rest } = query;
  return {
    ...rest,
    response: true,
    recursionAvailable: true,
    code: ip === undefined ? 'NXDOMAIN' : 'NOERROR',
    answers,
  };
}

/** The registries and example.com: HTTPS on 443, and plain HTTP on 80 for the latter. */
export function outsideWeb(
  shelf: CodeShelf,
  images: () => readonly ImageArchive[],
  identityOf: (name: string) => CertifiedKey,
): Program {
  return {
    name: 'outside-web',
    version: '1',
    *main(process): Task<number> {
      const registry = new Registry(shelf, images);
      for (const [name, ip] of OUTSIDE) {
        const listener = process.net.listen(ip, 443);
        if (listener.ok)
          serveHttp(process, listener.value, (exchange) => serve(process, registry, exchange), {
            tls: { identity: identityOf(name) },
          });
        const plain = name === 'example.com' ? process.net.listen(ip, 80) : undefined;
        if (plain?.ok)
          serveHttp(process, plain.value, (exchange) => serve(process, registry, exchange), {});
      }
      yield* process.terminated === undefined ? process.sleep(0) : waitForever(process);
      return 0;
    },
  };
}

function* waitForever(process: Process): Task<void> {
  yield process.terminated;
}

function* serve(process: Process, registry: Registry, exchange: HttpExchange): Task<void> {
  registry.shelf.need('images', process.trace.loop);
  yield* process.work(200);
  const path = exchange.request.target.replace(/\?.*$/, '');
  const text = (status: number, body: string): void =>
    exchange.respond(status, new Map([['content-type', 'text/html; charset=utf-8']]), utf8(body));
  if (!path.startsWith('/v2/')) {
    text(200, '<!doctype html>\n<title>Example Domain</title>\n<h1>Example Domain</h1>\n');
    return;
  }
  const body = registry.find(path);
  if (body === undefined) {
    const json = '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}\n';
    exchange.respond(404, new Map([['content-type', 'application/json']]), utf8(json));
  } else
    exchange.respond(
      200,
      new Map([['content-type', 'application/vnd.oci.image.manifest.v1+json']]),
      body,
    );
}

/**
 * Archives by repository path, tag and digest, looked up when somebody first asks. An unknown repository
 * gets the generic archive.
 */
class Registry {
  readonly shelf: CodeShelf;
  readonly #images: () => readonly ImageArchive[];
  readonly #byTag = new Map<string, ImageArchive>();
  readonly #byDigest = new Map<string, ImageArchive>();
  readonly #known = new Set<string>();
  /** Manifests are asked for at every start of a container whose tag may move. */
  readonly #manifests = new Map<ImageArchive, ManifestMessage>();
  #generic: ImageArchive | undefined;

  constructor(shelf: CodeShelf, images: () => readonly ImageArchive[]) {
    this.shelf = shelf;
    this.#images = images;
  }

  #open(): void {
    const images = this.#images();
    this.#generic = images.find((image) => image.generic === true);
    for (const image of images) {
      const path = pathOf(image.repository);
      this.#known.add(path);
      for (const tag of image.tags) this.#byTag.set(`${path}:${tag}`, image);
      this.#byDigest.set(digestOf(image), image);
    }
  }

  find(path: string) {
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path);
    if (match === null) return undefined;
    if (this.#known.size === 0) this.#open();
    const [, name, kind, reference] = match as unknown as [string, string, string, string];
    const image =
      this.#byDigest.get(reference) ??
      this.#byTag.get(`${name}:${reference}`) ??
      (this.#known.has(name) ? undefined : this.#generic);
    if (image === undefined) return undefined;
    return kind === 'manifests' ? this.#manifestOf(image) : archiveMessage(image);
  }

  #manifestOf(image: ImageArchive): ManifestMessage {
    const manifest = this.#manifests.get(image) ?? manifestMessage(image);
    this.#manifests.set(image, manifest);
    return manifest;
  }
}

/** `docker.io/library/nginx` → `library/nginx`. */
function pathOf(repository: string): string {
  return repository.slice(repository.indexOf('/') + 1);
}
