/** One step of a scenario: where we are, prose, checks with what is still missing, hints, solve, back, next. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { runCommand } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { scenarioState } from '../mirror/mirror.ts';
import { inspectorTab, scenarioStep, selected } from '../mirror/selection.ts';
import { openDialog } from '../shell/dialogs.ts';
import { t, tell } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';
import type { GuideHint, GuideScenario, GuideStep, GuideTask } from './guide-state.ts';
import { Prose } from './prose.tsx';
import { RunLine } from './run-line.tsx';
import { resetStep } from './steps.ts';

/** Hints that were opened, by step. */
const openedHints = signal<ReadonlySet<string>>(new Set());

export function StepView({ scenario }: { readonly scenario: GuideScenario }) {
  const at = Math.min(scenarioStep.value, scenario.steps.length - 1);
  const step = scenario.steps[at];
  if (step === undefined) return null;
  const go = (to: number): void => {
    scenarioStep.value = to;
  };
  return (
    <>
      <div class="scroll" tabIndex={-1} key={step.id}>
        <div class="prose-pane">
          <div class="place">
            <span>{scenario.title}</span>
            <span class="grow" />
            <span>{t('guide.step', { step: at + 1, of: scenario.steps.length })}</span>
          </div>
          <div class="steps" aria-hidden="true">
            {scenario.steps.map((one, index) => (
              <i
                key={one.id}
                class={
                  index < at || (index === at && isDone(one)) ? 'done' : index === at ? 'now' : ''
                }
              />
            ))}
          </div>
          <h2>{step.title}</h2>
          <Prose markdown={step.markdown} />
          {step.tasks.length > 0 && <h3>{t('guide.checks')}</h3>}
          <ul class="checks">
            {step.tasks.map((task) => (
              <Task key={task.id} task={task} />
            ))}
          </ul>
          {at === scenario.steps.length - 1 && scenario.steps.every(isDone) && (
            <Finished count={scenario.steps.length} />
          )}
          {step.hints.length > 0 && <h3>{t('guide.hints')}</h3>}
          <ul class="hints">
            {step.hints.filter(isShown).map((hint, index) => (
              <Hint key={hint.id} hint={hint} step={step} index={index} />
            ))}
          </ul>
        </div>
      </div>
      <Foot scenario={scenario} step={step} at={at} go={go} />
    </>
  );
}

/** All checks of a step have passed. */
function isDone(step: GuideStep): boolean {
  const tasks = scenarioState.value?.tasks ?? [];
  return step.tasks.every((task) => tasks.some((one) => one.id === task.id && one.passed));
}

/** The lesson is over: what can be done with the lab now. */
function Finished({ count }: { readonly count: number }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => ref.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <div class="finished" role="status" ref={ref}>
      <h3>
        <Glyph state="done" />
        {t('guide.finished', { count })}
      </h3>
      <p>{t('guide.finished-text')}</p>
      <div class="row">
        <button type="button" class="button line" onClick={() => openDialog('share')}>
          <Icon name="share" />
          {t('share')}
        </button>
        <button type="button" class="button line" onClick={() => openDialog('new-lab')}>
          <Icon name="book" />
          {t('guide.lessons')}
        </button>
      </div>
    </div>
  );
}

/** A hint for a known wrong turn shows only when that was taken. */
function isShown(hint: GuideHint): boolean {
  return (
    !hint.conditional ||
    scenarioState.value?.hints.some((one) => one.id === hint.id && one.due) === true
  );
}

function Task({ task }: { readonly task: GuideTask }) {
  const state = scenarioState.value?.tasks.find((one) => one.id === task.id);
  const passed = state?.passed === true;
  const feedback =
    state === undefined || state.feedback === '' ? '' : feedbackOf(state.feedback, state.values);
  const now = !passed && feedback !== '' && !/^check\.(after|later)$/.test(state?.feedback ?? '');
  return (
    <li class={now ? 'now' : ''}>
      <Glyph state={passed ? 'done' : now ? 'progress' : 'todo'} />
      <div>
        <b>{task.title}</b>
        <span class="quiet">
          {passed
            ? t('guide.passed', { time: clockText(state?.passedAt ?? 0) })
            : feedback === ''
              ? t('guide.not-yet')
              : feedback}
        </span>
      </div>
    </li>
  );
}

function feedbackOf(key: string, values: Readonly<Record<string, string>>): string {
  const none = key === 'check.value' && values['seen'] === '';
  return tell(none ? 'check.no-value' : key, values);
}

interface HintProps {
  readonly hint: GuideHint;
  readonly step: GuideStep;
  readonly index: number;
}

function Hint({ hint, step, index }: HintProps) {
  const key = `${step.id}/${hint.id}`;
  const opened = openedHints.value;
  const open = opened.has(key);
  const earlier = step.hints[index - 1];
  const locked = earlier !== undefined && !opened.has(`${step.id}/${earlier.id}`);
  const kinds = ['guide.hint-nudge', 'guide.hint-pointer', 'guide.hint-command'] as const;
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        disabled={locked}
        onClick={() => {
          const next = new Set(opened);
          if (open) next.delete(key);
          else {
            next.add(key);
            pointAt(hint);
          }
          openedHints.value = next;
        }}
      >
        <Icon name={open ? 'down' : 'right'} />
        {t('guide.hint', { number: index + 1 })}
        <span class="quiet">{open ? '' : t(kinds[Math.min(index, 2)] ?? 'guide.hint-nudge')}</span>
      </button>
      {open && (
        <div>
          <Prose markdown={hint.text} />
          {hint.run !== '' && <RunLine line={hint.run} />}
        </div>
      )}
    </li>
  );
}

/** A pointer opens what it speaks of. */
function pointAt(hint: GuideHint): void {
  if (hint.object === '') return;
  selected.value = hint.object;
  inspectorTab.value = 'why';
}

interface FootProps {
  readonly scenario: GuideScenario;
  readonly step: GuideStep;
  readonly at: number;
  readonly go: (to: number) => void;
}

function Foot({ scenario, step, at, go }: FootProps) {
  const [showing, setShowing] = useState('');
  const shown = showing === step.id;
  const finished = at < scenario.steps.length - 1 && isDone(step);
  return (
    <>
      {shown && (
        <div class="solution">
          <pre lang="en">{step.solve}</pre>
          <div class="row">
            <span class="middle grow">{t('guide.solve-text')}</span>
            <button
              type="button"
              class="button primary"
              onClick={() => {
                setShowing('');
                runCommand(step.solve.trim());
              }}
            >
              {t('guide.solve-run')}
            </button>
          </div>
        </div>
      )}
      <div class="guide-foot">
        <button type="button" class="button" onClick={() => void resetStep()}>
          <Icon name="reset" />
          {t('guide.reset')}
        </button>
        <button
          type="button"
          class="button"
          aria-expanded={shown}
          disabled={step.solve === ''}
          onClick={() => setShowing(shown ? '' : step.id)}
        >
          {t('guide.solve')}
        </button>
        <span class="grow" />
        <button type="button" class="button" disabled={at === 0} onClick={() => go(at - 1)}>
          {t('guide.back')}
        </button>
        <button
          type="button"
          class={`button ${finished ? 'primary' : 'line'}`}
          disabled={at >= scenario.steps.length - 1}
          onClick={() => go(at + 1)}
        >
          {t('guide.next')}
        </button>
      </div>
    </>
  );
}
