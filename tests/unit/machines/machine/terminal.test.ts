/** Terminals: lines, control keys, job control, hang-up, the editor, and terminals behind terminals. */
import { describe, expect, it } from 'vitest';
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { ok, type Result } from '../../../../src/ground/base/result.ts';
import { Queue, type Task } from '../../../../src/ground/base/task.ts';
import { NEVER } from '../../../../src/machines/machine/files/open-file.ts';
import type { Process } from '../../../../src/machines/machine/process.ts';
import { Pty } from '../../../../src/machines/machine/terminal.ts';
import {
  relayTerminal,
  servePty,
  type TerminalStream,
} from '../../../../src/machines/machine/terminal-relay.ts';
import type { Chunk } from '../../../../src/machines/network/chunk.ts';
import { type Bench, makeBench } from './support.ts';

interface Screen {
  readonly pty: Pty;
  readonly text: () => string;
}

function open(bench: Bench, main: (process: Process) => Task<number>): Screen {
  const shown: string[] = [];
  const pty = bench.host.createTerminal({
    columns: 80,
    rows: 24,
    output: (bytes) => shown.push(textOf(bytes)),
  });
  const child = bench.host.spawn({ argv: ['-sh'], fork: main, terminal: pty.file });
  expect(child.ok).toBe(true);
  pty.file.close();
  return { pty, text: () => shown.join('') };
}

/** A shell in small: `run` gives the foreground to a child that waits, `edit`, `raw`, else echoes. */
function* shell(process: Process): Task<number> {
  process.onSignal('SIGINT', () => {});
  process.onSignal('SIGTSTP', 'ignore');
  const terminal = process.stdin.terminal;
  for (;;) {
    terminal?.prompt('$ ');
    const read = yield* process.stdin.read();
    if (!read.ok || read.value === undefined) return 0;
    const line = textOf(read.value).trim();
    if (line === 'exit') return 3;
    if (line === 'run') {
      const child = process.spawn({ argv: ['job'], newGroup: true, fork: job });
      if (!child.ok) return 1;
      terminal?.setForeground(child.value.pid);
      const status = yield* child.value.wait();
      terminal?.setForeground(process.pid);
      yield* process.print(`${status.signal ?? status.code}\n`);
    } else if (line === 'edit') {
      const text = yield* (terminal as NonNullable<typeof terminal>).edit('a.yaml', 'old');
      yield* process.print(`${text}\n`);
    } else if (line === 'raw') {
      terminal?.setMode('raw');
      const key = yield* process.stdin.read();
      terminal?.setMode('line');
      yield* process.print(`${key.ok && key.value !== undefined ? key.value.join(',') : '-'}\n`);
    } else yield* process.print(`${line} ${terminal?.columns}\n`);
  }
}

function* job(process: Process): Task<number> {
  process.onSignal('SIGTSTP', undefined);
  process.onSignal('SIGWINCH', () => process.stdout.post(`resized\n`));
  yield NEVER;
  return 0;
}

/** Two ends of a connection that takes 1 ms. */
function streams(bench: Bench): readonly [TerminalStream, TerminalStream] {
  const queues = [new Queue<Chunk>('a'), new Queue<Chunk>('b')] as const;
  const side = (own: Queue<Chunk>, other: Queue<Chunk>): TerminalStream => ({
    *send(chunk): Task<Result<void, unknown>> {
      bench.loop.after(1000, () => other.put(chunk));
      return ok(undefined);
    },
    *receive() {
      return ok(yield* own.receive());
    },
    closeWrite() {
      bench.loop.after(1000, () => other.close());
    },
  });
  return [side(queues[0], queues[1]), side(queues[1], queues[0])];
}

describe('a terminal', () => {
  it('gives lines to the shell, and says when one is wanted', () => {
    const bench = makeBench();
    const { pty, text } = open(bench, shell);
    bench.loop.run({ quiet: true });
    expect(pty.state).toMatchObject({ mode: 'line', waiting: true, prompt: '$ ' });
    pty.line('hello');
    expect(pty.state.waiting).toBe(false);
    bench.loop.run({ quiet: true });
    pty.line('exit');
    bench.loop.run({ quiet: true });
    expect(text()).toBe('$ hello 80\n$ ');
    expect(pty.state.closed).toBe(true);
  });

  it('ends input at Ctrl-D', () => {
    const bench = makeBench();
    const { pty } = open(bench, shell);
    bench.loop.run({ quiet: true });
    pty.keys('\x04');
    bench.loop.run({ quiet: true });
    expect(pty.state.closed).toBe(true);
  });

  it.each([
    ['\x03', 'SIGINT'],
    ['\x1c', 'SIGQUIT'],
  ])('sends %j to the foreground group only', (key, signal) => {
    const bench = makeBench();
    const { pty, text } = open(bench, shell);
    bench.loop.run({ quiet: true });
    pty.line('run');
    bench.loop.run({ quiet: true });
    pty.resize(100, 30);
    pty.keys(key);
    bench.loop.run({ quiet: true });
    expect(text()).toBe(`$ resized\n${signal}\n$ `);
    pty.keys('\x03');
    pty.line('still');
    bench.loop.run({ quiet: true });
    expect(text().endsWith('still 100\n$ ')).toBe(true);
  });

  it('stops the foreground at Ctrl-Z', () => {
    const bench = makeBench();
    const { pty } = open(bench, shell);
    pty.line('run');
    bench.loop.run({ quiet: true });
    pty.keys('\x1a');
    bench.loop.run({ quiet: true });
    expect(bench.host.kernel.processes().map((entry) => entry.state)).toEqual(['S', 'S', 'T']);
  });

  it('asks for the editor and gives its answer', () => {
    const bench = makeBench();
    const { pty, text } = open(bench, shell);
    pty.line('edit');
    bench.loop.run({ quiet: true });
    expect(pty.state.edit).toEqual({ name: 'a.yaml', text: 'old' });
    pty.edited('new');
    bench.loop.run({ quiet: true });
    expect(text()).toBe('$ new\n$ ');
  });

  it('hangs up: the shell and its job die', () => {
    const bench = makeBench();
    const { pty } = open(bench, shell);
    pty.line('run');
    bench.loop.run({ quiet: true });
    pty.hangUp();
    bench.loop.run({ quiet: true });
    expect(bench.host.kernel.processes()).toHaveLength(1);
  });
});

describe('a terminal behind two others', () => {
  function nested(): { bench: Bench; screen: Screen; inner: Pty[] } {
    const bench = makeBench();
    const inner: Pty[] = [];
    // What sshd does with a connection: a terminal of its own, a program on it.
    const serve = (depth: number, stream: TerminalStream): void => {
      const pty = new Pty({ name: `/dev/pts/${10 + depth}`, columns: 20, rows: 20 });
      inner.push(pty);
      bench.host.spawn({
        argv: ['sshd'],
        fork: function* (sshd) {
          const child = sshd.spawn({
            argv: ['-sh'],
            fork: depth === 2 ? shell : hop(depth + 1),
            terminal: pty.file,
          });
          pty.file.close();
          yield* servePty(sshd, pty, stream);
          if (child.ok) yield* child.value.wait();
          return 0;
        },
      });
    };
    const hop = (depth: number) =>
      function* (process: Process): Task<number> {
        const [near, far] = streams(bench);
        serve(depth, far);
        const inOrder = yield* relayTerminal(process, process.stdin, process.stdout, near);
        yield* process.print(inOrder ? 'closed.\n' : 'broken.\n');
        return 0;
      };
    return { bench, screen: open(bench, hop(1)), inner };
  }

  it('shows the state of the innermost, and gives it lines, sizes, keys and the editor', () => {
    const { bench, screen, inner } = nested();
    const { pty, text } = screen;
    bench.loop.run({ quiet: true });
    expect(pty.state).toMatchObject({ waiting: true, prompt: '$ ' });
    pty.line('a');
    bench.loop.run({ quiet: true });
    pty.resize(132, 40);
    pty.line('b');
    bench.loop.run({ quiet: true });
    expect(text()).toBe('$ a 80\n$ b 132\n$ ');
    pty.line('run');
    bench.loop.run({ quiet: true });
    pty.keys('\x03');
    bench.loop.run({ quiet: true });
    pty.line('edit');
    bench.loop.run({ quiet: true });
    expect(pty.state.edit).toEqual({ name: 'a.yaml', text: 'old' });
    pty.edited('far');
    bench.loop.run({ quiet: true });
    pty.line('raw');
    bench.loop.run({ quiet: true });
    expect(pty.state.mode).toBe('raw');
    pty.keys('\x03');
    bench.loop.run({ quiet: true });
    expect(pty.state).toMatchObject({ mode: 'line', waiting: true });
    expect(text()).toBe('$ a 80\n$ b 132\n$ SIGINT\n$ far\n$ 3\n$ ');
    pty.keys('\x04');
    bench.loop.run({ quiet: true });
    expect(text().endsWith('$ closed.\nclosed.\n')).toBe(true);
    expect(pty.state.closed).toBe(true);
    expect(inner.map((each) => each.state.closed)).toEqual([true, true]);
  });

  it('hangs up all the way when the outermost goes', () => {
    const { bench, screen } = nested();
    bench.loop.run({ until: bench.loop.now + SECOND });
    screen.pty.hangUp();
    bench.loop.run({ until: bench.loop.now + SECOND });
    const left = bench.host.kernel.processes().map((entry) => entry.comm);
    expect(left.filter((comm) => comm === '-sh')).toEqual([]);
  });
});
