/**
 * The page's words: the chosen language and `t`. English is in the first view; the second language is
 * loaded when asked for.
 */
import { signal } from '@preact/signals';
import { en } from '../locale/en.ts';
import { fillText, type Language, type TextKey, type TextTable } from '../locale/text.ts';

export type { Language, TextKey } from '../locale/text.ts';

export const language = signal<Language>('en');
const table = signal<TextTable>(en);

/** The text of a key in the chosen language, its `{names}` filled. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fillText(table.value[key], values);
}

/** The text of a key that comes from the simulator, or its English words as they stand. */
export function tell(key: string, values: Readonly<Record<string, string>> = {}): string {
  const text = Object.hasOwn(table.value, key) ? table.value[key as TextKey] : undefined;
  return text === undefined ? fillText(key, values) : fillText(text, values);
}

export async function setLanguage(next: Language): Promise<void> {
  if (next === 'zh-CN') {
    const { zhCN } = await import('../locale/zh-CN.ts');
    table.value = zhCN;
  } else table.value = en;
  language.value = next;
  document.documentElement.lang = next;
  try {
    localStorage.setItem('drydock.language', next);
  } catch {
    // Best effort.
  }
}

/** Stored, else the browser's. */
export function firstLanguage(): Language {
  try {
    const kept = localStorage.getItem('drydock.language');
    if (kept === 'en' || kept === 'zh-CN') return kept;
  } catch {
    // Best effort.
  }
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}
