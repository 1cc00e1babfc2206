/**
 * Batches: what changed since the last one, cut to the protocol's size. Rows that do not fit wait for
 * the next batch; the newest state of a row wins, so a page that lags sees fewer steps, never wrong
 * ones.
 */
import type { Lab } from '../../lab/lab.ts';
import { markOf } from '../../lab/views/lanes.ts';
import { TrafficCounter } from '../../lab/views/traffic.ts';
import type { RowTable } from '../../lab/views/rows.ts';
import type { LaneMark, ObjectRow } from '../../lab/view-types.ts';
import {
  type Batch,
  BATCH_BYTES_MAX,
  PROTOCOL_VERSION,
  type Problem,
  type TerminalOutput,
} from './protocol.ts';
import { TerminalText } from './terminal-text.ts';

export interface BatchState {
  readonly ready: boolean;
  readonly running: boolean;
  readonly speed: number;
  readonly looking: number | null;
  readonly problem: Problem | null;
  readonly scenario: Batch['scenario'];
}

/** Components under which the lab records that it takes an input. */
const INPUT_SOURCES: ReadonlySet<string> = new Set(['learner', 'scenario']);
/** Marks sent in one batch; a burst above it is thinned (writes and events first). */
const MARKS_MAX = 400;
/** Terminal text in one batch; the rest follows. */
const TEXT_MAX = 24 * 1024;

export class BatchMaker {
  readonly #lab: Lab;
  readonly #rows: RowTable;
  readonly #traffic: TrafficCounter;
  #marks: LaneMark[] = [];
  #waiting = new Map<string, ObjectRow>();
  #removed = new Set<string>();
  readonly #text = new Map<number, TerminalText>();
  /** Inputs that the lab has taken, of those in its log. */
  #inputs = 0;
  #edits = new Map<number, string>();
  #reset = true;
  #revision = 0;
  /** The newest revision at the moment that is looked at. */
  #lookedRevision = 0;

  constructor(lab: Lab, rows: RowTable) {
    this.#lab = lab;
    this.#rows = rows;
    this.#traffic = new TrafficCounter(lab);
    lab.recorder.listen((record) => {
      if (record.revision > 0) this.#revision = record.revision;
      if (record.verb === 'input' && INPUT_SOURCES.has(record.component)) this.#echo(record.time);
      const mark = markOf(record);
      if (mark !== undefined && this.#marks.length < MARKS_MAX * 4) this.#marks.push(mark);
    });
  }

  /** Shows the rows of a past moment, or (null) begins anew with the present. */
  show(time: number | null): void {
    this.#reset = true;
    this.#waiting.clear();
    this.#removed.clear();
    if (time !== null) this.#lookedRevision = this.#revisionAt(time);
    if (time === null) this.#rows.touchAll();
    else for (const row of this.#rows.at(time)) this.#waiting.set(row.key, row);
  }

  #revisionAt(time: number): number {
    const records = this.#lab.recorder.all();
    for (let index = records.length - 1; index >= 0; index -= 1) {
      const record = records[index];
      if (record !== undefined && record.revision > 0 && record.time <= time)
        return record.revision;
    }
    return 0;
  }

  /** The next batch. */
  make(state: BatchState): Batch {
    if (state.looking === null) this.#collect();
    const reset = this.#reset;
    this.#reset = false;
    const terminals = this.#terminals();
    const { set, removed } = this.#cut(terminals.reduce((sum, one) => sum + one.text.length, 0));
    const marks = this.#marks.splice(0, MARKS_MAX);
    const loop = this.#lab.loop;
    return {
      protocol: PROTOCOL_VERSION,
      time: loop.now,
      revision: state.looking === null ? this.#revision : this.#lookedRevision,
      ready: state.ready,
      running: state.running,
      speed: state.speed,
      quiet: loop.isQuiet(),
      looking: state.looking,
      rows: { set, removed, reset },
      terminals,
      marks,
      traffic: this.#traffic.take(),
      faults: this.#lab.faults.list().map((fault) => ({
        name: fault.name,
        text: fault.text,
        target: fault.target,
        since: fault.since,
      })),
      mended: this.#lab.faults.mended(),
      hosts: this.#hosts(),
      scenario: state.scenario,
      edits: this.#newEdits(),
      story: this.#lab.story,
      problem: state.problem,
    };
  }

  /** True when there is more than one batch can carry. */
  get pending(): boolean {
    const text = [...this.#text.values()].some((one) => !one.empty);
    return this.#waiting.size > 0 || this.#removed.size > 0 || text;
  }

  #collect(): void {
    const { set, removed } = this.#rows.take();
    for (const row of set) {
      this.#waiting.set(row.key, row);
      this.#removed.delete(row.key);
    }
    for (const key of removed) {
      this.#waiting.delete(key);
      this.#removed.add(key);
    }
  }

  #cut(used: number): { set: readonly ObjectRow[]; removed: readonly string[] } {
    const set: ObjectRow[] = [];
    let bytes = used + 4096;
    for (const [key, row] of this.#waiting) {
      bytes +=
        200 +
        row.key.length +
        JSON.stringify(row.labels).length +
        JSON.stringify(row.links).length +
        JSON.stringify(row.cells).length;
      if (bytes > BATCH_BYTES_MAX && set.length > 0) break;
      set.push(row);
      this.#waiting.delete(key);
    }
    const removed = [...this.#removed].slice(0, 500);
    for (const key of removed) this.#removed.delete(key);
    return { set, removed };
  }

  #terminals(): TerminalOutput[] {
    const outputs: TerminalOutput[] = [];
    for (const [id, terminal] of this.#lab.terminals) {
      const held = this.#textOf(id);
      held.print(terminal.takeOutput(), terminal.takeStatuses());
      const { text, echoed, finished } = held.take(TEXT_MAX);
      const state = terminal.state;
      outputs.push({
        terminal: id,
        text,
        echoed,
        finished,
        mode: state.mode,
        waiting: state.waiting && held.empty,
        title: terminal.title,
        closed: (state.closed || terminal.shell.status !== undefined) && held.empty,
      });
    }
    return outputs;
  }

  /** The lab takes its next input: a line stands on the screen from now on. */
  #echo(time: number): void {
    const input = this.#lab.inputs[this.#inputs]?.input;
    this.#inputs += 1;
    if (input?.kind !== 'line' && input?.kind !== 'keys') return;
    const terminal = this.#lab.terminals.get(input.terminal);
    if (terminal === undefined) return;
    const held = this.#textOf(input.terminal);
    held.print(terminal.takeOutput(), terminal.takeStatuses());
    held.echo(input, terminal.state.mode === 'raw', time);
  }

  #textOf(terminal: number): TerminalText {
    let text = this.#text.get(terminal);
    if (text === undefined) {
      text = new TerminalText();
      this.#text.set(terminal, text);
    }
    return text;
  }

  #newEdits(): Batch['edits'] {
    const edits: { terminal: number; name: string; text: string }[] = [];
    for (const [id, terminal] of this.#lab.terminals) {
      const edit = terminal.state.edit;
      const known = this.#edits.get(id);
      if (edit === undefined) this.#edits.delete(id);
      else if (known !== `${edit.name}\n${edit.text}`) {
        this.#edits.set(id, `${edit.name}\n${edit.text}`);
        edits.push({ terminal: id, name: edit.name, text: edit.text });
      }
    }
    return edits;
  }

  #hosts(): Batch['hosts'] {
    return [...this.#lab.cluster.hosts.values()]
      .filter((host) => this.#lab.cluster.nodeNames.includes(host.name))
      .map((host) => ({ name: host.name, powered: host.powered, ...this.#lab.usageOf(host.name) }));
  }
}
