/** What only a phone has: the bottom tabs and the small time bar above them. */
import { command, runOrPause } from '../actions/lab.ts';
import { running } from '../mirror/mirror.ts';
import { type PhoneTab, phoneInspect, phoneTab } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Clock } from '../time/time-bar.tsx';
import { Icon, type IconName } from '../widgets/icon.tsx';
import { hideToast } from '../widgets/toast.tsx';

const TABS: readonly (readonly [PhoneTab, IconName])[] = [
  ['guide', 'book'],
  ['terminal', 'terminal'],
  ['look', 'map'],
  ['time', 'clock'],
];

export function TabBar() {
  return (
    <nav class="tab-bar" aria-label={t('phone.tabs')}>
      {TABS.map(([id, icon]) => (
        <button
          key={id}
          type="button"
          aria-current={phoneTab.value === id ? 'page' : undefined}
          onClick={() => {
            hideToast();
            phoneTab.value = id;
          }}
        >
          <Icon name={icon} />
          {t(`phone.${id}`)}
        </button>
      ))}
    </nav>
  );
}

export function MiniBar() {
  const inspect = phoneTab.value === 'look';
  return (
    <div class="mini-bar">
      <Clock />
      <span class="grow" />
      {inspect && (
        <button
          type="button"
          class="button line"
          aria-pressed={phoneInspect.value === 'on'}
          onClick={() => {
            phoneInspect.value = phoneInspect.value === 'on' ? 'off' : 'on';
          }}
        >
          {t('phone.inspect')}
        </button>
      )}
      <button
        type="button"
        class="button only-icon"
        aria-label={t('time.event')}
        onClick={() => command({ do: 'step-event' })}
      >
        <Icon name="step" />
      </button>
      <button
        type="button"
        class="button only-icon"
        aria-label={running.value ? t('time.pause') : t('time.run')}
        onClick={runOrPause}
      >
        <Icon name={running.value ? 'pause' : 'play'} />
      </button>
    </div>
  );
}
