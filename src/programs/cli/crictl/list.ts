/** crictl ps, pods, images, stats: lists of what the runtime has. */
import type { Task } from '../../../ground/base/task.ts';
import { compareText } from '../../../ground/base/text.ts';
import { compileRegexp } from '../../../ground/lang/regexp.ts';
import type { Container, PodSandbox } from '../../runtime/wire/index.ts';
import type { Crictl } from './index.ts';
import { ago, formatOutput, formatTable, humanSize, shortId } from './print.ts';

const STATES: Readonly<Record<Container['state'], string>> = {
  CONTAINER_CREATED: 'Created',
  CONTAINER_RUNNING: 'Running',
  CONTAINER_EXITED: 'Exited',
  CONTAINER_UNKNOWN: 'Unknown',
};

const POD_NAME = 'io.kubernetes.pod.name';
const POD_NAMESPACE = 'io.kubernetes.pod.namespace';

function labelOf(labels: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] as string) : '';
}

/** `--name`, `--namespace` and `--pod` are regular expressions. */
function fits(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const compiled = compileRegexp(pattern);
  return compiled.ok && compiled.value.test(text);
}

function fitsLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((each) => {
    const equals = each.indexOf('=');
    return labelOf(labels, each.slice(0, equals)) === each.slice(equals + 1);
  });
}

/** Newest first, and only the last few when asked. */
function newest<T extends { readonly createdAt: number; readonly id: string }>(
  tool: Crictl,
  items: readonly T[],
): readonly T[] {
  const sorted = [...items].sort((a, b) => b.createdAt - a.createdAt || compareText(a.id, b.id));
  const last = tool.line.has('latest') ? 1 : Number(tool.line.get('last') ?? sorted.length);
  return sorted.slice(0, last);
}

export function* listContainers(tool: Crictl): Task<number> {
  const { line, process } = tool;
  const answer = yield* tool.cri.call('ListContainers', {});
  if (!answer.ok) return yield* tool.fatal('listing containers', answer.error);
  const pods = yield* tool.cri.call('ListPodSandbox', {});
  const images = yield* tool.cri.call('ListImages', {});
  // The runtime has the reference that the container was made from; the table shows the image's id.
  const idOf = new Map(
    (images.ok ? images.value.images : []).flatMap(({ id, repoTags }) =>
      repoTags.map((tag) => [tag, id] as const),
    ),
  );
  const known = new Map((pods.ok ? pods.value.items : []).map((pod) => [pod.id, pod]));
  const state = line.get('state')?.toLowerCase();
  const everything = line.has('all') || line.has('latest') || line.has('last');
  const shown = newest(
    tool,
    answer.value.containers.filter(
      (each) =>
        (state === undefined
          ? everything || each.state === 'CONTAINER_RUNNING'
          : STATES[each.state].toLowerCase() === state) &&
        fits(line.get('name'), each.metadata.name) &&
        (line.get('pod') === undefined ||
          each.podSandboxId.startsWith(line.get('pod') as string)) &&
        (line.get('id') === undefined || each.id.startsWith(line.get('id') as string)) &&
        (line.get('image') === undefined || each.image.includes(line.get('image') as string)) &&
        fits(line.get('namespace'), labelOf(each.labels, POD_NAMESPACE)) &&
        fitsLabels(each.labels, line.all('label')),
    ),
  );
  if (line.has('quiet')) {
    yield* process.print(shown.map(({ id }) => `${id}\n`).join(''));
    return 0;
  }
  const output = line.get('output');
  if (output === 'json' || output === 'yaml') {
    yield* process.print(
      formatOutput({ containers: shown.map((each) => containerValue(each)) }, output),
    );
    return 0;
  }
  const whole = line.has('no-trunc');
  const now = process.clock.wall();
  const rows = shown.map((each) => {
    const pod = known.get(each.podSandboxId);
    return [
      shortId(each.id, whole),
      shortId(idOf.get(each.image) ?? each.image, whole),
      ago(each.createdAt, now),
      STATES[each.state],
      each.metadata.name,
      String(each.metadata.attempt),
      shortId(each.podSandboxId, whole),
      pod?.metadata.name ?? labelOf(each.labels, POD_NAME),
      pod?.metadata.namespace ?? labelOf(each.labels, POD_NAMESPACE),
    ];
  });
  yield* process.print(
    formatTable([
      ['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'],
      ...rows,
    ]),
  );
  return 0;
}

function containerValue(each: Container): unknown {
  return {
    id: each.id,
    podSandboxId: each.podSandboxId,
    metadata: each.metadata,
    image: { image: each.image, annotations: {}, userSpecifiedImage: '', runtimeHandler: '' },
    imageRef: each.imageRef,
    state: each.state,
    createdAt: String(each.createdAt * 1000),
    labels: each.labels,
    annotations: each.annotations,
    imageId: each.imageRef,
  };
}

export function* listPods(tool: Crictl): Task<number> {
  const { line, process } = tool;
  const answer = yield* tool.cri.call('ListPodSandbox', {});
  if (!answer.ok) return yield* tool.fatal('listing pod sandboxes', answer.error);
  const state = line.get('state')?.toLowerCase();
  const shown = newest(
    tool,
    answer.value.items.filter(
      (pod) =>
        (state === undefined || stateOf(pod).toLowerCase() === state) &&
        fits(line.get('name'), pod.metadata.name) &&
        fits(line.get('namespace'), pod.metadata.namespace) &&
        (line.get('id') === undefined || pod.id.startsWith(line.get('id') as string)) &&
        fitsLabels(pod.labels, line.all('label')),
    ),
  );
  if (line.has('quiet')) {
    yield* process.print(shown.map(({ id }) => `${id}\n`).join(''));
    return 0;
  }
  const output = line.get('output');
  if (output === 'json' || output === 'yaml') {
    yield* process.print(
      formatOutput(
        {
          items: shown.map((pod) => ({
            ...pod,
            createdAt: String(pod.createdAt * 1000),
            runtimeHandler: '',
          })),
        },
        output,
      ),
    );
    return 0;
  }
  const now = process.clock.wall();
  const rows = shown.map((pod) => [
    shortId(pod.id, line.has('no-trunc')),
    ago(pod.createdAt, now),
    stateOf(pod),
    pod.metadata.name,
    pod.metadata.namespace,
    String(pod.metadata.attempt),
    '(default)',
  ]);
  yield* process.print(
    formatTable([
      ['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'],
      ...rows,
    ]),
  );
  return 0;
}

function stateOf(pod: PodSandbox): string {
  return pod.state === 'SANDBOX_READY' ? 'Ready' : 'NotReady';
}

export function* listImages(tool: Crictl): Task<number> {
  const { line, process } = tool;
  const answer = yield* tool.cri.call('ListImages', {});
  if (!answer.ok) return yield* tool.fatal('listing images', answer.error);
  const wanted = line.operands[0];
  const images = answer.value.images
    .filter(
      (image) =>
        wanted === undefined ||
        image.repoTags.some(
          (tag) =>
            tag === wanted ||
            tag.startsWith(`${wanted}:`) ||
            tag.endsWith(`/${wanted}`) ||
            tag.includes(`/${wanted}:`),
        ),
    )
    .sort((a, b) => compareText(a.repoTags[0] ?? '', b.repoTags[0] ?? ''));
  const output = line.get('output');
  if (line.has('quiet')) {
    yield* process.print(images.map(({ id }) => `${id}\n`).join(''));
    return 0;
  }
  if (output === 'json' || output === 'yaml') {
    const values = images.map((image) => ({
      id: image.id,
      repoTags: image.repoTags,
      repoDigests: image.repoDigests,
      size: String(image.size),
      uid: image.uid === undefined ? null : { value: String(image.uid) },
      username: image.username,
      spec: null,
      pinned: false,
    }));
    yield* process.print(formatOutput({ images: values }, output));
    return 0;
  }
  const digests = line.has('digests');
  const rows = images.flatMap((image) =>
    (image.repoTags.length > 0 ? image.repoTags : ['<none>:<none>']).map((reference) => {
      const colon = reference.lastIndexOf(':');
      const digest = (image.repoDigests[0] ?? '<none>').split('@').at(-1) as string;
      return [
        reference.slice(0, colon),
        reference.slice(colon + 1),
        ...(digests ? [shortId(digest, line.has('no-trunc'))] : []),
        shortId(image.id, line.has('no-trunc')),
        humanSize(image.size),
      ];
    }),
  );
  yield* process.print(
    formatTable([['IMAGE', 'TAG', ...(digests ? ['DIGEST'] : []), 'IMAGE ID', 'SIZE'], ...rows]),
  );
  return 0;
}

/** Two samples a second apart. */
export function* showStats(tool: Crictl): Task<number> {
  const { line, process } = tool;
  const answer = yield* tool.cri.call('ListContainers', {});
  if (!answer.ok) return yield* tool.fatal('listing containers', answer.error);
  const wanted = line.get('id') ?? line.operands[0];
  const running = newest(
    tool,
    answer.value.containers.filter(
      (each) =>
        each.state === 'CONTAINER_RUNNING' && (wanted === undefined || each.id.startsWith(wanted)),
    ),
  );
  const span = Math.floor(Number(line.get('seconds') ?? 1) * 1_000_000);
  const first = new Map<string, number>();
  for (const { id } of running) {
    const stats = yield* tool.cri.call('ContainerStats', { containerId: id });
    if (stats.ok) first.set(id, stats.value.cpuMicros);
  }
  yield* process.sleep(span);
  const rows: string[][] = [];
  for (const { id, metadata } of running) {
    const stats = yield* tool.cri.call('ContainerStats', { containerId: id });
    if (!stats.ok) continue;
    const used = stats.value.cpuMicros - (first.get(id) ?? 0);
    rows.push([
      shortId(id, false),
      metadata.name,
      ((used * 100) / span).toFixed(2),
      humanSize(stats.value.memoryBytes),
      humanSize(stats.value.writableLayerBytes),
      '0',
      '0B',
    ]);
  }
  yield* process.print(
    formatTable([['CONTAINER', 'NAME', 'CPU %', 'MEM', 'DISK', 'INODES', 'SWAP'], ...rows]),
  );
  return 0;
}
