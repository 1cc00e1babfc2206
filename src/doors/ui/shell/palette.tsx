/** The palette: finds actions, objects and commands by letters in order; Enter does the first. */
import { useState } from 'preact/hooks';
import {
  addMark,
  command,
  insertCommand,
  look,
  openTerminal,
  runCommand,
  runOrPause,
} from '../actions/lab.ts';
import { saveToFile } from '../actions/files.ts';
import { rows } from '../mirror/mirror.ts';
import {
  inspectorTab,
  listTwin,
  selected,
  theme,
  transcriptOpen,
  viewTab,
} from '../mirror/selection.ts';
import { language, setLanguage, t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';
import { Dialog } from '../widgets/overlay.tsx';
import { closeDialog, type dialog, openDialog } from './dialogs.ts';

interface Choice {
  readonly id: string;
  readonly text: string;
  readonly aside: string;
  readonly run: () => void;
}

const SHOWN_MAX = 40;

export function Palette() {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = search(text);
  const pick = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    closeDialog();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const typed = (event.currentTarget as HTMLInputElement).value;
    // Who types fast presses Enter before the list is drawn anew.
    if (event.key === 'Enter') pick(typed === text ? found[at] : search(typed)[0]);
    else if (step !== undefined) setAt(Math.max(0, Math.min(found.length - 1, at + step)));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t('palette')} bare class="palette" onClose={closeDialog}>
      <label class="field">
        <Icon name="search" />
        <span class="unseen">{t('palette')}</span>
        <input
          data-first
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found[at] === undefined ? undefined : `palette-${at}`}
          placeholder={t('palette.hint')}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <ul
        id="palette-list"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the list of a combobox
        role="listbox"
        tabIndex={-1}
        aria-label={t('palette')}
      >
        {found.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the combobox
          <li
            key={choice.id}
            id={`palette-${index}`}
            // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: an option of a combobox
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => pick(choice)}
            onPointerEnter={() => setAt(index)}
          >
            <ChoiceGlyph id={choice.id} />
            <span class="cut">{choice.text}</span>
            <span class="aside">{choice.aside}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function ChoiceGlyph({ id }: { readonly id: string }) {
  const row = rows.value.get(id);
  return row === undefined ? <Icon name="right" /> : <Glyph state={row.state} />;
}

function search(text: string): readonly Choice[] {
  const wanted = text.trim().toLowerCase();
  const found: { readonly choice: Choice; readonly score: number }[] = [];
  for (const choice of [...actions(), ...objects()]) {
    const score = wanted === '' ? 0 : scoreOf(choice.text.toLowerCase(), wanted);
    if (score !== undefined) found.push({ choice, score });
  }
  found.sort((a, b) => a.score - b.score);
  const list = found.slice(0, SHOWN_MAX).map((one) => one.choice);
  if (/^(kubectl|lab|ssh|curl|cat|ls) /.test(text)) {
    return [
      { id: 'run', text, aside: t('palette.run'), run: () => runCommand(text) },
      { id: 'insert', text, aside: t('palette.insert'), run: () => insertCommand(text) },
      ...list,
    ];
  }
  return list;
}

/** Letters in order; nearer together and nearer to the front is better. Undefined: no match. */
function scoreOf(text: string, wanted: string): number | undefined {
  const whole = text.indexOf(wanted);
  if (whole >= 0) return whole;
  let at = -1;
  let first = 0;
  for (const letter of wanted) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return undefined;
    if (at < 0) first = next;
    at = next;
  }
  return 100 + (at - first) + first;
}

function actions(): readonly Choice[] {
  const act = (id: string, text: string, aside: string, run: () => void): Choice => ({
    id,
    text,
    aside,
    run,
  });
  return [
    act('run-pause', t('key.run'), 'F8', runOrPause),
    act('event', t('key.event'), 'F9', () => command({ do: 'step-event' })),
    act('write', t('key.write'), 'Shift+F9', () => command({ do: 'step-write' })),
    act('quiet', t('key.quiet'), 'Alt+F9', () => command({ do: 'step-quiet' })),
    act('until', t('key.until'), 'U', () => openLater('until')),
    act('live', t('past.return'), 'Esc', () => look(null)),
    act('mark', t('key.mark'), 'M', addMark),
    act('share', t('share'), '', () => openLater('share')),
    act('open', t('open'), '', () => openLater('open')),
    act('save', t('save-lab'), '', () => void saveToFile()),
    act('new', t('new-lab'), '', () => openLater('new-lab')),
    act('help', t('help'), '?', () => openLater('help')),
    act('terminal', t('terminal.new'), '', () => openTerminal()),
    act('transcript', t('key.transcript'), 'Alt+T', () => {
      transcriptOpen.value = !transcriptOpen.value;
    }),
    act('map', t('view.map'), '', () => {
      viewTab.value = 'map';
    }),
    act('objects', t('view.objects'), ':', () => {
      viewTab.value = 'objects';
    }),
    act('twin', t('key.twin'), 'T', () => {
      viewTab.value = 'map';
      listTwin.value = !listTwin.value;
    }),
    act('theme', t('palette.theme'), '', () => {
      theme.value = theme.value === 'dark' ? 'light' : 'dark';
    }),
    act(
      'language',
      t('palette.language'),
      '',
      () => void setLanguage(language.value === 'en' ? 'zh-CN' : 'en'),
    ),
  ];
}

function openLater(name: Exclude<typeof dialog.value, ''>): void {
  window.setTimeout(() => openDialog(name), 0);
}

function objects(): readonly Choice[] {
  return [...rows.value.values()].map((row) => ({
    id: row.key,
    text: `${row.kind} ${row.name}`,
    aside: row.namespace,
    run: () => {
      selected.value = row.key;
      if (inspectorTab.value === 'packet' && row.kind === 'Deployment') inspectorTab.value = 'why';
    },
  }));
}
