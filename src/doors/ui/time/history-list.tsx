/** On a phone the lanes are a list: the newest happenings, each a way to its moment. */
import type { LaneMark } from '../../worker/protocol.ts';
import { look } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { marks, shownTime } from '../mirror/mirror.ts';
import { t } from '../text.ts';
import { Glyph } from '../widgets/icon.tsx';
import { phoneTab } from '../mirror/selection.ts';

const SHOWN = 40;

export function HistoryList() {
  if (phoneTab.value !== 'time') return null;
  return (
    <section class="history-list" aria-label={t('history.title')}>
      <h2>{t('history.title')}</h2>
      <ul>
        {newest(shownTime.value).map((mark) => (
          <li key={mark.id}>
            <button type="button" onClick={() => look(mark.time)}>
              <Glyph
                state={
                  mark.warning
                    ? 'warn'
                    : mark.lane === 'faults'
                      ? 'fail'
                      : mark.lane === 'you'
                        ? 'done'
                        : 'todo'
                }
              />
              <span class="mono">{clockText(mark.time)}</span>
              <span lang="en">{mark.text}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function newest(until: number): readonly LaneMark[] {
  const all = marks();
  const found: LaneMark[] = [];
  for (let index = all.length - 1; index >= 0 && found.length < SHOWN; index -= 1) {
    const mark = all[index];
    // Events tell again what was written.
    if (mark !== undefined && mark.time <= until && mark.lane !== 'events') found.push(mark);
  }
  return found;
}
