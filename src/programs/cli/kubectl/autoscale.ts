/**
 * `kubectl autoscale` (k8s.io/kubectl/pkg/cmd/autoscale, v0.34): the manifest of a HorizontalPodAutoscaler.
 * A server without that kind answers that it could not find it.
 */
import { ok } from '../../../ground/base/result.ts';
import { createObject } from './create-generators.ts';
import { recorded } from './change-cause.ts';
import type { Loose } from './api.ts';
import { fail, type Failure, type Outcome, textFailure, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { type Subject, visit } from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, RECORD_FLAG, Reporter, WRITE_FLAGS } from './write-options.ts';

export const autoscale: Verb = {
  name: 'autoscale',
  usage:
    '(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]',
  short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  flags: flagSpecs(
    `${FILE_FLAGS} ${WRITE_FLAGS} ${RECORD_FLAG} field-manager='kubectl-autoscale' max=-1 min=-1 cpu=''
    cpu-percent=-1 memory='' name='' save-config=false`,
  ),
  required: ['max'],
  *run(session) {
    const { flags } = session;
    const [min, max] = [flags.int('min'), flags.int('max')];
    const reporter = Reporter.of(session, true);
    if (!reporter.ok) return reporter;
    if (max < 1) return fail(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
    if (max < min)
      return fail(
        `--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`,
      );
    const metrics = metricsOf(session);
    if (!metrics.ok) return metrics;
    const visited = yield* visit(session);
    if (!visited.ok) return visited;
    const failures: Failure[] = [...visited.value.failures];
    for (const info of visited.value.infos) {
      const { mapping, object } = info;
      if (!mapping.subresources.includes('scale')) {
        const resource = `${mapping.group}/${mapping.version}, Resource=${mapping.resource}`;
        const text = `cannot autoscale a ${object.kind}: could not find scale subresource for ${resource} in discovery information`;
        failures.push(textFailure(text));
        continue;
      }
      const scaler = recorded(session, scalerOf(session, info, metrics.value));
      const sent = yield* createObject(
        session,
        reporter.value,
        'HorizontalPodAutoscaler',
        scaler,
        '',
      );
      if (sent.ok) yield* reporter.value.tell(sent.value.mapping, sent.value.object, 'autoscaled');
      else failures.push(sent.error);
    }
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

function scalerOf(session: Session, info: Subject, metrics: readonly object[]): Loose {
  const { flags } = session;
  const { apiVersion, kind } = info.object;
  const min = flags.int('min');
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: flags.text('name') || info.name },
    spec: {
      scaleTargetRef: { kind, name: info.name, apiVersion },
      ...(min > 0 ? { minReplicas: min } : {}),
      maxReplicas: flags.int('max'),
      ...(metrics.length > 0 ? { metrics } : {}),
    },
    status: { desiredReplicas: 0, currentMetrics: null },
  } as unknown as Loose;
}

/** `--cpu-percent=80`, or since 1.34 `--cpu=80%`, `--cpu=500m`, `--memory=200Mi`. */
function metricsOf({ flags }: Session): Outcome<readonly object[]> {
  const metrics: object[] = [];
  const percent = flags.int('cpu-percent');
  if (percent >= 0 && flags.text('cpu') !== '')
    return fail('--cpu-percent and --cpu are mutually exclusive, and the former is deprecated');
  if (percent >= 0) metrics.push(metricOf('cpu', `${percent}%`));
  for (const name of ['cpu', 'memory'])
    if (flags.text(name) !== '') metrics.push(metricOf(name, flags.text(name)));
  return ok(metrics);
}

function metricOf(name: string, amount: string): object {
  const target = amount.endsWith('%')
    ? { type: 'Utilization', averageUtilization: Number(amount.slice(0, -1)) }
    : { type: 'AverageValue', averageValue: amount };
  return { type: 'Resource', resource: { name, target } };
}
