/** Saving the lab to a file, opening what a person gives, and the copy that works offline. */
import { signal } from '@preact/signals';
import type { SavedLab } from '../../worker/protocol.ts';
import { clockText } from '../format.ts';
import { FILE_MAX } from '../files/open-files.ts';
import { labTitle } from '../guide/guide-state.ts';
import { Refusal } from '../mirror/connection.ts';
import * as mirror from '../mirror/mirror.ts';
import { savedAt } from '../shell/status-bar.tsx';
import { t } from '../text.ts';
import { showToast } from '../widgets/toast.tsx';
import { ask, bookmarks, openedLab, savedView, send } from './lab.ts';

/** Something that could not be opened: a locale key, its values, what it was. */
export interface OpenFailure {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
}

/** A lab that was read from a link or a file and waits for the person's start. */
export const offered = signal<SavedLab | undefined>(undefined);
export const openFailure = signal<OpenFailure | undefined>(undefined);

export async function saveToFile(): Promise<void> {
  const text = await ask<string>({
    verb: 'pack-file',
    view: savedView(labTitle()),
    marks: bookmarks.value,
  });
  const stamp = clockText(mirror.time.value).replace(/[:.]/g, '-');
  const name = openedLab.value?.base.scenario || 'lab';
  download(`${name}-${openedLab.value?.seed ?? 0}-${stamp}.k8slab`, text);
  savedAt.value = mirror.time.value;
}

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The one-file build, saved from where the site has it; from disk it is this file already. */
export function copyOffline(): void {
  if (location.protocol === 'file:') {
    showToast(t('offline.already'));
    return;
  }
  const link = document.createElement('a');
  link.href = './drydock.html';
  link.download = 'drydock.html';
  link.click();
}

/** Reads a link or the text of a saved lab, and offers it; says what is wrong otherwise. */
export async function offer(text: string): Promise<boolean> {
  openFailure.value = undefined;
  try {
    offered.value = await ask<SavedLab>({ verb: 'unpack', text: text.trim() });
    return true;
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(String(error));
    openFailure.value = { key: refusal.message, values: refusal.values };
    return false;
  }
}

/** Files that were chosen or dropped: a saved lab is offered, manifests go to the workstation's home. */
export async function takeFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    if (/\.k8slab$/.test(file.name)) {
      const text = await file.text();
      if (/^drydock /.test(text)) await offer(text);
      else openFailure.value = { key: 'file.foreign', values: {} };
      return;
    }
    if (file.size > FILE_MAX) {
      openFailure.value = {
        key: 'file.too-large',
        values: { name: file.name, size: String(file.size) },
      };
      return;
    }
    const text = await file.text();
    if (/^drydock \d/.test(text)) {
      await offer(text);
      return;
    }
    if (await send({ kind: 'file', path: file.name, text }))
      showToast(t('file.placed', { name: file.name }));
  }
}
