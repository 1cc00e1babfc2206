/**
 * The page's side of the terminals: what each has printed, the line being edited, lines that were sent
 * and not yet taken by the lab, and the transcript cut from both. Screens draw it; nothing here draws.
 */
import { signal } from '@preact/signals';
import { type LineState, startLine } from '../../../programs/shell/line-editor.ts';
import type { TerminalOutput } from '../../worker/protocol.ts';

export interface TranscriptEntry {
  readonly line: string;
  readonly time: number;
  readonly output: string;
  /** Exit status, once the shell has prompted again. */
  readonly status?: number;
}

/** What a drawn screen takes. */
export interface TerminalScreen {
  /** Output that came, and whether the terminal is raw now. */
  print(text: string): void;
  /** The edited line or the lines that wait have changed. */
  redraw(): void;
  focus(): void;
  clear(): void;
}

const KEPT_MAX = 400_000;
const TRANSCRIPT_MAX = 300;

export class TerminalModel {
  readonly id: number;
  readonly title = signal('workstation');
  readonly waiting = signal(false);
  readonly mode = signal<'line' | 'raw'>('line');
  readonly closed = signal(false);
  /** Finished and running commands, oldest first. */
  readonly transcript = signal<readonly TranscriptEntry[]>([]);
  /** Lines that were sent and stand before the lab has taken them. */
  readonly sent = signal<readonly string[]>([]);
  readonly line = signal<LineState>(startLine());
  screen: TerminalScreen | undefined;
  /** Everything printed, for a screen that is made later. */
  printed = '';
  /** A size that the lab has not been told yet. */
  newSize: { readonly columns: number; readonly rows: number } | undefined;
  /** A large paste is under way; Ctrl-C asks it to stop. */
  pasting = false;
  pasteStopped = false;

  constructor(id: number) {
    this.id = id;
  }

  take(output: TerminalOutput): void {
    const echoed = output.echoed ?? [];
    if (echoed.length > 0)
      this.sent.value = this.sent.value.slice(echoed.filter((one) => !one.keys).length);
    this.title.value = output.title;
    this.mode.value = output.mode;
    this.waiting.value = output.waiting;
    this.closed.value = output.closed;
    if (output.text !== '') {
      this.#note(output);
      this.printed = (this.printed + output.text).slice(-KEPT_MAX);
      this.screen?.print(output.text);
    } else if (echoed.length > 0) this.screen?.redraw();
  }

  /** Cuts what came into the transcript: lines with what follows each, and how each ended. */
  #note({ text, echoed = [], finished }: TerminalOutput): void {
    let entries = this.transcript.value;
    let at = 0;
    const change = (next: (last: TranscriptEntry) => TranscriptEntry): void => {
      const last = entries.at(-1);
      if (last !== undefined) entries = [...entries.slice(0, -1), next(last)];
    };
    const add = (piece: string): void => {
      if (piece !== '')
        change((last) => ({ ...last, output: (last.output + piece).slice(-60_000) }));
    };
    const end = (from: number, to: number): void => {
      for (const one of finished)
        if (one.at >= from && one.at < to) change((last) => ({ ...last, status: one.status }));
    };
    let from = 0;
    for (const echo of echoed) {
      if (echo.keys) continue;
      end(from, echo.at + 1);
      from = echo.at + 1;
      add(text.slice(at, echo.at));
      at = echo.at + echo.line.length + 1;
      entries = [...entries, { line: echo.line, time: echo.time, output: '' }].slice(
        -TRANSCRIPT_MAX,
      );
    }
    end(from, Number.POSITIVE_INFINITY);
    add(text.slice(at));
    this.transcript.value = entries;
  }
}

export const terminals = signal<readonly TerminalModel[]>([]);
export const activeTerminal = signal(1);

function terminalOf(id: number): TerminalModel | undefined {
  return terminals.value.find((one) => one.id === id);
}

/** The terminal that commands go to: the shown one. */
export function shownTerminal(): TerminalModel | undefined {
  return terminalOf(activeTerminal.value) ?? terminals.value[0];
}

export function takeOutputs(outputs: readonly TerminalOutput[]): void {
  for (const output of outputs) {
    let model = terminalOf(output.terminal);
    if (model === undefined) {
      if (output.closed) continue;
      model = new TerminalModel(output.terminal);
      terminals.value = [...terminals.value, model];
    }
    model.take(output);
    if (output.closed) forgetTerminal(output.terminal);
  }
}

export function forgetTerminal(id: number): void {
  terminals.value = terminals.value.filter((one) => one.id !== id);
  if (activeTerminal.value === id) activeTerminal.value = terminals.value.at(-1)?.id ?? 1;
}

export function clearTerminals(): void {
  terminals.value = [];
  activeTerminal.value = 1;
}
