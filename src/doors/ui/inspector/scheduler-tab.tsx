/** The scheduler's matrix: nodes as columns, plugins in their order, verdicts and points as recorded. */
import { signal } from '@preact/signals';
import type { SchedulingAttempt } from '../../worker/protocol.ts';
import { clockText } from '../format.ts';
import { selected } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Glyph } from '../widgets/icon.tsx';
import { schedulingAnswer } from './answers.ts';

/** Which attempt is shown; undefined: the newest. */
const chosen = signal<number | undefined>(undefined);

export function SchedulerTab() {
  const answer = schedulingAnswer.value;
  if (answer === undefined) return <p class="note">{t('inspect.asking')}</p>;
  const attempts = answer.attempts;
  const attempt = attempts.find((one) => one.attempt === chosen.value) ?? attempts.at(-1);
  if (attempt === undefined)
    return (
      <div class="empty">
        <h3>{t('scheduler.none')}</h3>
        <p>{t('scheduler.none-text', { name: selected.value.split('/').at(-1) ?? '' })}</p>
      </div>
    );
  const { active, backoff, unschedulable } = answer.queue;
  return (
    <>
      <div class="toolbar">
        {/* biome-ignore lint/a11y/useSemanticElements: a role that no element has in this place */}
        <span class="segments" role="group" aria-label={t('scheduler.attempts')}>
          {attempts.slice(-6).map((one) => (
            <button
              key={one.attempt}
              type="button"
              class="button"
              aria-pressed={one === attempt}
              onClick={() => {
                chosen.value = one.attempt;
              }}
            >
              {t('scheduler.attempt', { number: one.attempt })}
              <Glyph state={one.result === 'scheduled' ? 'done' : 'fail'} small />
            </button>
          ))}
        </span>
        <span class="grow" />
        <span class="quiet">{t('scheduler.queue', { active, backoff, unschedulable })}</span>
      </div>
      <section
        class="matrix-scroll"
        aria-label={t('inspect.scheduler')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
        tabIndex={0}
      >
        <Matrix attempt={attempt} />
      </section>
      <Refusals attempt={attempt} />
      {attempt.message !== '' && (
        <p class="note" lang="en">
          {attempt.message}
        </p>
      )}
      <p class="note">{attempt.single ? t('scheduler.single') : t('scheduler.explain')}</p>
      <p class="note">{clockText(attempt.time)}</p>
    </>
  );
}

function Matrix({ attempt }: { readonly attempt: SchedulingAttempt }) {
  const { nodes, filters, scores, totals } = attempt;
  const washed = (node: string): string => (node === attempt.chosen ? 'chosen' : '');
  const used = filters.filter((filter) => !filter.skipped);
  const skipped = [...filters, ...scores].filter((one) => one.skipped).map((one) => one.plugin);
  const refusedAt = nodes.map((_, column) =>
    used.some((filter) => !['', '-'].includes(filter.verdicts[column] ?? '')),
  );
  return (
    <table class="matrix" lang="en">
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">{t('scheduler.plugin')}</span>
          </th>
          {nodes.map((node) => (
            <th key={node} scope="col" class={washed(node)}>
              {node}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr class="section">
          <th scope="row">{t('scheduler.filter')}</th>
          {nodes.map((node, column) => (
            <td key={node} class={washed(node)}>
              {refusedAt[column] === true ? (
                <span class="fail">{t('scheduler.out')}</span>
              ) : (
                t('scheduler.feasible')
              )}
            </td>
          ))}
        </tr>
        {used.map((filter) => (
          <tr key={filter.plugin}>
            <th scope="row">{filter.plugin}</th>
            {nodes.map((node, column) => (
              <td key={node} class={washed(node)}>
                <Verdict text={filter.verdicts[column] ?? '-'} />
              </td>
            ))}
          </tr>
        ))}
        {skipped.length > 0 && (
          <tr>
            <th scope="row">{t('scheduler.skipped', { count: skipped.length })}</th>
            <td colSpan={nodes.length} class="quiet skipped">
              {t('scheduler.skipped-text', { names: skipped.join(', ') })}
            </td>
          </tr>
        )}
        {!attempt.single && <Scores attempt={attempt} washed={washed} refused={refusedAt} />}
        {!attempt.single && (
          <tr class="total">
            <th scope="row">{t('scheduler.total')}</th>
            {nodes.map((node, column) => (
              <td key={node} class={`number ${washed(node)}`}>
                {node === attempt.chosen && (
                  <span class="badge accent">{t('scheduler.chosen')}</span>
                )}
                {totals[column] ?? '–'}
              </td>
            ))}
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** Each refused node with its filter's whole reason. */
function Refusals({ attempt }: { readonly attempt: SchedulingAttempt }) {
  const reasons = attempt.nodes.flatMap((node, column) => {
    const filter = attempt.filters.find(
      (one) => !['', '-', undefined].includes(one.verdicts[column]),
    );
    return filter === undefined ? [] : [{ node, reason: filter.verdicts[column] ?? '' }];
  });
  return (
    <ul class="note" lang="en">
      {reasons.map(({ node, reason }) => (
        <li key={node}>
          <strong>{node}</strong> {reason}
        </li>
      ))}
    </ul>
  );
}

function Verdict({ text }: { readonly text: string }) {
  if (text === '') return <Glyph state="done" />;
  if (text === '-') return <span class="quiet">–</span>;
  return (
    <span class="refused" data-tip={text}>
      <Glyph state="fail" />
      {shortReason(text)}
    </span>
  );
}

/** The word of a reason that fits a column: the whole stands below the matrix. */
function shortReason(text: string): string {
  if (/taint/.test(text)) return 'taint';
  if (/Insufficient (\S+)/.test(text)) return /Insufficient (\S+)/.exec(text)?.[1] ?? text;
  if (/affinity|selector/.test(text)) return 'affinity';
  if (/unschedulable/.test(text)) return 'unschedulable';
  if (/port/.test(text)) return 'port';
  return text;
}

interface ScoresProps {
  readonly attempt: SchedulingAttempt;
  readonly washed: (node: string) => string;
  readonly refused: readonly boolean[];
}

function Scores({ attempt, washed, refused }: ScoresProps) {
  const { nodes, scores } = attempt;
  return (
    <>
      <tr class="section">
        <th scope="row">{t('scheduler.score')}</th>
        {nodes.map((node, column) => (
          <td key={node} class={washed(node)}>
            {refused[column] !== true && (
              <span class="values">
                <span>{t('scheduler.raw')}</span>
                <span>{t('scheduler.norm')}</span>
                <span>× w</span>
              </span>
            )}
          </td>
        ))}
      </tr>
      {scores
        .filter((score) => !score.skipped)
        .map((score) => (
          <tr key={score.plugin}>
            <th scope="row">
              {score.plugin} <span class="quiet">×{score.weight}</span>
            </th>
            {nodes.map((node, column) => (
              <td key={node} class={washed(node)}>
                {score.weighted[column] === null || score.weighted[column] === undefined ? (
                  '–'
                ) : (
                  <span class="values">
                    <span>{score.raw[column]}</span>
                    <span>{score.normalised[column]}</span>
                    <b>{score.weighted[column]}</b>
                  </span>
                )}
              </td>
            ))}
          </tr>
        ))}
    </>
  );
}
