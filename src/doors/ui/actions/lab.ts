/**
 * What a person does to the lab: opening one, moving its time, sending to its terminals, forking it.
 * Every change goes through `send`, so that it is an input with a time, and prints the command it is.
 */
import { signal } from '@preact/signals';
import type {
  Batch,
  LabBase,
  LabInput,
  Request,
  SavedLab,
  TimeCommand,
} from '../../worker/protocol.ts';
import { Connection, type ConnectionListener, Refusal } from '../mirror/connection.ts';
import * as mirror from '../mirror/mirror.ts';
import { selected, viewOf } from '../mirror/selection.ts';
import {
  activeTerminal,
  clearTerminals,
  forgetTerminal,
  shownTerminal,
  type TerminalModel,
  takeOutputs,
  terminals,
} from '../mirror/terminals.ts';
import { clockText, spanText } from '../format.ts';
import { language, t, tell } from '../text.ts';
import { say } from '../widgets/live-region.tsx';
import { showToast } from '../widgets/toast.tsx';

/** Asked-for editors that wait for an answer, and files they hold: owned by the files pane. */
export const editRequests = signal<Batch['edits']>([]);
/** What the lab was opened with: for the status bar and the catalogue. */
export const openedLab = signal<SavedLab | undefined>(undefined);
/** Bookmarks: saved with the lab. */
export const bookmarks = signal<SavedLab['marks']>([]);
/** The worker broke without an assertion. */
export const broken = signal('');
/** A replay (link, fork, reset) under way: how far it is, 0 … 1. */
export const replaying = signal<number | null>(null);
/** Text of a banner: another engine made the opened lab. */
export const banner = signal('');

const COLUMNS = 96;
const ROWS = 24;
const UNDO_MS = 60_000;

let connection: Connection | undefined;
let parked:
  | {
      readonly connection: Connection;
      readonly timer: number;
      readonly marks: SavedLab['marks'];
    }
  | undefined;
let screenSize = { columns: COLUMNS, rows: ROWS };

export const DEFAULT_BASE: LabBase = { profile: 'modern', nodes: 3, scenario: '', files: {} };

/** A lab with nothing done in it yet. */
export function freshLab(base: LabBase = DEFAULT_BASE, seed = 7): SavedLab {
  return { format: 1, engine: '', base, seed, inputs: [], stop: 0, story: '', marks: [], view: {} };
}

/** Opens a lab in place of the present one. */
export function openLab(saved: SavedLab, runAtOnce: boolean): void {
  dropParked();
  connection?.close();
  connection = new Connection(liveListener(saved));
  begin(saved);
  connection.tell({ verb: 'open', saved, runAtOnce });
  if (saved.stop === 0) openTerminal(1);
}

function begin(saved: SavedLab): void {
  mirror.clearMirror();
  clearTerminals();
  editRequests.value = [];
  broken.value = '';
  banner.value = '';
  openedLab.value = saved;
  bookmarks.value = saved.marks;
  replaying.value = saved.stop > 0 ? 0 : null;
  // What was selected stood in the lab before.
  if (saved.stop === 0) selected.value = '';
}

function liveListener(saved: SavedLab): ConnectionListener {
  return {
    batch: (batch) => takeLive(batch, saved),
    broken: (message) => (broken.value = message),
  };
}

function takeLive(batch: Batch, saved: SavedLab): void {
  mirror.takeBatch(batch);
  takeOutputs(batch.terminals);
  if (batch.edits.length > 0) editRequests.value = [...editRequests.value, ...batch.edits];
  if (batch.running) mirror.booted.value = true;
  if (replaying.value === null) return;
  replaying.value = Math.min(1, batch.time / saved.stop);
  if (batch.problem !== null) replaying.value = null;
  else if (batch.ready) finishReplay(saved, batch);
}

function finishReplay(saved: SavedLab, batch: Batch): void {
  replaying.value = null;
  mirror.booted.value = true;
  if (saved.story !== '' && batch.story !== '' && saved.story !== batch.story) {
    banner.value = t('banner.differs', { theirs: saved.engine, ours: connection?.engine ?? '' });
  }
  if (terminals.value.length === 0) openTerminal(1);
}

/** Asks the worker. */
export function ask<T>(request: Request): Promise<T> {
  if (connection === undefined) return new Promise(() => undefined);
  return connection.ask<T>(request);
}

/** Changes the lab: the one door for inputs. False when it is not taken; what is refused is said. */
export async function send(input: LabInput): Promise<boolean> {
  // A replay takes the inputs of its log and no others.
  if (replaying.value !== null || connection === undefined) return false;
  try {
    await connection.ask({ verb: 'input', input });
    return true;
  } catch (error) {
    if (error instanceof Refusal) showToast(tell(error.message, error.values));
    return false;
  }
}

export function command(next: TimeCommand): void {
  connection?.tell({ verb: 'time', command: next });
}

export function runOrPause(): void {
  if (mirror.running.value) {
    command({ do: 'pause' });
    say(t('time.paused'));
  } else {
    command({ do: 'run' });
    say(t('time.running'));
  }
}

/** Looks at a past moment, or (null) returns to live. */
export function look(time: number | null): void {
  const target = time === null || time >= mirror.time.value ? null : Math.max(0, time);
  if (target !== null && mirror.running.value) command({ do: 'pause' });
  connection?.tell({ verb: 'look', time: target });
  mirror.looking.value = target;
}

/** Remembers how large a screen is, so that terminals open in that size. */
export function noteScreenSize(columns: number, rows: number): void {
  screenSize = { columns, rows };
}

export function openTerminal(id = nextTerminal()): number {
  const { columns, rows } = screenSize;
  void send({ kind: 'open-terminal', terminal: id, columns, rows });
  activeTerminal.value = id;
  return id;
}

export function closeTerminal(id: number): void {
  void send({ kind: 'close-terminal', terminal: id });
  forgetTerminal(id);
}

function nextTerminal(): number {
  return Math.max(0, ...terminals.value.map((one) => one.id)) + 1;
}

/** Types a command into the shown terminal and sends it: what buttons and guide commands do. */
export function runCommand(text: string): void {
  const model = shownTerminal();
  if (model === undefined) return;
  for (const line of text.split('\n')) sendLine(model.id, line);
  if (!mirror.running.value && mirror.looking.value === null) say(t('terminal.waits'));
}

/** Puts a command at the prompt without sending it. */
export function insertCommand(text: string): void {
  const model = shownTerminal();
  if (model === undefined) return;
  model.line.value = { ...model.line.value, text, cursor: text.length };
  model.screen?.redraw();
  model.screen?.focus();
}

export function sendLine(terminal: number, text: string): void {
  if (replaying.value !== null) return;
  tellSize(terminal);
  const model = terminals.value.find((one) => one.id === terminal);
  if (model !== undefined) {
    model.sent.value = [...model.sent.value, text];
    model.screen?.redraw();
  }
  void send({ kind: 'line', terminal, text });
}

/** Keys as they are typed. */
export function sendKeys(terminal: number, text: string): void {
  tellSize(terminal);
  void send({ kind: 'keys', terminal, text });
}

/** A screen's size becomes an input together with the next line or key, so that looking changes nothing. */
function tellSize(terminal: number): void {
  const model = terminals.value.find((one) => one.id === terminal);
  const size = model?.newSize;
  if (model === undefined || size === undefined || replaying.value !== null) return;
  model.newSize = undefined;
  void send({ kind: 'resize', terminal, ...size });
}

/** A screen has another size now; a full-screen program hears of it at once. */
export function resizeTerminal(model: TerminalModel, columns: number, rows: number): void {
  model.newSize = { columns, rows };
  if (model.mode.value === 'raw') tellSize(model.id);
}

/** Answers a program that waits for the person's editor. */
export function answerEdit(terminal: number, text: string | null): void {
  void send({ kind: 'edited', terminal, text });
  editRequests.value = editRequests.value.filter((one) => one.terminal !== terminal);
}

export function savedView(title: string): Record<string, string> {
  return { ...viewOf(), lang: language.value, title };
}

/** The lab as a value, with bookmarks. */
export function saveLab(title: string): Promise<SavedLab> {
  return ask<SavedLab>({ verb: 'save', view: savedView(title), marks: bookmarks.value });
}

/**
 * Replays to a moment in a second worker, which then takes the place of this one. The old lab waits a
 * minute, paused, so that the drop can be undone.
 */
export async function forkAt(time: number, title: string, resume = false): Promise<void> {
  const saved = await saveLab(title);
  const dropped = mirror.time.value - time;
  const cut: SavedLab = {
    ...saved,
    inputs: saved.inputs.filter((one) => one.time <= time),
    stop: time,
    events: undefined,
    story: '',
    marks: saved.marks.filter((mark) => mark.time <= time),
  };
  const message = t('fork.dropped', { time: clockText(time), span: spanText(dropped) });
  switchTo(cut, message, resume);
}

/** Opens a saved lab beside the present one and swaps when it has been replayed. */
function switchTo(saved: SavedLab, message: string, resume: boolean): void {
  const old = connection;
  const marks = bookmarks.value;
  command({ do: 'pause' });
  const held: Batch[] = [];
  const next = new Connection({
    batch: (batch) => {
      held.push(batch);
      replaying.value = saved.stop === 0 ? 1 : Math.min(1, batch.time / saved.stop);
      if (!batch.ready && batch.problem === null) return;
      begin(saved);
      replaying.value = null;
      connection = next;
      next.listen(liveListener(saved));
      for (const one of held) takeLive(one, saved);
      mirror.booted.value = true;
      if (terminals.value.length === 0) openTerminal(1);
      dropParked();
      if (old !== undefined) park(old, marks);
      if (resume) command({ do: 'run' });
      showToast(message, { label: t('undo'), run: undoSwitch });
    },
    broken: (text) => {
      replaying.value = null;
      broken.value = text;
    },
  });
  replaying.value = 0;
  next.tell({ verb: 'open', saved, runAtOnce: false });
}

function park(old: Connection, marks: SavedLab['marks']): void {
  old.listen({ batch: () => undefined, broken: () => undefined });
  const timer = window.setTimeout(dropParked, UNDO_MS);
  parked = { connection: old, timer, marks };
}

function dropParked(): void {
  if (parked === undefined) return;
  window.clearTimeout(parked.timer);
  parked.connection.close();
  parked = undefined;
}

/** Brings the lab back that the last fork or reset replaced. */
function undoSwitch(): void {
  if (parked === undefined || connection === undefined) return;
  const { connection: old, timer, marks } = parked;
  window.clearTimeout(timer);
  parked = undefined;
  void old.ask<SavedLab>({ verb: 'save', view: {}, marks }).then((saved) => {
    // Its rows and screens are made anew by replay: the page keeps none of a lab it has left.
    old.close();
    openLab(saved, false);
  });
}

/** Bookmarks the shown moment. */
export function addMark(): void {
  const time = mirror.shownTime.value;
  const name = String(bookmarks.value.length + 1);
  bookmarks.value = [...bookmarks.value, { time, name }];
  say(t('mark.made', { name, time: clockText(time) }));
}
