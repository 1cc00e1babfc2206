/** The simulation stopped on an assertion: what, where, how to report it, and the way back. */
import { copyText } from '../actions/clipboard.ts';
import { openLab } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { problem } from '../mirror/mirror.ts';
import { t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';

export function ProblemScreen() {
  const found = problem.value;
  if (found === null) return null;
  const report = JSON.stringify({ ...found, saved: undefined, lab: found.saved }, undefined, 1);
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
          <div class="actions">
            <button type="button" class="button line" onClick={() => void copyText(report)}>
              <Icon name="copy" />
              {t('problem.copy')}
            </button>
            <button
              type="button"
              class="button primary"
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
