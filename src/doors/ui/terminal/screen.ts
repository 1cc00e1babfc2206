/**
 * One xterm screen over one terminal model. Output is written as it comes; the edited line, and the
 * lines that wait for the lab, are drawn after it and taken away before the next output. In raw mode
 * keys go to the program as they are.
 */
import { FitAddon } from '@xterm/addon-fit';
import type { SearchAddon } from '@xterm/addon-search';
import { Terminal } from '@xterm/xterm';
import { editLine, type LineEffect } from '../../../programs/shell/line-editor.ts';
import { noteScreenSize, resizeTerminal, sendKeys, sendLine } from '../actions/lab.ts';
import { completeAt } from '../actions/complete.ts';
import { pasteLines } from '../actions/paste.ts';
import type { TerminalModel, TerminalScreen } from '../mirror/terminals.ts';
import { t } from '../text.ts';
import { say } from '../widgets/live-region.tsx';
import { cellsOf } from './cells.ts';
import { terminalColours } from './colours.ts';

const FONT =
  'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono CJK SC", monospace';
/** A paste above this goes to the shell line by line in place of the line editor. */
const EDITED_PASTE_MAX = 8192;
/** Tables of kubectl keep their shape on a phone: the screen is as wide as theirs, and moves sideways. */
const NARROW = '(max-width: 699px)';
const NARROW_COLUMNS = 80;
/** Characters drawn of a line that waits for the lab. */
const SHOWN_MAX = 4096;

export class Screen implements TerminalScreen {
  readonly #model: TerminalModel;
  readonly #host: HTMLElement;
  readonly #xterm: Terminal;
  readonly #fit = new FitAddon();
  readonly #observer: ResizeObserver;
  #search: SearchAddon | undefined;
  /** Column where the drawn line begins, and cells from there to the cursor; undefined: not drawn. */
  #drawn: { readonly column: number; readonly cells: number } | undefined;
  #writing = 0;
  #tabMoves = false;
  #shape = '';

  constructor(model: TerminalModel, host: HTMLElement) {
    this.#model = model;
    this.#host = host;
    this.#xterm = new Terminal({
      convertEol: true,
      cursorBlink: false,
      cursorInactiveStyle: 'outline',
      fontFamily: FONT,
      fontSize: fontSizeOf(host),
      lineHeight: 1.25,
      scrollback: 5000,
      minimumContrastRatio: 4.5,
      screenReaderMode: false,
      macOptionIsMeta: true,
      theme: terminalColours(host),
    });
    this.#xterm.loadAddon(this.#fit);
    this.#xterm.open(host);
    this.#name();
    this.#xterm.attachCustomKeyEventHandler((event) => this.#key(event));
    this.#xterm.onData((data) => this.#input(data));
    this.#observer = new ResizeObserver(() => this.fit());
    this.#observer.observe(host);
    model.screen = this;
    this.#xterm.write('\x1b[?2004h');
    if (model.printed !== '') this.print(model.printed);
    else this.redraw();
    this.fit();
  }

  print(text: string): void {
    this.#erase();
    this.#write(text);
  }

  redraw(): void {
    if (this.#writing > 0) return;
    this.#erase();
    this.#write('');
  }

  focus(): void {
    this.#xterm.focus();
  }

  clear(): void {
    this.#xterm.clear();
  }

  #name(): void {
    const label = t('terminal.input', { name: String(this.#model.id) });
    this.#xterm.textarea?.setAttribute('aria-label', label);
  }

  /** Colours, letters and words anew: the theme, the text size, the language or the moment changed. */
  restyle(): void {
    this.#name();
    this.#xterm.options.theme = terminalColours(this.#host);
    this.#xterm.options.fontSize = fontSizeOf(this.#host);
    this.fit();
  }

  /** Fits the screen into its pane and tells the lab the new size, once. */
  fit(): void {
    if (this.#host.clientWidth < 40 || this.#host.clientHeight < 20) return;
    const next = this.#fit.proposeDimensions();
    if (next === undefined || Number.isNaN(next.cols)) return;
    const cols = matchMedia(NARROW).matches ? Math.max(next.cols, NARROW_COLUMNS) : next.cols;
    const shape = `${cols}x${next.rows}`;
    noteScreenSize(cols, next.rows);
    if (shape === this.#shape) return;
    this.#erase();
    this.#xterm.resize(cols, next.rows);
    this.#shape = shape;
    this.#write('');
    resizeTerminal(this.#model, cols, next.rows);
  }

  async find(text: string, back: boolean): Promise<boolean> {
    if (this.#search === undefined) {
      const { SearchAddon } = await import('@xterm/addon-search');
      this.#search = new SearchAddon();
      this.#xterm.loadAddon(this.#search);
    }
    return back ? this.#search.findPrevious(text) : this.#search.findNext(text);
  }

  dispose(): void {
    if (this.#model.screen === this) this.#model.screen = undefined;
    this.#observer.disconnect();
    this.#xterm.dispose();
  }

  #key(event: KeyboardEvent): boolean {
    if (event.type !== 'keydown') return true;
    const { key, ctrlKey, altKey, shiftKey } = event;
    if (ctrlKey && !altKey && key.toLowerCase() === 'm') {
      this.#tabMoves = !this.#tabMoves;
      say(t(this.#tabMoves ? 'terminal.tab-moves' : 'terminal.tab-completes'));
      event.preventDefault();
      return false;
    }
    if (key === 'Tab' && this.#tabMoves) return false;
    // Keys of the page work inside the terminal too: it never traps.
    if (/^F\d/.test(key) || (altKey && key.toLowerCase() === 't')) return false;
    if (ctrlKey && shiftKey && ['c', 'v', 'f'].includes(key.toLowerCase())) return false;
    if (ctrlKey && key.toLowerCase() === 'v') return false;
    return true;
  }

  #input(data: string): void {
    const model = this.#model;
    if (model.mode.value === 'raw') {
      sendKeys(model.id, data);
      return;
    }
    const pasted = /^\x1b\[200~([\s\S]*)\x1b\[201~$/.exec(data)?.[1];
    if (pasted !== undefined && pasted.length > EDITED_PASTE_MAX) {
      pasteLines(model, pasted);
      return;
    }
    const { state, effects } = editLine(model.line.value, data);
    model.line.value = state;
    for (const effect of effects) this.#act(effect);
    this.redraw();
  }

  #act(effect: LineEffect): void {
    const model = this.#model;
    switch (effect.do) {
      case 'submit':
        for (const line of effect.text.split('\n')) sendLine(model.id, line);
        return;
      case 'keys':
        if (model.pasting && effect.text === '\x03') model.pasteStopped = true;
        sendKeys(model.id, effect.text);
        return;
      case 'clear-screen':
        this.#erase();
        this.#xterm.clear();
        return;
      case 'complete':
        void completeAt(model);
        return;
      case 'bell':
        return;
    }
  }

  /** Takes the drawn line away: the cursor is again where the output ended. */
  #erase(): void {
    if (this.#drawn === undefined) return;
    const { column, cells } = this.#drawn;
    const up = Math.floor((column + cells) / this.#xterm.cols);
    const rise = up > 0 ? `\x1b[${up}A` : '';
    const right = column > 0 ? `\x1b[${column}C` : '';
    this.#xterm.write(`${rise}\r${right}\x1b[J`);
    this.#drawn = undefined;
  }

  #write(text: string): void {
    this.#writing += 1;
    this.#xterm.write(text, () => {
      this.#writing -= 1;
      if (this.#writing === 0) this.#draw();
    });
  }

  /** Draws what waits and what is edited, and puts the cursor into it. */
  #draw(): void {
    const { line, mode } = this.#model;
    if (mode.value === 'raw') return;
    const sent = this.#model.sent.value.map((one) =>
      one.length > SHOWN_MAX ? `${one.slice(0, SHOWN_MAX)}…` : one,
    );
    const { text, cursor, search } = line.value;
    const waiting = sent.map((one) => `\x1b[2m${one}\x1b[22m\n`).join('');
    const head = search === undefined ? '' : `(reverse-i-search)'${search.query}': `;
    const shown = head + text.replaceAll('\t', '    ');
    if (waiting === '' && shown === '') return;
    const { cols } = this.#xterm;
    const column = this.#xterm.buffer.active.cursorX;
    const before = sent.map((one) => `${one}\n`).join('');
    const upTo = before + head + text.slice(0, cursor).replaceAll('\t', '    ');
    const all = before + shown;
    const atEnd = cellsAfter(column, all, cols);
    const atCursor = cellsAfter(column, upTo, cols);
    // A line that ends in the last column: step onto the next one, as readline does.
    const wrap = atEnd % cols === 0 && !all.endsWith('\n') ? ' \b' : '';
    const rise = Math.floor(atEnd / cols) - Math.floor(atCursor / cols);
    const move = `${rise > 0 ? `\x1b[${rise}A` : ''}\r${atCursor % cols > 0 ? `\x1b[${atCursor % cols}C` : ''}`;
    this.#xterm.write(waiting + shown + wrap + move);
    this.#drawn = { column, cells: atCursor - column };
  }
}

/** The place after a text that begins at a column, counted in cells from that line's start. */
function cellsAfter(column: number, text: string, columns: number): number {
  let at = column;
  /** Nothing stands on the row yet. */
  let fresh = false;
  text.split('\n').forEach((part, index) => {
    // A line that fills its row to the last column ends there: its newline goes to the row below it.
    if (index > 0 && (at % columns !== 0 || fresh)) at = (Math.floor(at / columns) + 1) * columns;
    fresh = part === '' && (index > 0 || column === 0);
    at += cellsOf(part);
  });
  return at;
}

function fontSizeOf(element: HTMLElement): number {
  const scale = Number(getComputedStyle(element).getPropertyValue('--scale')) || 1;
  return Math.round(12 * scale);
}
