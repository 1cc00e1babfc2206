/** The command bar of small and touch screens: a plain input, and chips for keys and recent commands. */
import { signal } from '@preact/signals';
import { sendKeys, sendLine } from '../actions/lab.ts';
import { completeAt } from '../actions/complete.ts';
import { shownTerminal } from '../mirror/terminals.ts';
import { t } from '../text.ts';

const text = signal('');
const RECENT = 3;

export function CommandBar() {
  const model = shownTerminal();
  if (model === undefined) return null;
  const recent = [...new Set(model.transcript.value.map((entry) => entry.line).reverse())]
    .filter((line) => line.trim() !== '')
    .slice(0, RECENT);
  const submit = (): void => {
    sendLine(model.id, text.value);
    text.value = '';
  };
  const complete = async (): Promise<void> => {
    model.line.value = { ...model.line.value, text: text.value, cursor: text.value.length };
    await completeAt(model);
    text.value = model.line.value.text;
    model.line.value = { ...model.line.value, text: '', cursor: 0 };
    model.screen?.redraw();
  };
  return (
    <div class="command-bar">
      {/* biome-ignore lint/a11y/useSemanticElements: a role that no element has in this place */}
      <div class="chips" role="group" aria-label={t('terminal.keys')}>
        <button type="button" onClick={() => void complete()}>
          Tab
        </button>
        <button
          type="button"
          aria-label={t('terminal.previous')}
          onClick={() => {
            text.value = recent[0] ?? text.value;
          }}
        >
          ↑
        </button>
        <button type="button" onClick={() => sendKeys(model.id, '\x03')}>
          Ctrl C
        </button>
        {recent.map((line) => (
          <button
            key={line}
            type="button"
            onClick={() => {
              text.value = line;
            }}
          >
            {line.length > 32 ? `${line.slice(0, 30)}…` : line}
          </button>
        ))}
        <button
          type="button"
          onClick={() => {
            text.value = `${text.value.trimEnd()} -n `;
          }}
        >
          -n
        </button>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <input
          class="field"
          aria-label={t('terminal.type')}
          placeholder={t('terminal.type')}
          value={text.value}
          autocapitalize="off"
          autocomplete="off"
          autocorrect="off"
          spellcheck={false}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="button primary">
          {t('run')}
        </button>
      </form>
    </div>
  );
}
