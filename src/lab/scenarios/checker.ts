/**
 * Judges single checks: objects as they stand, typed lines, answers that came. A check that is red
 * always says what it sees and what it wants, as a key of the page's text tables with values. It reads
 * and changes nothing.
 */
import type { KubeObject } from '../../ground/api/object.ts';
import type { Pod, Service } from '../../ground/api/types.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { compileRegexp } from '../../ground/lang/regexp.ts';
import type { History } from '../../ground/trace/history.ts';
import type { TimedInput } from '../input-types.ts';
import type { Sample } from '../sender.ts';
import type { FirstPacket } from '../view-types.ts';
import { holds, parsePath, seenText, valuesAt } from './conditions.ts';
import {
  type Condition,
  conditionText,
  type FeedbackKey,
  type ObjectCheck,
  objectKeyOf,
  type RequestTask,
  type Where,
} from './format.ts';
import { objectsOf } from './objects.ts';

const TCP = 6;

export interface Verdict {
  readonly passed: boolean;
  /** Empty when passed. */
  readonly feedback: FeedbackKey | '';
  readonly values: Readonly<Record<string, string>>;
}

export const PASSED: Verdict = { passed: true, feedback: '', values: {} };

export function notYet(
  feedback: FeedbackKey,
  values: Readonly<Record<string, string | number>> = {},
): Verdict {
  const texts = Object.entries(values).map(([key, value]) => [key, String(value)] as const);
  return { passed: false, feedback, values: Object.fromEntries(texts) };
}

const AT_LEAST_ONE: Condition = { operator: '>=', operand: '1', tolerance: 0 };

/** Judges objects as they stand at a time. */
export function judgeObjects(check: ObjectCheck, history: History, time: Micros): Verdict {
  const objects = objectsOf(check, history, time);
  const failures = objects.map((object) => firstFailure(object, check.where));
  const wanted = check.count ?? AT_LEAST_ONE;
  const matching = failures.filter((one) => one === undefined).length;
  if (check.name === '*' && holds(wanted, [matching])) return PASSED;
  if (check.name !== '*' && matching > 0) return PASSED;
  if (check.count !== undefined) {
    const labels = labelText(check.labels);
    const seen = { seen: matching, wanted: conditionText(wanted), of: objects.length };
    return notYet('check.count', { kind: check.kind, labels, ...seen });
  }
  const failure = failures.find((one) => one !== undefined);
  const object = objects[failures.indexOf(failure)];
  if (failure === undefined || object === undefined) {
    const labels = labelText(check.labels);
    const name =
      check.name === '*' && labels !== '' ? `${check.kind} ${labels}` : objectKeyOf(check);
    return notYet('check.missing', { object: name });
  }
  return notYet(failure.seen === '' ? 'check.no-value' : 'check.value', {
    object: `${object.kind}/${object.metadata.name}`,
    path: failure.where.path,
    seen: failure.seen,
    wanted: conditionText(failure.where.condition),
  });
}

interface Failure {
  readonly where: Where;
  readonly seen: string;
}

function firstFailure(object: KubeObject, where: readonly Where[]): Failure | undefined {
  for (const one of where) {
    const path = parsePath(one.path);
    const values = path.ok ? valuesAt(object, path.value) : [];
    if (!holds(one.condition, values)) return { where: one, seen: seenText(one.condition, values) };
  }
  return undefined;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Judges the lines typed from a time on. */
export function judgeLines(
  pattern: string,
  inputs: readonly TimedInput[],
  from: Micros,
  now: Micros,
): Verdict {
  const compiled = compileRegexp(pattern);
  const typed = inputs.some(
    ({ time, input }) =>
      input.kind === 'line' &&
      time >= from &&
      time <= now &&
      compiled.ok &&
      compiled.value.test(input.text),
  );
  return typed ? PASSED : notYet('check.not-typed');
}

/** Whether a packet on its first way is a pod's call of a Service, answered or not, by the addresses of a time. */
export function isCall(
  to: ObjectCheck,
  walk: FirstPacket,
  history: History,
  time: Micros,
): boolean {
  const first = walk.stages[0]?.before;
  if (walk.tuple.protocol !== TCP || first === undefined) return false;
  const service = objectsOf(to, history, time)[0] as Service | undefined;
  if (service?.spec?.clusterIP !== formatIp(first.dst)) return false;
  const source = formatIp(first.src);
  return history
    .list('/registry/pods/', time)
    .some((entry) => (entry.moment.value as Pod).status?.podIP === source);
}

/** Judges the answers to a task's requests; undefined: none were sent yet. */
export function judgeSample(task: RequestTask, sample: Sample | undefined): Verdict {
  const { from, url, times } = task.send;
  if (sample?.refused !== undefined && sample.refused !== '') {
    return notYet('check.no-sender', { from, error: sample.refused });
  }
  if (sample?.ended === undefined) return notYet('check.sending', { from, url });
  const { answers } = sample;
  const unanswered = answers.filter((answer) => answer.error !== '');
  if (unanswered.length > 0) {
    const error = unanswered[0]?.error ?? '';
    return notYet('check.unanswered', { failed: unanswered.length, times, url, error });
  }
  const { status, share, bodies } = task.expect;
  const others = answers.filter((answer) => status !== 0 && answer.status !== status);
  if (others.length > 0) {
    const seen = others[0]?.status ?? 0;
    return notYet('check.status', { seen, wanted: status, count: others.length, times, url });
  }
  if (share !== undefined) {
    const having = answers.filter((answer) => answer.body.includes(share.of)).length;
    const percent = (100 * having) / Math.max(1, answers.length);
    if (!holds(share.is, [percent])) {
      const wanted = conditionText(share.is);
      return notYet('check.share', { seen: having, wanted, of: share.of, times });
    }
  }
  if (bodies !== undefined) {
    const different = new Set(answers.map((answer) => answer.body)).size;
    if (!holds(bodies, [different])) {
      return notYet('check.bodies', { seen: different, wanted: conditionText(bodies), times });
    }
  }
  return PASSED;
}
