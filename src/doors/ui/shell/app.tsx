/** The Lab screen put together, and what lies over it. */
import { banner, broken, replaying } from '../actions/lab.ts';
import { FilesPane } from '../files/files-pane.tsx';
import { GuidePane } from '../guide/guide-pane.tsx';
import { InspectorPane } from '../inspector/inspector-pane.tsx';
import * as mirror from '../mirror/mirror.ts';
import { filesOpen, maximized, phoneInspect, phoneTab, splits } from '../mirror/selection.ts';
import { TerminalPane } from '../terminal/terminal-pane.tsx';
import { HistoryList } from '../time/history-list.tsx';
import { TimeBar } from '../time/time-bar.tsx';
import { t } from '../text.ts';
import { LiveRegions } from '../widgets/live-region.tsx';
import { Sash } from '../widgets/sash.tsx';
import { Toast } from '../widgets/toast.tsx';
import { Tooltip } from '../widgets/tooltip.tsx';
import { Dialogs } from './dialog-host.tsx';
import { Opening } from './opening.tsx';
import { MiniBar, TabBar } from './phone.tsx';
import { ProblemScreen } from './problem-screen.tsx';
import { StatusBar } from './status-bar.tsx';
import { TopBar } from './top-bar.tsx';
import { ViewPane } from './view-pane.tsx';

export function App() {
  const { guide, inspector, work, sheet } = splits.value;
  const past = mirror.inPast.value;
  return (
    <div
      class="app"
      data-phone={phoneTab.value}
      data-time={past ? 'past' : 'live'}
      data-story={mirror.story.value}
      data-running={mirror.running.value ? 'yes' : 'no'}
    >
      <TopBar />
      <main
        class="body"
        data-files={filesOpen.value ? 'on' : 'off'}
        data-maximized={maximized.value === '' ? undefined : maximized.value}
        data-inspect={phoneInspect.value}
        style={`--w-guide:${guide}%;--w-inspector:${inspector}%;--h-work:${work}%;--sheet:${sheet}%`}
      >
        <GuidePane />
        <TerminalPane />
        <ViewPane />
        <InspectorPane />
        {filesOpen.value && <FilesPane />}
        <Sash of="guide" label={t('sash.guide')} />
        <Sash of="inspector" label={t('sash.inspector')} />
        <Sash of="work" label={t('sash.work')} />
      </main>
      <TimeBar />
      <HistoryList />
      <MiniBar />
      <Notice />
      <StatusBar />
      <TabBar />
      <Dialogs />
      <ProblemScreen />
      <Opening />
      <Toast />
      <Tooltip />
      <LiveRegions />
    </div>
  );
}

/** A line above the status bar: a replay under way, another engine's lab, a broken worker. */
function Notice() {
  if (broken.value !== '') {
    return (
      <div class="notice" role="alert">
        {t('worker.broken', { message: broken.value })}
      </div>
    );
  }
  if (replaying.value !== null) {
    return (
      <div class="notice" role="status">
        {t('replay.running', { percent: Math.round(100 * replaying.value) })}
      </div>
    );
  }
  if (banner.value === '') return null;
  return (
    <div class="notice" role="status">
      <span>{banner.value}</span>
      <span class="grow" />
      <button
        type="button"
        class="button"
        onClick={() => {
          banner.value = '';
        }}
      >
        {t('close')}
      </button>
    </div>
  );
}
