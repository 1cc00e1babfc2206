/**
 * What the person looks at: one selection and one layout, shared by all panes. Layout and choices that
 * outlive a visit are kept in browser storage, best effort.
 */
import { effect, signal } from '@preact/signals';

/** Key of the selected object, or empty. */
export const selected = signal('');
/** Key of what is pointed at or focused, lit in all panes. */
export const pointed = signal('');

export type InspectorTab = 'why' | 'yaml' | 'events' | 'scheduler' | 'packet' | 'trace';
export type ViewTab = 'map' | 'objects';
export type PhoneTab = 'guide' | 'terminal' | 'look' | 'time';

export const inspectorTab = signal<InspectorTab>('why');
export const viewTab = signal<ViewTab>('map');
export const phoneTab = signal<PhoneTab>('guide');
/** On a phone the Look tab shows the inspector, or the files, in place of the map. */
export const phoneInspect = signal<'off' | 'on' | 'files'>('off');
/** The list twin stands in for the map. */
export const listTwin = signal(false);
export const filesOpen = signal(true);
export const maximized = signal<'' | 'work' | 'view'>('');
export const transcriptOpen = signal(false);
export const scenarioStep = signal(0);

export interface Splits {
  readonly guide: number;
  readonly inspector: number;
  readonly work: number;
  readonly sheet: number;
}
/** Shares of the body in percent. */
export const DEFAULT_SPLITS: Splits = { guide: 20, inspector: 37, work: 59, sheet: 38 };
export const splits = signal<Splits>(DEFAULT_SPLITS);

export type Theme = 'system' | 'light' | 'dark';
export const theme = signal<Theme>('system');
export const textScale = signal(1);
export const contrast = signal(false);
/** Counts changes of what the system asks for: dark or light, more contrast. */
export const systemLook = signal(0);
export const singleKeys = signal(true);
export const pauseHidden = signal(true);
/** True when browser storage refused. */
export const storageRefused = signal(false);

const KEY = 'drydock.view';

/** Reads what an earlier visit kept, and keeps what changes from now on. */
export function keepPreferences(): void {
  const kept = readStored(KEY);
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'])
    matchMedia(query).addEventListener('change', () => {
      systemLook.value += 1;
    });
  if (kept !== undefined) applyView(kept);
  effect(() => {
    const root = document.documentElement;
    if (theme.value === 'system') root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', theme.value);
    root.style.setProperty('--scale', String(textScale.value));
    if (contrast.value) root.setAttribute('data-contrast', 'more');
    else root.removeAttribute('data-contrast');
  });
  effect(() => {
    writeStored(KEY, {
      theme: theme.value,
      scale: String(textScale.value),
      contrast: contrast.value ? 'more' : '',
      keys: singleKeys.value ? 'on' : 'off',
      hidden: pauseHidden.value ? 'pause' : 'run',
      ...viewOf(),
    });
  });
}

/** Layout and selection as texts, for links and storage. */
export function viewOf(): Record<string, string> {
  const { guide, inspector, work } = splits.value;
  return {
    select: selected.value,
    inspect: inspectorTab.value,
    view: viewTab.value,
    files: filesOpen.value ? 'on' : 'off',
    splits: `${guide},${inspector},${work}`,
    step: String(scenarioStep.value),
  };
}

/** Takes what `viewOf` and the preferences wrote; unknown words change nothing. */
export function applyView(view: Readonly<Record<string, string>>): void {
  const word = <T extends string>(
    key: string,
    words: readonly T[],
    take: (value: T) => void,
  ): void => {
    const found = words.find((one) => one === view[key]);
    if (found !== undefined) take(found);
  };
  word('inspect', ['why', 'yaml', 'events', 'scheduler', 'packet', 'trace'], (value) => {
    inspectorTab.value = value;
  });
  word('view', ['map', 'objects'], (value) => {
    viewTab.value = value;
  });
  word('files', ['on', 'off'], (value) => {
    filesOpen.value = value === 'on';
  });
  word('theme', ['system', 'light', 'dark'], (value) => {
    theme.value = value;
  });
  word('contrast', ['more', ''], (value) => {
    contrast.value = value === 'more';
  });
  word('keys', ['on', 'off'], (value) => {
    singleKeys.value = value === 'on';
  });
  word('hidden', ['pause', 'run'], (value) => {
    pauseHidden.value = value === 'pause';
  });
  if (view['select'] !== undefined) selected.value = view['select'];
  const scale = Number(view['scale']);
  if (scale >= 0.8 && scale <= 2.5) textScale.value = scale;
  const step = Number(view['step']);
  if (Number.isInteger(step) && step >= 0) scenarioStep.value = step;
  const [guide, inspector, work] = (view['splits'] ?? '').split(',').map(Number);
  if (
    guide !== undefined &&
    inspector !== undefined &&
    work !== undefined &&
    guide + inspector < 95
  ) {
    splits.value = { ...splits.value, guide, inspector, work };
  }
}

export function readStored(key: string): Record<string, string> | undefined {
  try {
    const text = localStorage.getItem(key);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, string>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function writeStored(key: string, value: Readonly<Record<string, string>>): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    storageRefused.value = true;
  }
}
