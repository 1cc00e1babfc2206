/** How the page begins: choices, language, what the address asks for, keys, storage, service worker. */
import { command, freshLab, openLab, saveLab } from '../actions/lab.ts';
import { offer, openFailure, takeFiles } from '../actions/files.ts';
import { followEdits } from '../files/open-files.ts';
import { followScenario, labTitle } from '../guide/guide-state.ts';
import * as mirror from '../mirror/mirror.ts';
import { filesOpen, keepPreferences, pauseHidden, selected } from '../mirror/selection.ts';
import { firstLanguage, setLanguage, t } from '../text.ts';
import { showToast } from '../widgets/toast.tsx';
import { listenToKeys } from './keys.ts';
import { keepLastLab, readLastLab } from './last-lab.tsx';
import { offline } from './status-bar.tsx';

const AUTOSAVE_MS = 5_000;
const DEFAULT_SEED = 7;

export async function start(): Promise<void> {
  keepPreferences();
  await setLanguage(firstLanguage());
  readLastLab();
  followScenario();
  followEdits();
  listenToKeys();
  shareTheSheet();
  listenToDrops();
  pauseWhenHidden();
  keepOffline();
  openLab(freshLab(undefined, DEFAULT_SEED), true);
  await readAddress();
  window.addEventListener('hashchange', () => void readAddress());
  window.setInterval(() => void autosave(), AUTOSAVE_MS);
}

/** On a tablet the inspector and the files have one sheet: what is selected comes to the front. */
function shareTheSheet(): void {
  const tablet = matchMedia('(min-width: 700px) and (max-width: 1199px)');
  if (tablet.matches) filesOpen.value = false;
  selected.subscribe((key) => {
    if (key !== '' && tablet.matches) filesOpen.value = false;
  });
}

/** A link in the address: offered, never started by itself. */
async function readAddress(): Promise<void> {
  if (location.hash.length < 2) return;
  command({ do: 'pause' });
  const fine = await offer(location.hash);
  if (!fine && openFailure.value === undefined) command({ do: 'run' });
}

async function autosave(): Promise<void> {
  const opened = mirror.booted.value && !mirror.inPast.value;
  if (!opened || document.hidden) return;
  const saved = await saveLab(labTitle());
  // Nothing was done yet but opening a terminal: nothing to keep.
  if (saved.inputs.length < 2) return;
  keepLastLab(saved);
}

function listenToDrops(): void {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const files = event.dataTransfer?.files;
    if (files !== undefined && files.length > 0) void takeFiles(files);
  });
}

function pauseWhenHidden(): void {
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden || !mirror.running.value || !pauseHidden.value) return;
    command({ do: 'pause' });
    showToast(t('time.paused-hidden'), { label: t('time.run'), run: () => command({ do: 'run' }) });
  });
}

/** Keeps the whole site for a page without a network, once the lab has what it needs of the line. */
function keepOffline(): void {
  if (location.protocol === 'file:') {
    offline.value = 'file';
    return;
  }
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const stop = mirror.booted.subscribe((booted) => {
    if (!booted) return;
    queueMicrotask(() => stop());
    navigator.serviceWorker
      .register('./service-worker.js')
      .then(() => navigator.serviceWorker.ready)
      .then(() => {
        offline.value = 'ready';
      })
      .catch(() => undefined);
  });
}
