/** The simulation stopped on an assertion: what, where, how to report it, and the way back. */
import { copyText } from '../actions/clipboard.ts';
import { openLab } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { problem } from '../mirror/mirror.ts';
import { addressOf } from '../share/share-dialog.tsx';
import { t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';

export function ProblemScreen() {
  const found = problem.value;
  if (found === null) return null;
  const link = addressOf(found.link);
  const report = JSON.stringify({ ...found, link }, undefined, 1);
  return (
    <div class="problem">
      <div class="dialog" role="alertdialog" aria-modal="true" aria-label={t('problem.title')}>
        <div class="content">
          <span class="badge fail" style="align-self:flex-start">
            <Glyph state="fail" small />
            {t('problem.stopped')}
          </span>
          <h2>{t('problem.title')}</h2>
          <p>
            {t('problem.text', {
              assertion: found.assertion,
              time: clockText(found.time),
              inputs: found.inputs,
              seed: found.seed,
            })}
          </p>
          <label>
            <span>{t('problem.link')}</span>
            <input
              class="text-field"
              readOnly
              value={link}
              onFocus={(event) => event.currentTarget.select()}
            />
          </label>
          <div class="actions">
            <button type="button" class="button line" onClick={() => void copyText(link)}>
              <Icon name="copy" />
              {t('share.copy')}
            </button>
            <button type="button" class="button line" onClick={() => void copyText(report)}>
              <Icon name="copy" />
              {t('problem.copy')}
            </button>
            <button
              type="button"
              class="button primary"
              // biome-ignore lint/a11y/noAutofocus: the way on
              autoFocus
              onClick={() => openLab(found.saved, false)}
            >
              {t('problem.back')}
            </button>
          </div>
        </div>
      </div>
    </div>
  );
}
