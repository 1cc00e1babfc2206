/** One toast at a time: six seconds, longer while it is hovered or focused, with one way on. */
import { signal } from '@preact/signals';
import { t } from '../text.ts';
import { Icon } from './icon.tsx';

interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

const shown = signal<
  { readonly text: string; readonly action: ToastAction | undefined } | undefined
>(undefined);
const SHOWN_MS = 6000;
let timer: number | undefined;

export function showToast(text: string, action?: ToastAction): void {
  shown.value = { text, action };
  hideLater();
}

function hideLater(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(hideToast, SHOWN_MS);
}

export function hideToast(): void {
  shown.value = undefined;
}

export function Toast() {
  const toast = shown.value;
  if (toast === undefined) return null;
  const stay = (): void => window.clearTimeout(timer);
  return (
    <div
      class="toast"
      role="status"
      onMouseEnter={stay}
      onMouseLeave={hideLater}
      onFocusIn={stay}
      onFocusOut={hideLater}
    >
      <span>{toast.text}</span>
      {toast.action !== undefined && (
        <button
          type="button"
          class="button"
          onClick={() => {
            hideToast();
            toast.action?.run();
          }}
        >
          {toast.action.label}
        </button>
      )}
      <button type="button" class="button only-icon" aria-label={t('close')} onClick={hideToast}>
        <Icon name="close" />
      </button>
    </div>
  );
}
