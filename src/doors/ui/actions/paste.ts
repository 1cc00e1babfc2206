/**
 * A large paste goes to the shell line by line, with back-pressure: a few lines stand before the lab
 * has taken them, never all. Ctrl-C drops the rest.
 */
import type { TerminalModel } from '../mirror/terminals.ts';
import { t } from '../text.ts';
import { say } from '../widgets/live-region.tsx';
import { showToast } from '../widgets/toast.tsx';
import { sendLine } from './lab.ts';

const AHEAD_LINES = 64;
const LOOK_MS = 30;
/** Characters that the line editor takes from a paste. */
const LINE_MAX = 100_000;

export function pasteLines(model: TerminalModel, text: string): void {
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n');
  const last = lines.pop() ?? '';
  let at = 0;
  const before = model.line.value;
  say(t('terminal.pasting', { count: lines.length }));
  const next = (): void => {
    // A line editor that was emptied by Ctrl-C, or a closed terminal, ends the paste.
    if (model.closed.value || model.pasteStopped) {
      model.pasteStopped = false;
      model.pasting = false;
      return;
    }
    while (at < lines.length && model.sent.value.length < AHEAD_LINES) {
      sendLine(model.id, (at === 0 ? before.text : '') + (lines[at] ?? ''));
      at += 1;
    }
    if (at < lines.length) window.setTimeout(next, LOOK_MS);
    else {
      model.pasting = false;
      if (last.length > LINE_MAX)
        showToast(t('terminal.paste-long', { size: last.length, most: LINE_MAX }));
      else model.line.value = { ...model.line.value, text: last, cursor: last.length };
      model.screen?.redraw();
    }
  };
  model.pasting = true;
  model.line.value = { ...before, text: '', cursor: 0 };
  next();
}
