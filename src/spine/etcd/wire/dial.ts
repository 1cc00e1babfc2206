/** Dialling a member: `https://127.0.0.1:2379` with the client certificate of the flags. */
import type { Micros } from '../../../ground/base/event-loop.ts';
import { parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { openHttp } from '../../../machines/network/http-client.ts';
import type { TlsClientOptions } from '../../../machines/network/tls-types.ts';
import { resolveHost } from '../../../machines/machine/resolver.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { readCertificates, readIdentity } from './files.ts';
import { type Dial, type EtcdClient, openEtcd } from './index.ts';

export interface EndpointOptions {
  /** `https://127.0.0.1:2379`, or without a scheme: TLS when a certificate or authority is given. */
  readonly endpoint: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly skipVerify?: boolean;
  readonly dialTimeout: Micros;
  /** Bound of each call; none for the API server. */
  readonly callTimeout?: Micros;
}

/** A client of one endpoint, its files read; the error is what a program prints. */
export function etcdClient(process: Process, options: EndpointOptions): Result<EtcdClient, string> {
  const match = /^(?:(https?|unixs?):\/\/)?([^/:]+):(\d{1,5})\/?$/.exec(options.endpoint);
  if (match === null) return err(`invalid endpoint "${options.endpoint}"`);
  const host = match[2] as string;
  const port = Number(match[3]);
  const files = options.authority !== '' || options.certificate !== '';
  const secure = match[1] === undefined ? files : match[1] === 'https';
  let tls: TlsClientOptions | undefined;
  if (secure) {
    const roots = options.authority === '' ? ok([]) : readCertificates(process, options.authority);
    if (!roots.ok) return roots;
    const base = { serverName: host, roots: roots.value, alpn: ['h2'] };
    const skipped = options.skipVerify === true ? { ...base, skipVerify: true } : base;
    tls = skipped;
    if (options.certificate !== '') {
      const identity = readIdentity(process, options.certificate, options.key);
      if (!identity.ok) return identity;
      tls = { ...skipped, identity: identity.value };
    }
  }
  const { dialTimeout } = options;
  const dial: Dial = function* () {
    const literal = parseIp(host === 'localhost' ? '127.0.0.1' : host);
    const found = literal === undefined ? yield* resolveHost(process, host) : undefined;
    const ip = literal ?? (found?.ok === true ? found.value[0] : undefined);
    if (ip === undefined)
      return err({ kind: 'socket', errno: 'EHOSTUNREACH', phase: 'dial' } as const);
    return yield* openHttp(process, {
      ip,
      port,
      dialTimeout,
      tlsTimeout: dialTimeout,
      ...(tls === undefined ? {} : { tls }),
    });
  };
  return ok(openEtcd(dial, `${host}:${port}`, options.callTimeout));
}
