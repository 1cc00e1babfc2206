/**
 * Golden terminal transcripts: files of commands and their exact output, run against a lab of their
 * own. Format (see CONTRIBUTING.md):
 *
 *     # comment lines; a first line `# lab: seed=7 nodes=3 profile=modern` sets the lab
 *     $ kubectl get nodes            runs in terminal 1 and waits for the prompt
 *     2$ kubectl get pods -w         in terminal 2
 *     & sleep 60                     is sent without waiting
 *     ^C                             a control key to terminal 1 (2^C: terminal 2)
 *     ----
 *     expected output
 *
 * A blank line ends a case when a comment or a command follows it. `npm run golden -- -u` rewrites the
 * expectations.
 */
import { SECOND } from '../../src/ground/base/event-loop.ts';
import { Lab } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import { whyText } from '../../src/lab/why/index.ts';

export interface TranscriptCase {
  readonly comments: readonly string[];
  readonly commands: readonly string[];
  readonly expected: string;
  /** 1-based line of the first command. */
  readonly line: number;
}

export interface Transcript {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: 'modern' | 'seed-era';
  readonly head: readonly string[];
  readonly cases: readonly TranscriptCase[];
}

const COMMAND = /^(?:\d*\$ |\d*& |\d*\^[A-Z\\]$|<)/;

export function parseTranscript(text: string): Transcript {
  const lines = text.replace(/\n+$/, '').split('\n');
  const setting = (name: string): string | undefined =>
    new RegExp(`\\b${name}=(\\S+)`).exec(
      lines.find((line) => line.startsWith('# lab:')) ?? '',
    )?.[1];
  const cases: TranscriptCase[] = [];
  let index = 0;
  const head: string[] = [];
  while (index < lines.length && lines[index]?.startsWith('#')) head.push(lines[index++] as string);
  while (index < lines.length) {
    const comments: string[] = [];
    while (index < lines.length && (lines[index] === '' || lines[index]?.startsWith('#'))) {
      if (lines[index] !== '') comments.push(lines[index] as string);
      index += 1;
    }
    const line = index + 1;
    const commands: string[] = [];
    while (index < lines.length && COMMAND.test(lines[index] ?? ''))
      commands.push(lines[index++] as string);
    if (commands.length === 0) {
      if (index < lines.length)
        throw new Error(`line ${index + 1}: a command, a comment or a blank line was expected`);
      break;
    }
    if (lines[index] === '----') index += 1;
    const expected: string[] = [];
    while (index < lines.length && !(lines[index] === '' && startsCase(lines, index + 1)))
      expected.push(lines[index++] as string);
    cases.push({ comments, commands, expected: expected.join('\n'), line });
  }
  const profile = setting('profile') === 'seed-era' ? 'seed-era' : 'modern';
  return {
    seed: Number(setting('seed') ?? 7),
    nodes: Number(setting('nodes') ?? 3),
    profile,
    head,
    cases,
  };
}

function startsCase(lines: readonly string[], index: number): boolean {
  const next = lines[index];
  return next === undefined || next.startsWith('# ') || COMMAND.test(next);
}

export function formatTranscript(transcript: Transcript, outputs: readonly string[]): string {
  const cases = transcript.cases.map((one, index) =>
    [...one.comments, ...one.commands, '----', outputs[index] ?? '', ''].join('\n'),
  );
  return `${[...transcript.head, '', ...cases].join('\n').replace(/\n+$/, '')}\n`;
}

/** Simulated time after which a command that has not returned is given up. */
const PATIENCE = 3600 * SECOND;

/** Types into a booted lab as a person would. */
export class Typist {
  readonly lab: Lab;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  #terminal(id: number) {
    if (!this.lab.terminals.has(id)) {
      this.lab.push({ kind: 'open-terminal', terminal: id, columns: 200, rows: 50 });
      this.#untilPrompt(id);
      this.lab.terminals.get(id)?.takeOutput();
    }
    const terminal = this.lab.terminals.get(id);
    if (terminal === undefined) throw new Error(`terminal ${id} did not open`);
    return terminal;
  }

  #untilPrompt(id: number): void {
    const limit = this.lab.loop.now + PATIENCE;
    // The line is an event behind those of this instant: the old prompt is not the answer to it.
    const taken = (): boolean => this.lab.terminals.get(id)?.state.waiting !== true;
    this.lab.run({ until: this.lab.loop.now, when: taken });
    // A program that reads lines (ssh with a command) waits too, but without a prompt of its own.
    const done = (): boolean => {
      const terminal = this.lab.terminals.get(id);
      if (terminal === undefined || terminal.shell.status !== undefined) return true;
      return terminal.state.waiting && terminal.state.prompt !== '';
    };
    const reason = this.lab.run({ until: limit, when: done });
    if (reason !== 'predicate' && !done())
      throw new Error(`terminal ${id}: no prompt after ${PATIENCE / SECOND} s of simulated time`);
  }

  /** Runs one command line of a transcript and gives what its terminal showed, prompts left out. */
  run(command: string): string {
    const match = /^(\d*)(\$|&|\^)\s?(.*)$/s.exec(command);
    if (match === null) throw new Error(`not a command: ${command}`);
    const id = Number(match[1] === '' ? 1 : match[1]);
    const text = match[3] as string;
    const terminal = this.#terminal(id);
    if (match[2] === '^') {
      const key = String.fromCharCode((text.charCodeAt(0) ?? 64) & 31);
      this.lab.push({ kind: 'keys', terminal: id, text: key });
      this.lab.run({ until: this.lab.loop.now + SECOND / 100 });
      this.#untilPrompt(id);
    } else {
      this.lab.push({ kind: 'line', terminal: id, text });
      if (match[2] === '$') this.#untilPrompt(id);
      else this.lab.run({ events: 200, until: this.lab.loop.now + SECOND / 100 });
    }
    return withoutPrompt(terminal.takeOutput(), terminal.state.prompt);
  }
}

/** What a command showed: the prompt behind it is left out, a last line without an end is kept. */
function withoutPrompt(text: string, prompt: string): string {
  const shown = prompt !== '' && text.endsWith(prompt) ? text.slice(0, -prompt.length) : text;
  return shown.replace(/\n$/, '');
}

export function bootLab(options: {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: 'modern' | 'seed-era';
  readonly files?: Record<string, string>;
}): Lab {
  const lab = new Lab({
    base: {
      profile: options.profile,
      nodes: options.nodes,
      scenario: '',
      files: options.files ?? {},
    },
    seed: options.seed,
    parts: shippedParts(),
    commands: { why: whyText },
  });
  lab.boot();
  return lab;
}
