/**
 * What terminals say to each other besides bytes. Where shells nest (ssh, exec -it), every terminal
 * but the outermost belongs to a server; its output goes to a client that relays it to the terminal
 * that it was started on. Bytes alone cannot say "I now wait for a line" or "open the editor", so
 * these messages travel in the same stream, in order with the bytes:
 *
 *     server → client   mode, prompt, edit
 *     client → server   resize, edited
 *
 * Keys (Ctrl-C and so on) travel as bytes and become signals in the innermost terminal that is not
 * relaying. A reader of bytes (a real client over the bridge) sees nothing: a control has no bytes.
 */
import type { Chunk, Message } from '../network/chunk.ts';
import { isBytes } from '../network/chunk.ts';

export type TerminalControlValue =
  /** How the innermost terminal wants its input. */
  | { readonly type: 'mode'; readonly mode: 'line' | 'raw' }
  /** A program waits for a line; the prompt stands on the screen. Ends with the next line. */
  | {
      readonly type: 'prompt';
      readonly text: string;
      /** Exit status of the command before it. */
      readonly status?: number | undefined;
    }
  /** A program asks for the person's editor. */
  | { readonly type: 'edit'; readonly name: string; readonly text: string }
  /** The answer; undefined when it was closed unsaved. */
  | { readonly type: 'edited'; readonly text: string | undefined }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number };

const NOTHING = new Uint8Array(0);

export class TerminalControl implements Message {
  readonly protocol = 'terminal-control';
  readonly wireSize = 0;
  readonly value: TerminalControlValue;

  constructor(value: TerminalControlValue) {
    this.value = value;
  }

  render(): Uint8Array {
    return NOTHING;
  }
}

export function isTerminalControl(chunk: Chunk): chunk is TerminalControl {
  return !isBytes(chunk) && chunk.protocol === 'terminal-control';
}
