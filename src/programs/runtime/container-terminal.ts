/**
 * The terminal of a container with `tty: true`: what its programs write goes to the log and to whoever
 * is attached, what the attached type goes to them (containerd v2.1 internal/cri/io). The terminal stays
 * when a client detaches.
 */
import type { Process } from '../../machines/machine/process.ts';
import { Pty } from '../../machines/machine/terminal.ts';
import { TerminalControl } from '../../machines/machine/terminal-control.ts';
import type { Chunk } from '../../machines/network/chunk.ts';
import type { LogFile } from './log-file.ts';

/** Size of a terminal that nobody has looked at yet. */
const COLUMNS = 80;
const ROWS = 24;

/** Opens it. Close your own reference of `file` once the container's process has it. */
export function openContainerTerminal(process: Process, log: LogFile): Pty {
  const pty = new Pty({ name: '/dev/pts/0', columns: COLUMNS, rows: ROWS });
  process.start(
    'container terminal',
    (function* () {
      for (;;) {
        const chunk = yield* pty.readOutput();
        if (chunk === undefined) return;
        log.write('stdout', chunk);
      }
    })(),
  );
  return pty;
}

/** Tells a client that has just attached how the terminal wants its input; what it shows is not redrawn. */
export function greet(pty: Pty, send: (chunk: Chunk) => void): void {
  send(new TerminalControl({ type: 'mode', mode: pty.mode }));
  if (pty.state.waiting) send(new TerminalControl({ type: 'prompt', text: '' }));
}
