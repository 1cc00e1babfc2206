/** Both tables say the same things: keys, the values they name, and the glossary's words. */
import { expect, test } from 'vitest';
import { en } from '../../../../src/doors/locale/en.ts';
import { GLOSSARY } from '../../../../src/doors/locale/glossary.ts';
import { fillText, type TextKey } from '../../../../src/doors/locale/text.ts';
import { zhCN } from '../../../../src/doors/locale/zh-CN.ts';
import { WHY_MESSAGES } from '../../../../src/lab/why/messages.ts';

const names = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? ''))].sort();

test('a Chinese text fills the values that the English one does', () => {
  const different = (Object.keys(en) as TextKey[]).filter(
    (key) => names(en[key]).join() !== names(zhCN[key]).join(),
  );
  expect(different).toEqual([]);
});

test('nothing is left in English, but what is the same in both', () => {
  const same = (Object.keys(en) as TextKey[]).filter((key) => en[key] === zhCN[key]);
  expect(same).toEqual(['map.rate', 'inspect.yaml', 'why.event', 'fault.pod']);
});

test('Chinese texts keep to the glossary', () => {
  const wrong = Object.entries(zhCN).flatMap(([key, text]) =>
    GLOSSARY.flatMap((term) =>
      term.not
        .filter((word) => text.includes(word))
        .map((word) => `${key}: ${word}, say ${term.zh}`),
    ),
  );
  expect(wrong).toEqual([]);
});

test('every claim of `why` and every check has words', () => {
  expect(Object.keys(WHY_MESSAGES).filter((key) => !Object.hasOwn(en, key))).toEqual([]);
});

test('two forms, and a value that is missing shows', () => {
  expect(fillText('{count|1 line|# lines} by {who}', { count: 1 })).toBe('1 line by {who}');
  expect(fillText('{count|1 line|# lines} by {who}', { count: 3, who: 'you' })).toBe(
    '3 lines by you',
  );
});
