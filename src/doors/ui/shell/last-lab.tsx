/** The lab of an earlier visit, as browser storage kept it: best effort. */
import { signal } from '@preact/signals';
import type { SavedLab } from '../../worker/protocol.ts';
import { openFailure } from '../actions/files.ts';
import { openLab } from '../actions/lab.ts';
import { applyView, readStored, writeStored } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { closeDialog } from './dialogs.ts';

const KEY = 'drydock.last';

/** The lab of the visit before this one. */
const lastLab = signal<SavedLab | undefined>(undefined);

export function readLastLab(): void {
  const text = readStored(KEY)?.['file'];
  if (typeof text !== 'string') return;
  try {
    const saved = JSON.parse(text) as Partial<SavedLab> | null;
    // Another version may have written it; what is not a lab of this one is left alone.
    if (saved?.format === 1 && Array.isArray(saved.inputs)) lastLab.value = saved as SavedLab;
  } catch {
    // Cut off by a full storage.
  }
}

export function keepLastLab(saved: SavedLab): void {
  writeStored(KEY, { file: JSON.stringify(saved) });
}

/** Opens the lab of the last visit, replayed to where it was left; nothing when none was kept. */
export function ContinueButton() {
  const saved = lastLab.value;
  if (saved === undefined) return null;
  return (
    <button
      type="button"
      class="button line"
      onClick={() => {
        closeDialog(false);
        openFailure.value = undefined;
        applyView(saved.view);
        openLab(saved, false);
      }}
    >
      <Icon name="clock" />
      {t('open.continue')}
    </button>
  );
}
