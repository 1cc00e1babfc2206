/** The message that a container left in its termination file, or the end of its log. */
import type { ContainerStatus as CriContainer } from '../runtime/wire/index.ts';
import { logLinesOf } from '../runtime/wire/index.ts';
import { ANNOTATION_TERMINATION_POLICY } from './container-config.ts';
import type { PodWorker } from './pod-worker.ts';
import { podFolder } from './volumes.ts';

/** Longest message (pkg/kubelet/container MaxContainerTerminationMessageLength). */
const MESSAGE_MAX = 4096;
const LOG_LINES = 80;
const LOG_BYTES = 2048;

export function readTerminationMessage(worker: PodWorker, container: CriContainer): CriContainer {
  if (container.message !== '') return container;
  const { files } = worker.parts.core.process;
  const path = `${podFolder(worker.uid)}/containers/${container.metadata.name}/${container.metadata.attempt}`;
  const text = files.readText(path);
  let message = text.ok ? text.value.slice(0, MESSAGE_MAX) : '';
  const fallback = container.annotations[ANNOTATION_TERMINATION_POLICY] === 'FallbackToLogsOnError';
  if (message === '' && fallback && container.exitCode !== 0) {
    const log = files.readContent(container.logPath);
    const lines = log.ok ? logLinesOf(log.value).slice(-LOG_LINES) : [];
    message = lines
      .map((line) => `${line.text}\n`)
      .join('')
      .slice(-LOG_BYTES);
  }
  return message === '' ? container : { ...container, message };
}
