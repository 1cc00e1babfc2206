/** Tab at the prompt: asks the worker, completes what all candidates share, lists them at the second Tab. */
import { insertText } from '../../../programs/shell/line-editor.ts';
import type { CompletionAnswer } from '../../worker/protocol.ts';
import type { TerminalModel } from '../mirror/terminals.ts';
import { t } from '../text.ts';
import { say } from '../widgets/live-region.tsx';
import { showToast } from '../widgets/toast.tsx';
import { ask } from './lab.ts';

const LISTED_MAX = 40;
let lastAsked = '';

export async function completeAt(model: TerminalModel): Promise<void> {
  const { text, cursor } = model.line.value;
  const answer = await ask<CompletionAnswer>({
    verb: 'complete-line',
    terminal: model.id,
    text,
    cursor,
  }).catch(() => undefined);
  const line = model.line.value;
  if (answer === undefined || line.text !== text || line.cursor !== cursor) return;
  const words = answer.items.map((item) => item.text);
  const typed = text.slice(answer.from, cursor);
  const common = commonStart(words);
  if (words.length === 0) return;
  const only = words.length === 1 ? (words[0] ?? '') : undefined;
  if (only !== undefined) {
    model.line.value = insertText(line, /[/=:]$/.test(only) ? only : `${only} `, answer.from);
  } else if (common.length > typed.length) {
    model.line.value = insertText(line, common, answer.from);
  } else if (lastAsked === text) {
    const shown = words.slice(0, LISTED_MAX).join('  ');
    const more = words.length > LISTED_MAX ? ` … ${words.length}` : '';
    showToast(shown + more);
    say(t('terminal.candidates', { count: words.length }));
  }
  lastAsked = model.line.value.text;
  model.screen?.redraw();
}

function commonStart(words: readonly string[]): string {
  let common = words[0] ?? '';
  for (const word of words) while (!word.startsWith(common)) common = common.slice(0, -1);
  return common;
}
