/**
 * The two ends of a terminal over a connection (ssh and sshd, kubectl exec -it and the runtime).
 *
 *     const pty = new Pty({ name: '/dev/pts/0', columns, rows });     // server: one for the session
 *     const child = process.spawn({ argv, terminal: pty.file }); pty.file.close();
 *     yield* servePty(process, pty, stream);                         // until the session is over
 *
 *     const left = yield* relayTerminal(process, process.stdin, process.stdout, stream);   // client
 *
 * `stream` is a connection, or an HTTP stream after 101. Protocols with channels (exec) carry the
 * chunks of both directions in their stdin and stdout channels as they are.
 */
import type { Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { type Chunk, sizeOfChunk } from '../network/chunk.ts';
import type { OpenFile } from './files-types.ts';
import type { Process } from './process.ts';
import { type Pty, ptyOf } from './terminal.ts';
import { TerminalControl } from './terminal-control.ts';

/** Chunks both ways; a Connection is one. */
export interface TerminalStream {
  send(chunk: Chunk): Task<Result<void, unknown>>;
  receive(): Task<Result<Chunk | undefined, unknown>>;
  closeWrite(): void;
}

/**
 * Serves a pseudo-terminal to the other end until the session is over (every program has closed it) or
 * the other end has gone (the session is then hung up).
 */
export function* servePty(process: Process, pty: Pty, stream: TerminalStream): Task<void> {
  const input = process.start('terminal input', feedPty(pty, stream));
  for (;;) {
    const chunk = yield* pty.readOutput();
    if (chunk === undefined) break;
    const sent = yield* stream.send(chunk);
    if (!sent.ok) {
      pty.hangUp();
      break;
    }
  }
  input.kill();
  stream.closeWrite();
}

function* feedPty(pty: Pty, stream: TerminalStream): Task<void> {
  for (;;) {
    const received = yield* stream.receive();
    if (!received.ok || received.value === undefined) {
      pty.hangUp();
      return;
    }
    pty.feed(received.value);
  }
}

/**
 * Relays the terminal behind `input` to the other end: what the person types goes there as it comes,
 * what comes back is shown, and the door sees the far terminal's state. Without a terminal it copies
 * bytes. Ends with the stream from the far side: false when it broke instead of ending in order.
 */
export function* relayTerminal(
  process: Process,
  input: OpenFile,
  output: OpenFile,
  stream: TerminalStream,
): Task<boolean> {
  const pty = ptyOf(input);
  pty?.setRelay(true);
  const sender = process.start('relay input', sendInput(input, stream, pty));
  let inOrder = true;
  for (;;) {
    const received = yield* stream.receive();
    if (!received.ok || received.value === undefined) {
      inOrder = received.ok;
      break;
    }
    const written = yield* output.write(received.value);
    if (!written.ok) break;
  }
  sender.kill();
  // A relay that is killed leaves the terminal to its shell, which sets the mode it wants.
  pty?.setRelay(false);
  return inOrder;
}

function* sendInput(input: OpenFile, stream: TerminalStream, pty: Pty | undefined): Task<void> {
  if (pty !== undefined) {
    const { columns, rows } = pty;
    yield* stream.send(new TerminalControl({ type: 'resize', columns, rows }));
  }
  for (;;) {
    const read = yield* input.readChunk();
    if (!read.ok || read.value === undefined) break;
    const control = read.value instanceof TerminalControl;
    if (!control && sizeOfChunk(read.value) === 0) continue;
    const sent = yield* stream.send(read.value);
    if (!sent.ok) return;
  }
  stream.closeWrite();
}
