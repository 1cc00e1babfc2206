/** A command in the guide: pressed, it goes to the terminal. */
import { insertCommand, runCommand } from '../actions/lab.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';

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
      <code lang="en">{line}</code>
    </button>
  );
}

function runOrInsert(line: string, only: boolean): void {
  if (only) insertCommand(line);
  else runCommand(line);
}
