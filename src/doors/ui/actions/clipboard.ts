/** Copying where the browser allows it; elsewhere a field with the text selected. */
import { signal } from '@preact/signals';
import { t } from '../text.ts';
import { showToast } from '../widgets/toast.tsx';

/** A text that could not be copied: the page shows it selected. */
export const copyByHand = signal('');

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast(t('copied'));
  } catch {
    copyByHand.value = text;
  }
}
