/** The status bar, and the bar that takes its place while the past is looked at. */
import { signal } from '@preact/signals';
import { addMark, forkAt, look, openedLab } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { labTitle } from '../guide/guide-state.ts';
import * as mirror from '../mirror/mirror.ts';
import { storageRefused } from '../mirror/selection.ts';
import { language, t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';
import { openDialog } from './dialogs.ts';

/** `ready` once the service worker keeps the page; `file` in the one-file build. */
export const offline = signal<'no' | 'ready' | 'file'>('no');
export const savedAt = signal<number | undefined>(undefined);

export function StatusBar() {
  if (mirror.inPast.value) return <PastBar />;
  const broken = mirror.faults.value.length;
  const profile = openedLab.value?.base.profile ?? 'modern';
  return (
    <footer class="status">
      <button type="button" onClick={() => openDialog('new-lab')} data-tip={t('status.seed-tip')}>
        {t('status.seed', { seed: openedLab.value?.seed ?? 0 })}
      </button>
      <span>{profile === 'modern' ? 'Kubernetes 1.34' : t('status.seed-era')}</span>
      <span>
        <Glyph state={mirror.quiet.value ? 'ok' : 'progress'} small />
        {mirror.quiet.value ? t('status.quiet') : t('status.busy')}
      </span>
      {broken > 0 && (
        <span class="fail">
          <Glyph state="fail" small />
          {t('status.faults', { count: broken })}
        </span>
      )}
      {storageRefused.value && (
        <span class="warn">
          <Glyph state="warn" small />
          {t('status.not-kept')}
        </span>
      )}
      <span class="grow" />
      {savedAt.value !== undefined && (
        <span>{t('status.saved', { time: clockText(savedAt.value) })}</span>
      )}
      {offline.value !== 'no' && (
        <span>
          <Glyph state="done" small />
          {offline.value === 'file' ? t('status.file') : t('status.offline')}
        </span>
      )}
      <span lang={language.value}>{language.value === 'en' ? 'English' : '简体中文'}</span>
    </footer>
  );
}

function PastBar() {
  const time = mirror.shownTime.value;
  return (
    <section class="past-bar" aria-label={t('past.title')}>
      <Icon name="clock" />
      <strong class="one-line">{t('past.viewing', { time: clockText(time) })}</strong>
      <span class="middle cut">{t('past.text')}</span>
      <span class="grow" />
      <button type="button" class="button" onClick={addMark}>
        {t('time.mark')} <kbd>M</kbd>
      </button>
      <button type="button" class="button" onClick={() => openDialog('fork')}>
        {t('past.fork')} <kbd>F</kbd>
      </button>
      <button type="button" class="button line" onClick={() => look(null)}>
        {t('past.return')} <kbd>Esc</kbd>
      </button>
    </section>
  );
}

/** Drops the future after the moment that is looked at. */
export function forkHere(): void {
  void forkAt(mirror.shownTime.value, labTitle());
}
