/** `kubectl expose` (k8s.io/kubectl/pkg/cmd/expose, v0.34): a Service for a workload, pod or service. */
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import { parseSelector } from '../../../ground/api/selector.ts';
import type { Loose } from './api.ts';
import { createObject } from './create-generators.ts';
import { fail, type Failure, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { type Subject, visit } from './resource-builder.ts';
import { overridden } from './overrides.ts';
import { pairsOf } from './run.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, RECORD_FLAG, Reporter, WRITE_FLAGS } from './write-options.ts';

export const expose: Verb = {
  name: 'expose',
  usage:
    '(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]',
  short:
    'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  flags:
    flagSpecs(`${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} cluster-ip='' external-ip='' field-manager='kubectl-expose' l labels=''
    load-balancer-ip='' name='' override-type='merge' overrides='' port='' protocol='' save-config=false selector=''
    session-affinity='' target-port='' type=''`),
  *run(session) {
    const reporter = Reporter.of(session);
    if (!reporter.ok) return reporter;
    const affinity = session.flags.text('session-affinity');
    if (!['', 'None', 'ClientIP'].includes(affinity))
      return fail(`unknown session affinity: ${affinity}`);
    const visited = yield* visit(session, { selector: '' });
    if (!visited.ok) return visited;
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const service = serviceOf(session, info);
      if (!service.ok) {
        failures.push(service.error);
        continue;
      }
      const made = overridden(session, service.value);
      if (!made.ok) {
        failures.push(made.error);
        continue;
      }
      const sent = yield* createObject(session, reporter.value, 'Service', made.value, '');
      if (sent.ok) yield* reporter.value.tell(sent.value.mapping, sent.value.object, 'exposed');
      else failures.push(sent.error);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

interface ExposedPort {
  readonly port: number;
  readonly protocol: string;
}

const EXPOSABLE = new Set(['Pod', 'Service', 'Deployment', 'ReplicaSet', 'ReplicationController']);

function serviceOf(session: Session, info: Subject): Outcome<object> {
  const { flags } = session;
  const { object } = info;
  if (!EXPOSABLE.has(object.kind)) return fail(`cannot expose a ${object.kind}`);
  const selector =
    flags.text('selector') === ''
      ? selectorOfObject(object)
      : selectorOfText(flags.text('selector'));
  if (!selector.ok) return selector;
  const ports = portsOf(session, object);
  if (!ports.ok) return ports;
  const name = (flags.text('name') || object.metadata.name).slice(0, 63);
  const labels =
    flags.text('labels') === '' ? object.metadata.labels : pairsOf(flags.text('labels').split(','));
  const target = flags.text('target-port');
  const text = (flag: string, field: string): object =>
    flags.text(flag) === '' ? {} : { [field]: flags.text(flag) };
  const several = ports.value.length > 1;
  return ok({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...text('cluster-ip', 'clusterIP'),
      ...(flags.text('external-ip') === '' ? {} : { externalIPs: [flags.text('external-ip')] }),
      ...text('load-balancer-ip', 'loadBalancerIP'),
      ports: ports.value.map(({ port, protocol }, index) => ({
        ...(several ? { name: `port-${index + 1}` } : {}),
        port,
        protocol,
        targetPort: target === '' ? port : /^\d+$/.test(target) ? Number(target) : target,
      })),
      selector: selector.value,
      ...text('session-affinity', 'sessionAffinity'),
      ...text('type', 'type'),
    },
    status: { loadBalancer: {} },
  });
}

/** Labels of pods that the object selects. */
function selectorOfObject(object: Loose): Outcome<Readonly<Record<string, string>>> {
  if (object.kind === 'Pod') {
    const labels = object.metadata.labels;
    if (labels === undefined)
      return fail(
        "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
      );
    return ok(labels);
  }
  const selector = (object['spec'] as { readonly selector?: unknown } | undefined)?.selector;
  if (object.kind === 'Service' || object.kind === 'ReplicationController') {
    if (selector === undefined)
      return fail(
        "couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set",
      );
    return ok(selector as Readonly<Record<string, string>>);
  }
  const { matchLabels, matchExpressions } = (selector ?? {}) as {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly unknown[];
  };
  if ((matchExpressions ?? []).length > 0) {
    return fail(
      'couldn\'t retrieve selectors via --selector flag or introspection: couldn\'t convert expressions - "[{...}]" to map-based selector format',
    );
  }
  return ok(matchLabels ?? {});
}

function selectorOfText(text: string): Outcome<Readonly<Record<string, string>>> {
  const parsed = parseSelector(text);
  const pairs = pairsOf(text.split(','));
  if (!parsed.ok || pairs === undefined)
    return fail(
      `couldn't retrieve selectors via --selector flag or introspection: unexpected selector ${quote(text)}`,
    );
  return ok(pairs);
}

/** `--port`, or the ports of the object's containers. */
function portsOf(session: Session, object: Loose): Outcome<readonly ExposedPort[]> {
  const { flags } = session;
  const protocol = flags.text('protocol');
  const given = flags.text('port');
  if (given !== '') {
    const ports: ExposedPort[] = [];
    for (const part of given.split(',')) {
      if (!/^\d+$/.test(part)) return fail(`strconv.Atoi: parsing ${quote(part)}: invalid syntax`);
      ports.push({ port: Number(part), protocol: protocol || 'TCP' });
    }
    return ok(ports);
  }
  const ports = objectPorts(object).map((each) => ({
    port: each.port,
    protocol: protocol || each.protocol,
  }));
  if (ports.length > 0) return ok(ports);
  return fail("couldn't find port via --port flag or introspection");
}

function objectPorts(object: Loose): readonly ExposedPort[] {
  const spec = object['spec'] as {
    readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
    readonly containers?: readonly Ported[];
    readonly template?: { readonly spec?: { readonly containers?: readonly Ported[] } };
  };
  if (object.kind === 'Service') {
    return (spec.ports ?? []).map(({ port, protocol = 'TCP' }) => ({ port, protocol }));
  }
  const containers = object.kind === 'Pod' ? spec.containers : spec.template?.spec?.containers;
  const ports = (containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.map(({ containerPort, protocol = 'TCP' }) => ({ port: containerPort, protocol }));
}

interface Ported {
  readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[];
}
