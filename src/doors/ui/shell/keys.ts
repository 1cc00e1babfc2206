/** Keys of the whole page. Function keys work everywhere; single letters only outside of text fields. */
import { addMark, command, look, runOrPause } from '../actions/lab.ts';
import { stepBack, stepForward } from '../actions/steps.ts';
import * as mirror from '../mirror/mirror.ts';
import {
  listTwin,
  maximized,
  phoneTab,
  selected,
  singleKeys,
  transcriptOpen,
  viewTab,
} from '../mirror/selection.ts';
import { shownTerminal } from '../mirror/terminals.ts';
import { ALL_SPEEDS } from '../time/speeds.ts';
import { dialog, openDialog } from './dialogs.ts';

const PANES = ['top', 'guide', 'terminal', 'map', 'inspector', 'files', 'time'];

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    if (takesEverywhere(event) || (outsideText(event) && takesOutside(event)))
      event.preventDefault();
  });
}

function outsideText(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return (
    singleKeys.value &&
    dialog.value === '' &&
    !event.ctrlKey &&
    !event.metaKey &&
    !event.altKey &&
    target.closest('input,textarea,select,[contenteditable],.monaco-host,.screen,[role="menu"]') ===
      null
  );
}

function takesEverywhere(event: KeyboardEvent): boolean {
  const { key, ctrlKey, shiftKey, altKey } = event;
  if (key === 'F6') return nextPane(shiftKey ? -1 : 1);
  if (dialog.value !== '') return false;
  if (key === 'F8') return done(runOrPause);
  if (key === 'F9' && shiftKey) return done(() => command({ do: 'step-write' }));
  if (key === 'F9' && altKey) return done(() => command({ do: 'step-quiet' }));
  if (key === 'F9') return done(() => command({ do: 'step-event' }));
  const inScreen = (event.target as HTMLElement).closest('.screen,.monaco-host') !== null;
  if (key === 'F1' && inScreen) return done(() => openDialog('palette'));
  if (ctrlKey && key.toLowerCase() === 'k' && !inScreen) return done(() => openDialog('palette'));
  if (altKey && key.toLowerCase() === 't') {
    return done(() => {
      transcriptOpen.value = !transcriptOpen.value;
    });
  }
  return false;
}

function takesOutside(event: KeyboardEvent): boolean {
  const { key, shiftKey } = event;
  const onControl =
    (event.target as HTMLElement).closest('button,a,[role="slider"],[role="tab"]') !== null;
  switch (key) {
    case ' ':
      return onControl ? false : done(runOrPause);
    case '.':
      return done(runOrPause);
    case 'ArrowRight':
      return done(() =>
        mirror.inPast.value
          ? stepForward(shiftKey)
          : command({ do: shiftKey ? 'step-write' : 'step-event' }),
      );
    case 'ArrowLeft':
      return done(() => stepBack(shiftKey));
    case 'End':
      return done(() => command({ do: 'step-quiet' }));
    case 'u':
      return done(() => openDialog('until'));
    case '[':
    case ']':
      return done(() => changeSpeed(key === ']' ? 1 : -1));
    case 'f':
      return mirror.inPast.value ? done(() => openDialog('fork')) : false;
    case 'm':
      return done(addMark);
    case 't':
      return done(() => {
        viewTab.value = 'map';
        listTwin.value = !listTwin.value;
      });
    case ':':
    case '/':
      return done(() => goToObjects(key === ':' ? 'object-kind' : 'object-filter'));
    case '?':
      return done(() => openDialog('help'));
    case 'Escape':
      return peel();
    default:
      return false;
  }
}

function done(run: () => void): true {
  run();
  return true;
}

function changeSpeed(by: number): void {
  const at = ALL_SPEEDS.indexOf(mirror.speed.value);
  const speed = ALL_SPEEDS[Math.max(0, Math.min(ALL_SPEEDS.length - 1, at + by))];
  if (speed !== undefined) command({ do: 'speed', speed });
}

function goToObjects(field: string): void {
  viewTab.value = 'objects';
  phoneTab.value = 'look';
  window.setTimeout(() => document.getElementById(field)?.focus(), 0);
}

/** Escape takes one layer away: the maximized pane, the selection, last the past. */
function peel(): boolean {
  if (maximized.value !== '') maximized.value = '';
  else if (mirror.inPast.value) look(null);
  else if (selected.value !== '') selected.value = '';
  else return false;
  return true;
}

function nextPane(step: number): boolean {
  const panes = PANES.map((name) =>
    document.querySelector<HTMLElement>(`[data-pane="${name}"]`),
  ).filter((pane): pane is HTMLElement => pane !== null && pane.offsetParent !== null);
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(at + step + panes.length) % panes.length];
  if (next === undefined) return false;
  if (next.dataset['pane'] === 'terminal' && !transcriptOpen.value)
    shownTerminal()?.screen?.focus();
  else firstIn(next)?.focus();
  return true;
}

function firstIn(pane: HTMLElement): HTMLElement | null {
  return (
    pane.querySelector<HTMLElement>('[aria-selected="true"]') ??
    pane.querySelector<HTMLElement>('button:not([disabled]),input,[tabindex="0"]')
  );
}
