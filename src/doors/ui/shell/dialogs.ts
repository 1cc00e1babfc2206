/** Which dialog is open: one at a time. Opening one pauses the clock; closing lets it go on as it was. */
import { signal } from '@preact/signals';
import { command } from '../actions/lab.ts';
import { running } from '../mirror/mirror.ts';

export type DialogName = '' | 'share' | 'open' | 'palette' | 'until' | 'help' | 'fork' | 'new-lab';

export const dialog = signal<DialogName>('');
let ranBefore = false;

export function openDialog(name: Exclude<DialogName, ''>): void {
  if (dialog.value === '') {
    ranBefore = running.value;
    if (ranBefore) command({ do: 'pause' });
  }
  dialog.value = name;
}

/** `resume` false: what the dialog did decides about the clock. */
export function closeDialog(resume = true): void {
  if (dialog.value === '') return;
  dialog.value = '';
  if (ranBefore && resume) command({ do: 'run' });
  ranBefore = false;
}
