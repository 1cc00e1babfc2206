/**
 * Static pods: manifests in a folder of the node, run without the API's leave, and shown there as
 * mirror pods (k8s.io/kubernetes/pkg/kubelet/config/file.go, common.go, v1.34). The folder is read
 * when it changes and every 20 s.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { PODS } from '../../ground/api/names.ts';
import { resourceFor } from '../../ground/api/resources.ts';
import type { Pod } from '../../ground/api/types.ts';
import { hexOf } from '../../ground/base/bytes.ts';
import { fnv1a, mixWord } from '../../ground/base/hash.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { formatRfc3339Micro } from '../../ground/base/time.ts';
import { parseYaml } from '../../ground/lang/yaml/index.ts';
import type { Content } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { enterBackground } from '../../spine/client/background.ts';
import type { KubeletConfig } from './config.ts';
import { CONFIG_HASH, CONFIG_SEEN, CONFIG_SOURCE } from './pod-kind.ts';

/** Takes the pods that the folder has now, by uid. */
export type StaticSink = (pods: ReadonlyMap<string, Pod>) => void;

interface Known {
  readonly content: Content;
  readonly text: string;
  readonly pod: Pod | undefined;
}

export function* watchManifests(
  process: Process,
  config: KubeletConfig,
  sink: StaticSink,
): Task<void> {
  const folder = config.staticPodPath;
  if (folder === '') return;
  const known = new Map<string, Known>();
  let last = new Map<string, Pod>();
  for (;;) {
    const pods = readFolder(process, config, folder, known);
    if (pods.size !== last.size || [...pods].some(([uid, pod]) => last.get(uid) !== pod))
      sink(pods);
    last = pods;
    const watch = process.files.watch(folder);
    enterBackground(process);
    const waits = watch.ok ? [watch.value.readable] : [];
    yield* anyOf(waits, config.fileCheckFrequency);
    if (watch.ok) watch.value.close();
  }
}

function readFolder(
  process: Process,
  config: KubeletConfig,
  folder: string,
  known: Map<string, Known>,
): Map<string, Pod> {
  const names = process.files.list(folder);
  const pods = new Map<string, Pod>();
  for (const name of names.ok ? names.value : []) {
    if (name.startsWith('.')) continue;
    const path = `${folder}/${name}`;
    const content = process.files.readContent(path);
    if (!content.ok) continue;
    let entry = known.get(path);
    // A file that nobody has written since holds the very same content.
    if (entry === undefined || entry.content !== content.value) {
      const text = process.files.readText(path);
      if (!text.ok) continue;
      const pod =
        entry?.text === text.value ? entry.pod : readManifest(process, config, path, text.value);
      entry = { content: content.value, text: text.value, pod };
      known.set(path, entry);
    }
    if (entry.pod !== undefined) pods.set(entry.pod.metadata.uid ?? '', entry.pod);
  }
  return pods;
}

function readManifest(
  process: Process,
  config: KubeletConfig,
  path: string,
  text: string,
): Pod | undefined {
  const complain = (message: string): undefined => {
    process.log(
      'E',
      'file.go:187',
      `"Could not process manifest file" err="${path}: ${message}" path="${path}"`,
    );
    return undefined;
  };
  const parsed = parseYaml(text);
  if (parsed.error !== undefined)
    return complain(`couldn't parse as pod(${parsed.error.message}), please check config file`);
  const value = parsed.documents[0]?.value as unknown as Pod | undefined;
  if (
    typeof value !== 'object' ||
    value === null ||
    value.kind !== 'Pod' ||
    value.metadata?.name === undefined
  ) {
    return complain(
      'couldn\'t parse as pod(no kind "Pod" is registered), please check config file',
    );
  }
  const hash = hashOf(text, path, config.nodeName);
  const named = {
    ...value,
    metadata: {
      ...value.metadata,
      annotations: {
        ...(value.metadata.annotations ?? {}),
        [CONFIG_HASH]: hash,
        [CONFIG_SEEN]: formatRfc3339Nano(process.clock.wall()),
        [CONFIG_SOURCE]: 'file',
      },
      name: `${value.metadata.name}-${config.nodeName}`,
      namespace: value.metadata.namespace ?? 'default',
      uid: hash,
    },
    spec: {
      ...value.spec,
      nodeName: config.nodeName,
      tolerations: [
        ...(value.spec?.tolerations ?? []),
        { effect: 'NoExecute', operator: 'Exists' },
      ],
    },
  } as unknown as Pod;
  const descriptor = resourceFor(PODS);
  const defaulted =
    descriptor === undefined
      ? freezeDeep(named)
      : (descriptor.defaults(freezeDeep(named)) as unknown as Pod);
  const problems = descriptor?.validateCreate(defaulted) ?? [];
  const [first] = problems;
  if (first !== undefined) return complain(`invalid pod: ${first.field}: ${first.message}`);
  return defaulted;
}

/** Go's RFC3339Nano: a fraction without trailing zeros. */
function formatRfc3339Nano(wall: number): string {
  return formatRfc3339Micro(wall).replace(/\.?0+Z$/, 'Z');
}

/** 32 hex digits that name a manifest's content on this node (upstream: md5). */
function hashOf(text: string, path: string, node: string): string {
  const bytes = new Uint8Array(16);
  let word = fnv1a(`${node}${path}${text}`);
  for (let index = 0; index < 16; index += 1) {
    word = mixWord(word, index + 1);
    bytes[index] = word & 255;
  }
  return hexOf(bytes);
}
