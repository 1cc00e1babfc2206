/**
 * The health port of a component: `/healthz`, `/livez` and `/readyz` answer `ok`, `/metrics` a line of
 * build information (k8s.io/component-base, v0.34). Served over HTTPS with a certificate that the
 * component makes for itself when none is given, as kube-scheduler and kube-controller-manager do.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { ANY_ADDRESS, parseIp } from '../../ground/base/ip.ts';
import { ok, err, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { issue, selfSigned } from '../../ground/pki/certificate.ts';
import { newPrivateKey } from '../../ground/pki/keys.ts';
import type { Process } from '../../machines/machine/process.ts';
import { goError } from '../../machines/network/errno.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange, HttpServer } from '../../machines/network/http-types.ts';
import type { TlsIdentity } from '../../machines/network/tls-types.ts';

export interface HealthOptions {
  readonly address: string;
  readonly port: number;
  /** Program name: the certificate's subject and the build information's. */
  readonly name: string;
  /** False: plain HTTP (kube-proxy, the kubelet's own). Default true. */
  readonly secure?: boolean;
  /** Paths beyond the three, and what they answer; or other answers for those. */
  readonly answer?: (
    path: string,
  ) => { readonly status: number; readonly text: string } | undefined;
}

const PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz']);
const YEAR_MICROS = 365 * 86_400_000_000;

/** Starts serving; the error is Go's words for a port that is taken. */
export function serveHealth(process: Process, options: HealthOptions): Result<HttpServer, string> {
  const listener = process.net.listen(parseIp(options.address) ?? ANY_ADDRESS, options.port);
  if (!listener.ok) {
    const where = `${options.address}:${options.port}`;
    return err(
      `failed to create listener: failed to listen on ${where}: listen tcp ${where}: bind: ${goError(listener.error)}`,
    );
  }
  const handler = (exchange: HttpExchange): Task<void> => answer(exchange, options);
  const tls =
    options.secure === false
      ? {}
      : { tls: { identity: ownIdentity(process, options.name), alpn: ['h2', 'http/1.1'] } };
  return ok(serveHttp(process, listener.value, handler, { ...tls, name: 'serve health' }));
}

function* answer(exchange: HttpExchange, options: HealthOptions): Task<void> {
  const path = exchange.request.target.replace(/\?.*$/, '');
  const special = options.answer?.(path);
  const text = (status: number, body: string): void =>
    exchange.respond(
      status,
      new Map([
        ['content-type', 'text/plain; charset=utf-8'],
        ['x-content-type-options', 'nosniff'],
      ]),
      utf8(body),
    );
  if (special !== undefined) text(special.status, special.text);
  else if (PATHS.has(path)) text(200, 'ok');
  else if (path === '/metrics')
    text(
      200,
      `# HELP kubernetes_build_info [BETA] A metric with a constant '1' value.\n# TYPE kubernetes_build_info gauge\nkubernetes_build_info{major="1",minor="34",git_version="v1.34.0",platform="linux/amd64"} 1\n`,
    );
  else text(404, '404 page not found\n');
}

/** A certificate for localhost, signed by an authority of its own (k8s.io/client-go/util/cert). */
function ownIdentity(process: Process, name: string): TlsIdentity {
  const seed = process.random.word();
  const label = `${process.hostname}/${name}`;
  const now = process.clock.wall();
  const validity = { notBefore: now, notAfter: now + YEAR_MICROS };
  const authorityKey = newPrivateKey(seed, `${label}/ca`);
  const subject = { commonName: `localhost-ca@${Math.floor(now / 1_000_000)}` };
  const authority = {
    key: authorityKey,
    certificate: selfSigned({ subject, ...validity, isAuthority: true }, authorityKey),
  };
  const key = newPrivateKey(seed, label);
  const certificate = issue(
    {
      subject: { commonName: `localhost@${Math.floor(now / 1_000_000)}` },
      dnsNames: ['localhost'],
      ipAddresses: [0x7f000001],
      usages: ['server'],
      ...validity,
      publicKey: key.publicKey,
    },
    authority,
  );
  return { key, certificate, chain: [authority.certificate] };
}
