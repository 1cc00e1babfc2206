/** Types of the text tables, and how a text is filled. Both tables have the same keys. */
import type { en } from './en.ts';

export type Language = 'en' | 'zh-CN';
export type TextKey = keyof typeof en;
export type TextTable = Readonly<Record<TextKey, string>>;

/**
 * Fills `{name}`. `{count|one|many}` is the two-form helper: the first form for 1, and `#` stands for the
 * number. A name without a value stays as it is, so that a mistake shows.
 */
export function fillText(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(
    /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (whole, name: string, one?: string, many?: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      if (one === undefined || many === undefined) return String(value);
      return (Number(value) === 1 ? one : many).replace('#', String(value));
    },
  );
}
