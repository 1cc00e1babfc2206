/** The time bar: pause, steps, until, marks, clock, speed; and the lanes with their cursor. */
import { addMark, command, look, runOrPause } from '../actions/lab.ts';
import { stepBack } from '../actions/steps.ts';
import { clockText } from '../format.ts';
import * as mirror from '../mirror/mirror.ts';
import { openDialog } from '../shell/dialogs.ts';
import { t } from '../text.ts';
import { Glyph, Icon, type IconName } from '../widgets/icon.tsx';
import { Lanes } from './lanes.tsx';

const SPEEDS = [0.25, 1, 5, 0] as const;

function speedText(speed: number): string {
  return speed === 0 ? t('time.max') : `${speed}×`;
}

export function TimeBar() {
  return (
    <section class="time" aria-label={t('pane.time')} data-pane="time" tabIndex={-1}>
      <div class="controls">
        <div class="row">
          <Control icon="back" label={t('time.back')} keys="←" unnamed run={() => stepBack()} />
          <RunButton />
          <Control
            icon="step"
            label={t('time.event')}
            keys="F9"
            run={() => command({ do: 'step-event' })}
          />
          <Control
            icon="write"
            label={t('time.write')}
            keys="Shift+F9"
            run={() => command({ do: 'step-write' })}
          />
          <Control
            icon="quiet"
            label={t('time.quiet')}
            keys="Alt+F9"
            run={() => command({ do: 'step-quiet' })}
          />
          <button type="button" class="button" data-tip="U" onClick={() => openDialog('until')}>
            {t('time.until')}
          </button>
          <Control icon="flag" label={t('time.mark')} keys="M" unnamed run={addMark} />
        </div>
        <div class="row">
          <Clock />
          <span class="grow" />
          <Speeds />
        </div>
      </div>
      <Lanes />
    </section>
  );
}

function RunButton() {
  const on = mirror.running.value;
  return (
    <button type="button" class="button line" id="run-button" data-tip="F8" onClick={runOrPause}>
      <Icon name={on ? 'pause' : 'play'} />
      {on ? t('time.pause') : t('time.run')}
    </button>
  );
}

interface ControlProps {
  readonly icon: IconName;
  readonly label: string;
  readonly keys: string;
  readonly unnamed?: boolean;
  readonly run: () => void;
}

function Control({ icon, label, keys, unnamed, run }: ControlProps) {
  return (
    <button
      type="button"
      class={`button${unnamed === true ? ' only-icon' : ''}`}
      aria-label={unnamed === true ? label : undefined}
      data-tip={unnamed === true ? `${label}  ${keys}` : keys}
      onClick={run}
    >
      <Icon name={icon} />
      {unnamed === true ? null : label}
    </button>
  );
}

export function Clock() {
  const past = mirror.inPast.value;
  return (
    <span class="row" style="gap:8px;padding-left:6px">
      <time class="clock">{clockText(mirror.shownTime.value)}</time>
      {past ? (
        <button
          type="button"
          class="badge warn"
          onClick={() => look(null)}
          data-tip={t('past.return')}
        >
          <Icon name="clock" />
          {t('time.past')}
        </button>
      ) : (
        <span class={`badge ${mirror.running.value ? 'ok' : 'idle'}`}>
          <Glyph state={mirror.running.value ? 'ok' : 'todo'} small />
          {t('time.live')}
        </span>
      )}
      <span class="quiet" style="font-size:var(--text-xs)">
        r{mirror.revision.value}
      </span>
    </span>
  );
}

function Speeds() {
  const now = mirror.speed.value;
  const shown: readonly number[] = SPEEDS.some((speed) => speed === now) ? SPEEDS : [now, 1, 5, 0];
  return (
    <span class="row" style="gap:10px;padding-left:12px">
      <span class="quiet" style="font-size:var(--text-xs)" id="speed-label">
        {t('time.speed')}
      </span>
      <span class="segments" role="radiogroup" aria-labelledby="speed-label">
        {shown.map((speed) => (
          // biome-ignore lint/a11y/useSemanticElements: buttons drawn as one control
          <button
            key={speed}
            type="button"
            role="radio"
            class="button"
            aria-checked={now === speed}
            onClick={() => command({ do: 'speed', speed })}
          >
            {speedText(speed)}
          </button>
        ))}
      </span>
    </span>
  );
}
