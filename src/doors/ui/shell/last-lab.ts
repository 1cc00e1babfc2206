/** The lab of an earlier visit, as browser storage kept it: best effort. */
import { signal } from '@preact/signals';
import { readStored, writeStored } from '../mirror/selection.ts';
import type { SavedLab } from '../../worker/protocol.ts';

const KEY = 'drydock.last';

/** JSON of the saved lab, for Continue. */
export const lastLab = signal<string | undefined>(undefined);

export function readLastLab(): void {
  lastLab.value = readStored(KEY)?.['file'];
}

export function keepLastLab(saved: SavedLab): void {
  writeStored(KEY, { file: JSON.stringify(saved) });
}
