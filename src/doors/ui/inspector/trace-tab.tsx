/** The trace of the last simulated minute: who did what, and by what it was caused. */
import { signal } from '@preact/signals';
import type { RecordRow } from '../../worker/protocol.ts';
import { look } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { t } from '../text.ts';
import { recordsAnswer } from './answers.ts';

const ROWS_MAX = 200;
/** Id of the record whose causes are lit. */
const lit = signal(0);
const onlyObject = signal(true);

export function TraceTab({ id }: { readonly id: string }) {
  const answer = recordsAnswer.value;
  if (answer === undefined) return <p class="note">{t('inspect.asking')}</p>;
  const name = id.split('/').at(-1) ?? '';
  const wanted =
    id === '' || !onlyObject.value
      ? answer.records
      : answer.records.filter((one) => one.object.includes(name));
  const causes = causesOf(answer.records, lit.value);
  return (
    <>
      <div class="toolbar">
        <span class="quiet">{t('trace.count', { count: wanted.length })}</span>
        <span class="grow" />
        {id !== '' && (
          <button
            type="button"
            class="button"
            aria-pressed={onlyObject.value}
            onClick={() => {
              onlyObject.value = !onlyObject.value;
            }}
          >
            {t('trace.only', { name })}
          </button>
        )}
      </div>
      <table class="table trace">
        <colgroup>
          <col style="width:88px" />
          <col style="width:116px" />
          <col />
          <col style="width:60px" />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">{t('trace.time')}</th>
            <th scope="col">{t('trace.who')}</th>
            <th scope="col">{t('trace.what')}</th>
            <th scope="col">{t('trace.cause')}</th>
          </tr>
        </thead>
        <tbody lang="en">
          {wanted.slice(-ROWS_MAX).map((record) => (
            <tr key={record.id} aria-selected={causes.has(record.id)}>
              <td>
                <button type="button" class="evidence" onClick={() => look(record.time)}>
                  {clockText(record.time)}
                </button>
              </td>
              <td class="quiet cut" data-tip={record.component}>
                {record.component}
              </td>
              <td style="white-space:normal;overflow-wrap:anywhere">
                {record.verb} {record.object}
                {record.revision > 0 && <span class="quiet"> r{record.revision}</span>}
                {record.note !== '' && (
                  <span class="note-line" data-tip={record.note}>
                    {record.note}
                  </span>
                )}
              </td>
              <td>
                {record.cause > 0 && (
                  <button
                    type="button"
                    class="evidence"
                    onClick={() => {
                      lit.value = record.id;
                    }}
                  >
                    #{record.cause}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** The record and all it comes from. */
function causesOf(records: readonly RecordRow[], id: number): ReadonlySet<number> {
  const byId = new Map(records.map((record) => [record.id, record]));
  const found = new Set<number>();
  for (let at = byId.get(id); at !== undefined && !found.has(at.id); at = byId.get(at.cause))
    found.add(at.id);
  return found;
}
