/** Help: the keys, and what stands behind the labels. */
import { t, type TextKey } from '../text.ts';
import { Dialog } from '../widgets/overlay.tsx';
import { closeDialog } from './dialogs.ts';

const KEYS: readonly (readonly [string, TextKey])[] = [
  ['F6, Shift+F6', 'key.panes'],
  ['F8, Space', 'key.run'],
  ['F9, →', 'key.event'],
  ['Shift+F9', 'key.write'],
  ['Alt+F9, End', 'key.quiet'],
  ['U', 'key.until'],
  ['[ ]', 'key.speed'],
  ['←, Shift+←', 'key.back'],
  ['F', 'key.fork'],
  ['M', 'key.mark'],
  ['T', 'key.twin'],
  ['Alt+T', 'key.transcript'],
  [': /', 'key.objects'],
  ['Ctrl+K, F1', 'key.palette'],
  ['Ctrl+M', 'key.tab'],
  ['Esc', 'key.escape'],
];

export function Help() {
  return (
    <Dialog title={t('help')} onClose={closeDialog}>
      <div class="content">
        <p>{t('help.text')}</p>
        <table class="key-table">
          <tbody>
            {KEYS.map(([keys, text]) => (
              <tr key={keys}>
                <td>
                  <kbd>{keys}</kbd>
                </td>
                <td>{t(text)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p class="middle">Drydock {__VERSION__}</p>
      </div>
    </Dialog>
  );
}
