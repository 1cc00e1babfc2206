/** The work pane: terminal tabs, what opens new ones, transcript, search, and the touch command bar. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { closeTerminal, openTerminal, runCommand } from '../actions/lab.ts';
import { booted, inPast, rows, running, shownTime } from '../mirror/mirror.ts';
import {
  contrast,
  maximized,
  systemLook,
  textScale,
  theme,
  transcriptOpen,
} from '../mirror/selection.ts';
import {
  activeTerminal,
  shownTerminal,
  type TerminalModel,
  terminals,
} from '../mirror/terminals.ts';
import { clockText } from '../format.ts';
import { language, t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { MenuButton } from '../widgets/menu-button.tsx';
import { MenuItem } from '../widgets/overlay.tsx';
import { Tabs } from '../widgets/tabs.tsx';
import { CommandBar } from './command-bar.tsx';
import { Screen } from './screen.ts';
import { Transcript } from './transcript.tsx';

export function TerminalPane() {
  const [searching, setSearching] = useState(false);
  const tabs = terminals.value.map((model) => ({
    id: String(model.id),
    face: (
      <>
        <Icon name="terminal" />
        {model.id === 1 ? model.title.value : `${model.title.value} ${model.id}`}
      </>
    ),
  }));
  const shown = shownTerminal();
  return (
    <section class="pane pane-work" aria-label={t('pane.terminal')} data-pane="terminal">
      <div class="head">
        <Tabs
          label={t('terminal.tabs')}
          tabs={tabs}
          active={String(shown?.id ?? 1)}
          onPick={(id) => {
            activeTerminal.value = Number(id);
          }}
          panel="terminal-panel"
        />
        <div class="acts">
          <NewTerminal />
          {terminals.value.length > 1 && shown !== undefined && (
            <button
              type="button"
              class="button only-icon"
              aria-label={t('terminal.close')}
              data-tip={t('terminal.close')}
              onClick={() => closeTerminal(shown.id)}
            >
              <Icon name="close" />
            </button>
          )}
          <button
            type="button"
            class="button only-icon wide"
            aria-label={t('terminal.search')}
            data-tip={t('terminal.search')}
            aria-pressed={searching}
            onClick={() => setSearching(!searching)}
          >
            <Icon name="search" />
          </button>
          <button
            type="button"
            class="button"
            aria-pressed={transcriptOpen.value}
            data-tip="Alt+T"
            onClick={() => {
              transcriptOpen.value = !transcriptOpen.value;
            }}
          >
            {t('terminal.transcript')}
          </button>
          <button
            type="button"
            class="button only-icon"
            aria-label={t('maximize')}
            data-tip={t('maximize')}
            aria-pressed={maximized.value === 'work'}
            onClick={() => {
              maximized.value = maximized.value === 'work' ? '' : 'work';
            }}
          >
            <Icon name="max" />
          </button>
        </div>
      </div>
      <div class="terminal" id="terminal-panel" role="tabpanel" aria-label={t('pane.terminal')}>
        {terminals.value.map((model) => (
          <ScreenHost
            key={model.id}
            model={model}
            hidden={model !== shown || transcriptOpen.value}
          />
        ))}
        {shown === undefined && booted.value && (
          <div class="empty">
            <h3>{t('terminal.none')}</h3>
            <button type="button" class="button line" onClick={() => openTerminal()}>
              <Icon name="terminal" />
              {t('terminal.workstation')}
            </button>
          </div>
        )}
        {shown !== undefined && transcriptOpen.value && <Transcript model={shown} />}
        {shown !== undefined && shown.sent.value.length > 0 && !transcriptOpen.value && (
          <span class="badge progress waiting">
            <Icon name="clock" />
            {t(running.value ? 'terminal.sent' : 'terminal.sent-paused', {
              count: shown.sent.value.length,
            })}
          </span>
        )}
        {shown !== undefined && isNew(shown) && <p class="first">{t('terminal.first')}</p>}
        {inPast.value && (
          <span class="badge warn waiting">
            {t('terminal.past', { time: clockText(shownTime.value) })}
          </span>
        )}
        {searching && shown !== undefined && (
          <TerminalSearch model={shown} onClose={() => setSearching(false)} />
        )}
      </div>
      <CommandBar />
    </section>
  );
}

/** Nothing was typed in this lab yet: what can be done is said below the prompt. */
function isNew(model: TerminalModel): boolean {
  return (
    booted.value &&
    model.waiting.value &&
    terminals.value.length === 1 &&
    !transcriptOpen.value &&
    model.transcript.value.length === 0 &&
    model.sent.value.length === 0 &&
    model.line.value.text === ''
  );
}

function NewTerminal() {
  return (
    <MenuButton label={t('terminal.new')} iconOnly face={<Icon name="plus" />}>
      {(close) => {
        const nodes = [...rows.value.values()]
          .filter((row) => row.kind === 'Node')
          .map((row) => row.name);
        const pods = [...rows.value.values()].filter(
          (row) => row.kind === 'Pod' && row.status === 'Running',
        );
        const run = (line: string): void => {
          close();
          runCommand(line);
        };
        return (
          <>
            <MenuItem
              onPick={() => {
                close();
                openTerminal();
              }}
            >
              {t('terminal.workstation')}
            </MenuItem>
            <h3>{t('terminal.on-node')}</h3>
            {nodes.map((name) => (
              <MenuItem key={name} onPick={() => run(`ssh ${name}`)} aside={`ssh ${name}`}>
                {name}
              </MenuItem>
            ))}
            <h3>{t('terminal.in-pod')}</h3>
            {pods.slice(0, 30).map((pod) => (
              <MenuItem
                key={pod.key}
                onPick={() => run(`kubectl exec -it ${pod.name} -n ${pod.namespace} -- sh`)}
                aside={pod.namespace}
              >
                {pod.name}
              </MenuItem>
            ))}
          </>
        );
      }}
    </MenuButton>
  );
}

let began = false;

/** The page begins at the prompt where there is a keyboard, unless something else was asked for. */
function takesFirstFocus(): boolean {
  const first = !began;
  began = true;
  return (
    first &&
    (document.activeElement ?? document.body) === document.body &&
    !matchMedia('(pointer: coarse), (max-width: 699px)').matches
  );
}

function ScreenHost({
  model,
  hidden,
}: {
  readonly model: TerminalModel;
  readonly hidden: boolean;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const screen = useRef<Screen | undefined>(undefined);
  useEffect(() => {
    if (ref.current === null) return;
    const made = new Screen(model, ref.current);
    screen.current = made;
    if (takesFirstFocus()) made.focus();
    return () => made.dispose();
  }, [model]);
  const look = `${language.value}${theme.value}${systemLook.value} ${textScale.value}${contrast.value}${inPast.value}`;
  useEffect(() => {
    screen.current?.restyle();
  }, [look]);
  useEffect(() => {
    if (!hidden) screen.current?.fit();
  }, [hidden]);
  return <div ref={ref} class="screen" hidden={hidden} lang="en" />;
}

function TerminalSearch({
  model,
  onClose,
}: {
  readonly model: TerminalModel;
  readonly onClose: () => void;
}) {
  const [text, setText] = useState('');
  const [found, setFound] = useState(true);
  const find = async (back: boolean): Promise<void> => {
    const { screen } = model;
    if (screen instanceof Screen && text !== '') setFound(await screen.find(text, back));
  };
  return (
    <form
      class="terminal-search"
      onSubmit={(event) => {
        event.preventDefault();
        void find(true);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <label class="field">
        <span class="unseen">{t('terminal.search')}</span>
        <input
          // biome-ignore lint/a11y/noAutofocus: the person has just asked for this field
          autoFocus
          value={text}
          aria-invalid={!found}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button only-icon" aria-label={t('search.previous')}>
        <Icon name="up" />
      </button>
      <button
        type="button"
        class="button only-icon"
        aria-label={t('search.next')}
        onClick={() => void find(false)}
      >
        <Icon name="down" />
      </button>
      {!found && <span class="fail">{t('search.none')}</span>}
    </form>
  );
}
