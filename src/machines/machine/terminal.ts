/**
 * Pseudo-terminals: what stands between a person (or a client at the other end of a connection) and
 * the programs of a session. Lines are edited outside simulated time, so there is no echo and no
 * line editing here; a line comes whole. Control keys become signals for the foreground group, unless
 * the terminal is raw or relays to another terminal.
 *
 *     door ── line, keys, resize, edited ──► Pty ── read ──► program
 *     door ◄── output, state ────────────── Pty ◄── write ── program
 *
 * A relaying terminal (ssh, kubectl exec -it) hands everything on as it comes and shows its door the
 * state of the terminal at the far end. See `terminal-control`.
 *
 * Not modelled: termios flags beyond line and raw, SIGTTIN and SIGTTOU, carriage returns in output.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { Condition, Deferred, type Task, type Wait } from '../../ground/base/task.ts';
import { bytesOf, type Chunk, isBytes } from '../network/chunk.ts';
import type { Errno } from '../network/errno.ts';
import { chunkOf, PipeBuffer } from './files/pipe.ts';
import type { OpenFile, Terminal } from './files-types.ts';
import type { Signal } from './process.ts';
import type { ProcessTable } from './process-table.ts';
import type { RunningProcess } from './running-process.ts';
import type { ProcessGroup, Session } from './session.ts';
import {
  isTerminalControl,
  TerminalControl,
  type TerminalControlValue,
} from './terminal-control.ts';

const INTERRUPT = 0x03;
const END_OF_INPUT = 0x04;
const SUSPEND = 0x1a;
const QUIT = 0x1c;

const KEY_SIGNALS: ReadonlyMap<number, Signal> = new Map([
  [INTERRUPT, 'SIGINT'],
  [QUIT, 'SIGQUIT'],
  [SUSPEND, 'SIGTSTP'],
]);

/** What a door may show of a terminal. */
export interface TerminalState {
  readonly mode: 'line' | 'raw';
  /** True while a program waits for a line; the prompt then stands on the screen. */
  readonly waiting: boolean;
  readonly prompt: string;
  /** A program waits for the person's editor. */
  readonly edit: { readonly name: string; readonly text: string } | undefined;
  /** True once the session is over: the shell has exited. */
  readonly closed: boolean;
}

export interface PtyOptions {
  /** As /dev/pts/0. */
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  /** Takes output as it comes (a door). Without it output is buffered for `readOutput`. */
  readonly output?: (bytes: Uint8Array) => void;
  /** Takes the status of a command at a shell's prompt, before the next prompt is written. */
  readonly finished?: (status: number) => void;
  /** Called when `state` has changed. */
  readonly changed?: () => void;
}

/** Input that ends a read without data. */
const END = Symbol('end of input');

export class Pty implements Terminal {
  readonly name: string;
  /** The side that programs have. */
  readonly file: OpenFile;
  /** Controlling session. */
  session: Session | undefined;
  columns: number;
  rows: number;
  #mode: 'line' | 'raw' = 'line';
  #relaying = false;
  #waiting = false;
  #prompt = '';
  #edit: { readonly name: string; readonly text: string } | undefined;
  #edited: Deferred<string | undefined> | undefined;
  #foreground: ProcessGroup | undefined;
  #closed = false;
  /** A line that has not ended yet. */
  #partial: number[] = [];
  readonly #input: (Chunk | typeof END)[] = [];
  readonly #arrived = new Condition('terminal input');
  readonly #resized = new Condition('terminal to be resized');
  readonly #options: PtyOptions;
  readonly #output: PipeBuffer | undefined;

  constructor(options: PtyOptions) {
    this.name = options.name;
    this.columns = options.columns;
    this.rows = options.rows;
    this.#options = options;
    this.#output = options.output === undefined ? new PipeBuffer() : undefined;
    this.file = new PtyFile(this);
  }

  // ---- the door's side

  get state(): TerminalState {
    return {
      mode: this.#mode,
      waiting: this.#waiting,
      prompt: this.#prompt,
      edit: this.#edit,
      closed: this.#closed,
    };
  }

  /** A whole line from the line editor, without its end. */
  line(text: string): void {
    this.#noLongerWaiting();
    this.#put(utf8(`${text}\n`));
  }

  /** Keys as they are typed: raw mode, and control keys at any time. */
  keys(text: string): void {
    this.feed(utf8(text));
  }

  /** Bytes or controls from the other end. */
  feed(chunk: Chunk): void {
    if (isTerminalControl(chunk)) {
      const { value } = chunk;
      if (value.type === 'resize') this.resize(value.columns, value.rows);
      else if (value.type === 'edited') this.edited(value.text);
      return;
    }
    const bytes = bytesOf(chunk);
    if (this.#mode === 'raw' || this.#relaying) {
      if (this.#relaying && bytes.includes(10)) this.#noLongerWaiting();
      this.#put(bytes);
      return;
    }
    for (const byte of bytes) this.#key(byte);
  }

  #key(byte: number): void {
    const signal = KEY_SIGNALS.get(byte);
    if (signal !== undefined) {
      this.#partial = [];
      this.#signal(signal);
    } else if (byte === END_OF_INPUT) {
      if (this.#partial.length > 0) this.#endLine();
      else {
        this.#input.push(END);
        this.#noLongerWaiting();
        this.#arrived.notify();
      }
    } else {
      this.#partial.push(byte === 13 ? 10 : byte);
      if (byte === 13 || byte === 10) this.#endLine();
    }
  }

  #endLine(): void {
    const bytes = Uint8Array.from(this.#partial);
    this.#partial = [];
    this.#noLongerWaiting();
    this.#put(bytes);
  }

  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    this.#resized.notify();
    this.#signal('SIGWINCH');
    if (this.#relaying) this.#put(new TerminalControl({ type: 'resize', columns, rows }));
  }

  /** The person's editor was saved, or closed (undefined). */
  edited(text: string | undefined): void {
    this.#edit = undefined;
    this.#changed();
    if (this.#relaying) this.#put(new TerminalControl({ type: 'edited', text }));
    else this.#edited?.resolve(text);
    this.#edited = undefined;
  }

  /** The other end has gone: SIGHUP, end of input, errors on output. */
  hangUp(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#output !== undefined) this.#output.readersOpen = false;
    this.#signal('SIGHUP');
    const leader = this.session?.leader;
    const told = leader === undefined || this.#foreground?.members.has(leader) === true;
    if (leader?.alive === true && !told)
      leader.system.processes.deliver(leader, 'SIGHUP', undefined);
    this.#arrived.notify();
    this.#output?.changed();
    this.#changed();
  }

  /** What programs wrote, with controls for the other end; undefined once the session is over. */
  *readOutput(): Task<Chunk | undefined> {
    if (this.#output === undefined) return undefined;
    yield* this.#output.waitFilled();
    return this.#output.take();
  }

  // ---- the program's side

  get mode(): 'line' | 'raw' {
    return this.#mode;
  }

  setMode(mode: 'line' | 'raw'): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#waiting = false;
    this.#tell({ type: 'mode', mode });
  }

  setForeground(group: number): void {
    const leader = this.session?.leader;
    if (leader === undefined) return;
    this.#foreground = leader.system.processes.groupOf(leader.namespaces.pid, group);
    // A shell that takes its terminal back restores the modes that a dead program left.
    if (this.#foreground === leader.group) this.setRelay(false);
  }

  prompt(text: string, status?: number): void {
    if (status !== undefined) this.#options.finished?.(status);
    if (text !== '') this.put(utf8(text));
    this.#await(text, status);
  }

  /** A line is wanted; the prompt stands on the screen already. */
  #await(text: string, status?: number): void {
    // What was typed ahead is the line; a relay has handed it on already.
    if (this.#input.length > 0 && !this.#relaying) return;
    this.#waiting = true;
    this.#prompt = text;
    this.#tell({ type: 'prompt', text, status });
  }

  *edit(name: string, text: string): Task<string | undefined> {
    const answer = new Deferred<string | undefined>();
    answer.description = 'the editor';
    this.#edited = answer;
    this.#edit = { name, text };
    this.#tell({ type: 'edit', name, text });
    return yield* answer.wait();
  }

  get resized(): Wait {
    return this.#resized;
  }

  /** Hands on keys, lines, sizes and edits as they come (true), or is a terminal of its own again. */
  setRelay(relaying: boolean): void {
    this.#relaying = relaying;
    this.#waiting = false;
    this.setMode('line');
  }

  get isReadable(): boolean {
    return this.#input.length > 0 || this.#closed;
  }

  get arrived(): Wait {
    return this.#arrived;
  }

  /** Someone waits for input: a program that reads lines without a prompt of its own. */
  wanted(): void {
    if (this.#waiting || this.#relaying || this.#mode === 'raw' || this.isReadable) return;
    this.#await('');
  }

  take(max: number | undefined): Chunk | undefined {
    const first = this.#input.shift();
    if (first === undefined || first === END) return undefined;
    if (max === undefined || !isBytes(first) || first.length <= max) return first;
    this.#input.unshift(first.subarray(max));
    return first.subarray(0, max);
  }

  /** Takes what a program writes; false when nobody is at the other end. */
  put(chunk: Chunk): boolean {
    if (this.#closed) return false;
    if (isTerminalControl(chunk)) this.#fromFarEnd(chunk.value);
    else if (this.#output !== undefined) this.#output.put(chunk);
    else this.#options.output?.(bytesOf(chunk));
    return true;
  }

  *waitRoom(): Task<void> {
    if (this.#output !== undefined) yield* this.#output.waitRoom();
  }

  /** The last descriptor was closed: the session is over. */
  closeProgramSide(): void {
    if (this.#output !== undefined) {
      this.#output.writersOpen = false;
      this.#output.changed();
    }
    this.#closed = true;
    this.#changed();
  }

  forget(session: Session): void {
    if (this.session !== session) return;
    this.session = undefined;
    this.#foreground = undefined;
  }

  get foreground(): ProcessGroup | undefined {
    return this.#foreground;
  }

  adopt(process: RunningProcess): void {
    this.session = process.session;
    this.#foreground = process.group;
  }

  // ---- inside

  /** Relayed: the terminal at the far end has changed, and so does what this one shows. */
  #fromFarEnd(value: TerminalControlValue): void {
    if (value.type === 'mode') this.setMode(value.mode);
    else if (value.type === 'prompt') {
      if (value.status !== undefined) this.#options.finished?.(value.status);
      this.#await(value.text, value.status);
    } else if (value.type === 'edit') {
      this.#edit = { name: value.name, text: value.text };
      this.#tell(value);
    }
  }

  #put(chunk: Chunk): void {
    this.#input.push(chunk);
    this.#arrived.notify();
  }

  #noLongerWaiting(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#changed();
  }

  #signal(signal: Signal): void {
    const group = this.#foreground;
    if (group === undefined) return;
    for (const member of [...group.members]) {
      member.system.processes.deliver(member, signal, undefined);
    }
  }

  #tell(value: TerminalControlValue): void {
    this.#output?.put(new TerminalControl(value));
    this.#changed();
  }

  #changed(): void {
    this.#options.changed?.();
  }
}

class PtyFile implements OpenFile {
  readonly kind = 'terminal';
  readonly pty: Pty;
  #references = 1;

  constructor(pty: Pty) {
    this.pty = pty;
  }

  get name(): string {
    return this.pty.name;
  }

  get terminal(): Terminal {
    return this.pty;
  }

  get readable(): Wait {
    const { pty } = this;
    return {
      description: 'terminal input',
      arm(waiter) {
        pty.wanted();
        if (pty.isReadable) waiter.wake(undefined);
        else pty.arrived.arm(waiter);
      },
      withdraw: (waiter) => pty.arrived.withdraw(waiter),
    };
  }

  *read(max?: number): Task<Result<Uint8Array | undefined, Errno>> {
    for (;;) {
      const chunk = yield* this.#next(max);
      if (chunk === undefined) return ok(undefined);
      if (isBytes(chunk)) return ok(chunk);
    }
  }

  *readChunk(): Task<Result<Chunk | undefined, Errno>> {
    return ok(yield* this.#next(undefined));
  }

  *#next(max: number | undefined): Task<Chunk | undefined> {
    const { pty } = this;
    while (!pty.isReadable) {
      pty.wanted();
      yield pty.arrived;
    }
    return pty.take(max);
  }

  *write(data: Chunk | string): Task<Result<void, Errno>> {
    yield* this.pty.waitRoom();
    return this.post(data) ? DONE : err('EIO');
  }

  post(data: Chunk | string): boolean {
    return this.pty.put(chunkOf(data));
  }

  retain(): void {
    this.#references += 1;
  }

  close(): void {
    if (this.#references === 0) return;
    this.#references -= 1;
    if (this.#references === 0) this.pty.closeProgramSide();
  }
}

/** Makes a terminal the controlling one of a new session. */
export function adoptTerminal(process: RunningProcess, file: OpenFile): void {
  process.session.terminal = file;
  if (file instanceof PtyFile) file.pty.adopt(process);
}

/** The leader of a session has ended: its terminal is taken from the others. */
export function hangUp(session: Session, processes: ProcessTable): void {
  const file = session.terminal;
  session.terminal = undefined;
  if (!(file instanceof PtyFile)) return;
  const members = [...(file.pty.foreground?.members ?? [])];
  file.pty.forget(session);
  for (const member of members) processes.deliver(member, 'SIGHUP', undefined);
  for (const member of members) processes.deliver(member, 'SIGCONT', undefined);
}

/** The pty behind an open file, for programs that relay. */
export function ptyOf(file: OpenFile): Pty | undefined {
  return file instanceof PtyFile ? file.pty : undefined;
}
