/**
 * The trace: who did what, what a write was learnt from (an answer of the runtime, a probe, an exit code),
 * and by what it was caused. Of the selected object all that is kept, of everything the last minute.
 */
import type { LearntRow, RecordRow } from '../../worker/protocol.ts';
import { look } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { t } from '../text.ts';
import { onlyObject, recordsAnswer, traceChain } from './answers.ts';

/** A client's name in the note of a request: its version and platform say nothing here. */
const AGENT = /^([\w.-]+)\/v?\d[\w.+-]* \(.*$/;

export function TraceTab({ id }: { readonly id: string }) {
  const answer = recordsAnswer.value;
  if (answer === undefined) return <p class="note">{t('inspect.asking')}</p>;
  const { records, total } = answer;
  return (
    <>
      <Toolbar id={id} total={total} shown={records.length} />
      {records.length === 0 ? (
        <div class="empty">
          <h3>{t('trace.none')}</h3>
          <p>{t('trace.none-text')}</p>
        </div>
      ) : (
        <Records records={records} />
      )}
    </>
  );
}

interface ToolbarProps {
  readonly id: string;
  readonly total: number;
  readonly shown: number;
}

function Toolbar({ id, total, shown }: ToolbarProps) {
  const chain = traceChain.value;
  if (chain > 0)
    return (
      <div class="toolbar">
        <span class="quiet">{t('trace.chain', { record: chain })}</span>
        <span class="grow" />
        <button
          type="button"
          class="button"
          onClick={() => {
            traceChain.value = 0;
          }}
        >
          {t('trace.back')}
        </button>
      </div>
    );
  const all = id === '' || !onlyObject.value;
  return (
    <div class="toolbar">
      <span class="quiet">
        {t(all ? 'trace.count' : 'trace.count-of', { count: total })}
        {total > shown && ` ${t('trace.newest', { count: shown })}`}
      </span>
      <span class="grow" />
      {id !== '' && (
        <button
          type="button"
          class="button trace-only"
          aria-pressed={onlyObject.value}
          onClick={() => {
            onlyObject.value = !onlyObject.value;
          }}
        >
          <span class="cut">{t('trace.only', { name: id.split('/').at(-1) ?? '' })}</span>
        </button>
      )}
    </div>
  );
}

function Records({ records }: { readonly records: readonly RecordRow[] }) {
  return (
    <table class="table trace">
      <colgroup>
        <col style="width:5.6rem" />
        <col class="who-column" style="width:7.4rem" />
        <col />
        <col style="width:4rem" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">{t('trace.time')}</th>
          <th scope="col" class="who-column">
            {t('trace.who')}
          </th>
          <th scope="col">{t('trace.what')}</th>
          <th scope="col">{t('trace.cause')}</th>
        </tr>
      </thead>
      <tbody lang="en">
        {/* The newest on top, a chain from its end to its beginning. */}
        {[...records].reverse().map((record) => (
          <Record key={record.id} record={record} />
        ))}
      </tbody>
    </table>
  );
}

function Record({ record }: { readonly record: RecordRow }) {
  const { id, time, component, verb, object, revision, note, cause, learnt } = record;
  const by = AGENT.exec(note)?.[1];
  return (
    <>
      <tr
        aria-selected={traceChain.value === id}
        class={learnt.length > 0 ? 'explained' : undefined}
      >
        <td>
          <button type="button" class="evidence" onClick={() => look(time)}>
            {clockText(time)}
          </button>
        </td>
        <td class="quiet cut who-column" data-tip={component}>
          {component}
        </td>
        <td class="what">
          <span class="who">{component} </span>
          {verb} {object}
          {revision > 0 && <span class="quiet"> r{revision}</span>}
          {note !== '' && learnt.length === 0 && (
            <span class="note-line" data-tip={note}>
              {by === undefined ? note : t('trace.by', { who: by })}
            </span>
          )}
        </td>
        <td>{cause > 1 && <Cause id={cause} chain={id} />}</td>
      </tr>
      {learnt.map((one) => (
        <Learnt key={`${one.fields}${one.time}`} row={one} />
      ))}
    </>
  );
}

/** Shows all that a record follows from. */
function Cause({ id, chain }: { readonly id: number; readonly chain: number }) {
  return (
    <button
      type="button"
      class="evidence"
      data-tip={t('trace.chain', { record: chain })}
      onClick={() => {
        traceChain.value = chain;
      }}
    >
      #{id}
    </button>
  );
}

/** Fields that were written, and the answer or verdict that they come from. */
function Learnt({ row }: { readonly row: LearntRow }) {
  return (
    <tr class="learnt">
      <td class="quiet">{clockText(row.time)}</td>
      <td class="quiet who-column">{row.kind}</td>
      <td class="what">
        <span class="who">{row.kind} </span>
        <span class="mono">{row.fields}</span>
        <span class="from">{row.text}</span>
      </td>
      <td>{row.record > 1 && <Cause id={row.record} chain={row.record} />}</td>
    </tr>
  );
}
