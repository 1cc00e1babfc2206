/** The events at the end of `describe` (describe.go DescribeEvents, v0.34): by time, newest last. */
import type { Event } from '../../../../ground/api/types.ts';
import { compareText } from '../../../../ground/base/text.ts';
import type { DescribeWriter } from './writer.ts';

/** Prints them; nothing at all when they were not asked for. */
export function describeEvents(writer: DescribeWriter, events: readonly Event[] | undefined): void {
  if (events === undefined) return;
  if (events.length === 0) {
    writer.write(0, 'Events:\t<none>\n');
    return;
  }
  writer.flush();
  const sorted = [...events].sort((a, b) =>
    compareText(a.lastTimestamp ?? '', b.lastTimestamp ?? ''),
  );
  writer.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n');
  writer.write(1, '----\t------\t----\t----\t-------\n');
  for (const event of sorted) {
    const from = event.source?.component || event.reportingComponent || '';
    const type = event.type ?? '';
    const message = (event.message ?? '').trim();
    writer.write(
      1,
      `${type}\t${event.reason ?? ''}\t${intervalOf(writer, event)}\t${from}\t${message}\n`,
    );
  }
}

/** `12s`, or `12s (x3 over 40s)`. */
function intervalOf(writer: DescribeWriter, event: Event): string {
  const first = writer.age(event.eventTime ?? event.firstTimestamp);
  const { series, count = 0 } = event;
  if (series !== undefined) {
    return `${writer.age(series.lastObservedTime)} (x${series.count} over ${first})`;
  }
  return count > 1 ? `${writer.age(event.lastTimestamp)} (x${count} over ${first})` : first;
}
