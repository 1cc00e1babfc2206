/** Events of the object, newest last, in kubectl's words; ages by the shown moment. */
import { ageText } from '../format.ts';
import { shownTime } from '../mirror/mirror.ts';
import { t } from '../text.ts';
import { Glyph } from '../widgets/icon.tsx';
import { objectAnswer } from './answers.ts';

export function EventsTab() {
  const events = objectAnswer.value?.events;
  if (events === undefined) return <p class="note">{t('inspect.asking')}</p>;
  if (events.length === 0)
    return (
      <div class="empty">
        <h3>{t('events.none')}</h3>
        <p>{t('events.none-text')}</p>
      </div>
    );
  return (
    <table class="table events">
      <thead>
        <tr>
          <th scope="col">{t('events.seen')}</th>
          <th scope="col" class="type-column">
            {t('events.type')}
          </th>
          <th scope="col">{t('events.reason')}</th>
          <th scope="col" class="from-column">
            {t('events.from')}
          </th>
          <th scope="col">{t('events.message')}</th>
        </tr>
      </thead>
      <tbody lang="en">
        {events.map((event) => (
          <tr key={`${event.time}${event.reason}${event.message}`}>
            <td>{ageText(shownTime.value - event.time)}</td>
            <td class="type-column">
              <span class="state">
                <Glyph state={event.type === 'Warning' ? 'warn' : 'todo'} small />
                {event.type}
              </span>
            </td>
            <td>
              {event.type === 'Warning' && (
                <span class="from type">
                  <Glyph state="warn" small /> {event.type}
                </span>
              )}
              {event.reason}
              {event.count > 1 && <span class="quiet"> ×{event.count}</span>}
              <span class="from">{event.from}</span>
            </td>
            <td class="quiet from-column">{event.from}</td>
            <td>{event.message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
