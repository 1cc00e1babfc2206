/** The Ingress of `kubectl create ingress` (create_ingress.go, v0.34). */
import { ok } from '../../../../ground/base/result.ts';
import type { Task } from '../../../../ground/base/task.ts';
import { fail, type Outcome } from '../failure.ts';
import type { Session } from '../session.ts';

/** `host/path=service:port[,tls[=secret]]`, as upstream reads it. */
const RULE =
  /^(?<host>[\w*\-.]*)(?<path>\/[\w\-/]*(?<star>\*)?)=(?<service>[\w-]+):(?<port>[\w-]+)(?<tls>,[^=]*(?:=(?<secret>[\w-]+))?)?$/;

interface IngressPath {
  readonly path: string;
  readonly pathType: string;
  readonly backend: object;
}

export function* generatedIngress(session: Session, name: string): Task<Outcome<object>> {
  const { flags } = session;
  const rules = flags.list('rule');
  const fallback = flags.text('default-backend');
  if (rules.length === 0 && fallback === '') {
    return fail(
      'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    );
  }
  const wrong = rules.find((rule) => !RULE.test(rule));
  if (wrong !== undefined)
    return fail(
      `rule ${wrong} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
    );
  const annotations: Record<string, string> = {};
  for (const pair of flags.list('annotation')) {
    const at = pair.indexOf('=');
    if (at <= 0) return fail(`annotation ${pair} is invalid and should be in format key=[value]`);
    annotations[pair.slice(0, at)] = pair.slice(at + 1);
  }
  if (fallback !== '' && fallback.split(':').length !== 2)
    return fail('default-backend should be in format servicename:serviceport');
  const className = flags.text('class');
  const tls = tlsOf(rules);
  return ok({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      ...(className === '' ? {} : { ingressClassName: className }),
      ...(fallback === '' ? {} : { defaultBackend: backendOf(fallback) }),
      ...(tls.length > 0 ? { tls } : {}),
      ...(rules.length > 0 ? { rules: rulesOf(rules) } : {}),
    },
    status: { loadBalancer: {} },
  });
}

function groupsOf(rule: string): Readonly<Record<string, string | undefined>> {
  return RULE.exec(rule)?.groups ?? {};
}

/** Paths of one host together, hosts as they first come. */
function rulesOf(rules: readonly string[]): readonly object[] {
  const byHost = new Map<string, IngressPath[]>();
  for (const rule of rules) {
    const { host = '', path = '', star, service = '', port = '' } = groupsOf(rule);
    const paths = byHost.get(host) ?? [];
    byHost.set(host, paths);
    paths.push({
      path: star === undefined ? path : path.slice(0, -1),
      pathType: star === undefined ? 'Exact' : 'Prefix',
      backend: backendOf(`${service}:${port}`),
    });
  }
  return [...byHost].map(([host, paths]) => ({
    ...(host === '' ? {} : { host }),
    http: { paths },
  }));
}

/** Hosts of one secret together. */
function tlsOf(rules: readonly string[]): readonly object[] {
  const bySecret = new Map<string, string[]>();
  for (const rule of rules) {
    const { host = '', tls, secret = '' } = groupsOf(rule);
    if (tls === undefined) continue;
    const hosts = bySecret.get(secret) ?? [];
    bySecret.set(secret, hosts);
    if (host !== '' && !hosts.includes(host)) hosts.push(host);
  }
  return [...bySecret].map(([secretName, hosts]) => ({
    ...(hosts.length > 0 ? { hosts } : {}),
    ...(secretName === '' ? {} : { secretName }),
  }));
}

function backendOf(text: string): object {
  const [name = '', port = ''] = text.split(':');
  return {
    service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } },
  };
}
