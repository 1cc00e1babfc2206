/** `kubectl run` (k8s.io/kubectl/pkg/cmd/run, v0.34): one pod from flags, attached and removed again when asked. */
import type { Pod } from '../../../ground/api/types.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { attachToPod } from './attach.ts';
import type { Loose } from './api.ts';
import { createObject } from './create-generators.ts';
import { fail, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { overridden } from './overrides.ts';
import type { Session, Verb } from './session.ts';
import { RECORD_FLAG, Reporter, WRITE_FLAGS } from './write-options.ts';

export const run: Verb = {
  name: 'run',
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  short: 'Run a particular image on the cluster',
  flags:
    flagSpecs(`${WRITE_FLAGS} ${RECORD_FLAG} annotations=[*] attach=false cascade='background'?background command=false env=[*]
    expose=false field-manager='kubectl-run' f filename=[] force=false grace-period=-1 image='' image-pull-policy=''
    k kustomize='' l labels='' leave-stdin-open=false override-type='merge' overrides='' pod-running-timeout=1m0s port=''
    privileged=false q quiet=false R recursive=false restart='Always' rm=false save-config=false i stdin=false
    timeout=0s t tty=false wait=false`),
  required: ['image'],
  *run(session) {
    const { flags, args } = session;
    if (args.length === 0) return session.usageError('NAME is required for run');
    const attached = flags.bool('attach') || (flags.bool('stdin') && !flags.has('attach'));
    if (flags.bool('rm') && !attached)
      return session.usageError('--rm should only be used for attached containers');
    if (flags.bool('tty') && !flags.bool('stdin'))
      return session.usageError('-i/--stdin is required for containers with -t/--tty=true');
    const restart = flags.text('restart');
    if (!['Always', 'OnFailure', 'Never'].includes(restart)) {
      return session.usageError(`invalid restart policy: ${restart}`);
    }
    const pull = flags.text('image-pull-policy');
    if (!['', 'Always', 'IfNotPresent', 'Never'].includes(pull))
      return session.usageError(`invalid image pull policy: ${pull}`);
    if (flags.has('pod-running-timeout') && flags.duration('pod-running-timeout') <= 0)
      return session.usageError('--pod-running-timeout must be higher than zero');
    if (flags.text('image') === '') return fail('--image is required');
    const reporter = Reporter.of(session, true);
    if (!reporter.ok) return reporter;
    if (attached && reporter.value.dryRun !== 'none')
      return session.usageError(
        "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
      );
    const pod = podOf(session, args[0] as string);
    if (!pod.ok) return pod;
    const sent = yield* createObject(session, reporter.value, 'Pod', pod.value, '');
    if (!sent.ok) return sent;
    if (flags.bool('expose')) return yield* exposeToo(session, reporter.value, sent.value.object);
    if (!attached)
      return yield* reporter.value.tell(sent.value.mapping, sent.value.object, 'created');
    return yield* attachToPod(session, sent.value.object as unknown as Pod);
  },
};

/** The pod of the flags. */
function podOf(session: Session, name: string): Outcome<object> {
  const { flags, args } = session;
  const image = flags.text('image');
  if (image === '' || /[\sA-Z]/.test(image.replace(/:[^/]*$/, ''))) {
    return fail(`Invalid image name ${quote(image)}: invalid reference format`);
  }
  const labels =
    flags.text('labels') === '' ? { run: name } : pairsOf(flags.text('labels').split(','));
  if (labels === undefined) return fail(`unexpected label spec: ${flags.text('labels')}`);
  const env: { readonly name: string; readonly value?: string }[] = [];
  for (const entry of flags.list('env')) {
    const equals = entry.indexOf('=');
    if (equals <= 0) return fail(`invalid env: ${entry}`);
    const [variable, value] = [entry.slice(0, equals), entry.slice(equals + 1)];
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(variable)) return fail(`invalid env: ${entry}`);
    env.push({ name: variable, ...(value === '' ? {} : { value }) });
  }
  const annotations = pairsOf(flags.list('annotations'));
  const port = flags.text('port');
  if (port !== '' && !/^\d+$/.test(port))
    return fail(`strconv.Atoi: parsing ${quote(port)}: invalid syntax`);
  const words = args.slice(1);
  const stdin = flags.bool('stdin');
  const container = {
    ...(words.length > 0 ? { [flags.bool('command') ? 'command' : 'args']: words } : {}),
    ...(env.length > 0 ? { env } : {}),
    image,
    ...(flags.text('image-pull-policy') === ''
      ? {}
      : { imagePullPolicy: flags.text('image-pull-policy') }),
    name,
    ...(port === '' ? {} : { ports: [{ containerPort: Number(port) }] }),
    resources: {},
    ...(flags.bool('privileged') ? { securityContext: { privileged: true } } : {}),
    ...(stdin ? { stdin: true } : {}),
    ...(stdin && !flags.bool('leave-stdin-open') ? { stdinOnce: true } : {}),
    ...(flags.bool('tty') ? { tty: true } : {}),
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, ...(flags.list('annotations').length > 0 ? { annotations } : {}) },
    spec: {
      containers: [container],
      dnsPolicy: 'ClusterFirst',
      restartPolicy: flags.text('restart'),
    },
    status: {},
  };
  return overridden(session, pod);
}

/** `a=b` words as a map; undefined when one is none. */
export function pairsOf(words: readonly string[]): Readonly<Record<string, string>> | undefined {
  const pairs = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals <= 0) return undefined;
    pairs.set(word.slice(0, equals), word.slice(equals + 1));
  }
  return Object.fromEntries(pairs);
}

/** `--expose`: a Service for the pod's port as well. */
function* exposeToo(session: Session, reporter: Reporter, pod: Loose): Task<Outcome<number>> {
  const port = session.flags.text('port');
  if (port === '') return session.usageError('--port must be set when exposing a service');
  const { name, labels } = pod.metadata;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      ports: [{ port: Number(port), protocol: 'TCP', targetPort: Number(port) }],
      selector: labels,
    },
    status: { loadBalancer: {} },
  };
  const made = yield* createObject(session, reporter, 'Service', service, '');
  if (!made.ok) return made;
  yield* reporter.tell(made.value.mapping, made.value.object, 'created');
  return yield* reporter.tell(
    { ...made.value.mapping, kind: 'Pod', resource: 'pods', singular: 'pod' },
    pod,
    'created',
  );
}
