/** A link or file was read: what it holds, that it starts paused; or why it cannot be opened. */
import { offered, openFailure } from '../actions/files.ts';
import { openLab } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { applyView } from '../mirror/selection.ts';
import { setLanguage, t, tell } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { openDialog } from './dialogs.ts';

export function Opening() {
  if (openFailure.value !== undefined) return <Failure />;
  const saved = offered.value;
  if (saved === undefined) return null;
  const language = saved.view['lang'] === 'zh-CN' ? '简体中文' : 'English';
  const start = (): void => {
    offered.value = undefined;
    applyView(saved.view);
    if (saved.view['lang'] === 'zh-CN' || saved.view['lang'] === 'en')
      void setLanguage(saved.view['lang']);
    openLab(saved, false);
    forgetAddress();
  };
  return (
    <div class="opening">
      <section class="card" role="dialog" aria-modal="true" aria-label={t('opening.title')}>
        <h2>{saved.view['title'] ?? t('lab.blank')}</h2>
        <p>{t('opening.text')}</p>
        <dl class="facts">
          <dt>{t('opening.time')}</dt>
          <dd class="mono">{clockText(saved.stop)}</dd>
          <dt>{t('opening.inputs')}</dt>
          <dd>{saved.inputs.length}</dd>
          <dt>{t('opening.seed')}</dt>
          <dd>{saved.seed}</dd>
          <dt>{t('opening.cluster')}</dt>
          <dd>{t('opening.nodes', { count: saved.base.nodes + 1 })}</dd>
          <dt>{t('language')}</dt>
          <dd>{language}</dd>
          <dt>{t('opening.engine')}</dt>
          <dd>{saved.engine}</dd>
        </dl>
        <div class="row">
          {/* biome-ignore lint/a11y/noAutofocus: the one thing to do here */}
          <button type="button" class="button primary" autoFocus onClick={start}>
            <Icon name="play" />
            {t('opening.start')}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => {
              offered.value = undefined;
              forgetAddress();
            }}
          >
            {t('opening.leave')}
          </button>
        </div>
      </section>
    </div>
  );
}

/** The fragment is taken away, so that a reload opens what the browser kept and not the link again. */
function forgetAddress(): void {
  history.replaceState(null, '', location.pathname + location.search);
}

function Failure() {
  const failure = openFailure.value;
  if (failure === undefined) return null;
  // Cut before the place where its length stands.
  const early = failure.key === 'link.cut' && failure.values['wanted'] === '?';
  const close = (): void => {
    openFailure.value = undefined;
    forgetAddress();
  };
  return (
    <div class="opening">
      <section class="card" role="alertdialog" aria-modal="true" aria-label={t('failure.title')}>
        <h2>{t('failure.title')}</h2>
        <p>{tell(early ? 'link.cut-early' : failure.key, failure.values)}</p>
        <p class="middle">
          {t('failure.untouched')}
          {/^link\.(cut|altered)$/.test(failure.key) && ` ${t('failure.links')}`}
        </p>
        <div class="row">
          <button
            type="button"
            class="button line"
            // biome-ignore lint/a11y/noAutofocus: the way on
            autoFocus
            onClick={() => {
              close();
              openDialog('open');
            }}
          >
            <Icon name="open" />
            {t('guide.open')}
          </button>
          <button type="button" class="button" onClick={close}>
            {t('close')}
          </button>
        </div>
      </section>
    </div>
  );
}
