/** A command in the guide: pressed, it goes to the terminal. */
import { insertCommand, runCommand } from '../actions/lab.ts';
import { phoneTab } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { showToast } from '../widgets/toast.tsx';

/** A command that a press runs; with Alt it is only put at the prompt. */
export function RunLine({ line }: { readonly line: string }) {
  return (
    <button
      type="button"
      class="run"
      data-tip={t('guide.run-tip')}
      onClick={(event) => runOrInsert(line, event.altKey)}
    >
      <Icon name="play" />
      {/* A line breaks between its words and not after the hyphen of an option. */}
      <code lang="en">
        {line
          .split(/(\s+)/)
          .map((part, index) => (index % 2 === 0 ? <span key={index}>{part}</span> : part))}
      </code>
    </button>
  );
}

function runOrInsert(line: string, only: boolean): void {
  if (only) insertCommand(line);
  else runCommand(line);
  // On a phone the terminal is another screen.
  if (matchMedia('(max-width: 699px)').matches)
    showToast(t('guide.runs-in-terminal'), {
      label: t('guide.show-terminal'),
      run: () => {
        phoneTab.value = 'terminal';
      },
    });
}
