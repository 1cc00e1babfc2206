/**
 * Container logs in CRI's format: `2026-03-02T09:00:01.123456789Z stdout F text`, one line each, below
 * /var/log/pods. A log file holds a document whose lines are kept as they were written and become
 * text when somebody reads the file (k8s.io/kubernetes/pkg/kubelet/kuberuntime/logs, v1.34). `P` marks
 * a line that was cut at 16 KiB.
 */
import { textOf } from '../../../ground/base/bytes.ts';
import type { Condition } from '../../../ground/base/task.ts';
import { formatRfc3339Micro, parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import type { Content } from '../../../machines/machine/files-types.ts';

/** Kind of the document that a log file holds. */
export const CRI_LOG = 'cri-log';

export interface CriLogLine {
  readonly time: WallTime;
  readonly stream: 'stdout' | 'stderr';
  /** Without line end. */
  readonly text: string;
  /** False: the line was cut and goes on in the next entry. */
  readonly full: boolean;
}

/** What the document stands for: grows while the container runs. */
export interface CriLogValue {
  readonly lines: readonly CriLogLine[];
  /** Notified after every line and at the end. */
  readonly changed: Condition;
  /** True once the writer is gone, or writes into another file. */
  readonly ended: boolean;
  /** Size of the file, about: what has not been rendered is estimated. */
  readonly bytes: number;
  /** What is written after the file was rotated away. */
  readonly next: CriLogValue | undefined;
}

/** One line of the file. The runtime prints nanoseconds; the model has microseconds. */
export function formatLogLine(line: CriLogLine): string {
  const time = `${formatRfc3339Micro(line.time).slice(0, -1)}000Z`;
  return `${time} ${line.stream} ${line.full ? 'F' : 'P'} ${line.text}\n`;
}

/** The lines of a log file, by reference or parsed from what somebody else wrote. */
export function logLinesOf(content: Content): readonly CriLogLine[] {
  if ('kind' in content && content.kind === CRI_LOG) return (content.value as CriLogValue).lines;
  if ('main' in content) return [];
  const bytes = content instanceof Uint8Array ? content : content.render();
  const lines: CriLogLine[] = [];
  for (const text of textOf(bytes).split('\n')) {
    const match = /^(\S+) (stdout|stderr) ([FP]) (.*)$/.exec(text);
    const time = match === null ? undefined : parseRfc3339(match[1] as string);
    if (match === null || time === undefined) continue;
    const stream = match[2] === 'stderr' ? 'stderr' : 'stdout';
    lines.push({ time, stream, text: match[4] as string, full: match[3] === 'F' });
  }
  return lines;
}
