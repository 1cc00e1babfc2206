/**
 * What ssh and sshd say to each other (RFC 4253, 4252, 4254), by value: banners as text, then one
 * message per packet. Who reads the connection as bytes sees ciphertext.
 *
 * Not modelled: key exchange beyond its round trips, rekeying, forwarding of ports and agents, sftp.
 */
import { fnv1a, mixWord } from '../../../ground/base/hash.ts';
import type { Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type Chunk, isBytes, type Message, sizeOfChunk } from '../../../machines/network/chunk.ts';
import type { Connection } from '../../../machines/network/socket.ts';
import type { TerminalStream } from '../../../machines/machine/terminal-relay.ts';

export const SSH_PORT = 22;
export const BANNER = 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u5';

/** 1 and 2 are the standard streams of the command, 0 its input. */
export type SshChannel = 0 | 1 | 2;

export type SshValue =
  /** The server's key, as in `ssh_host_ed25519_key.pub`, without its comment. */
  | { readonly type: 'host-key'; readonly key: string }
  | { readonly type: 'user'; readonly user: string; readonly keys: readonly string[] }
  | { readonly type: 'accepted' }
  /** Ways that the server would still take. */
  | { readonly type: 'denied'; readonly methods: string }
  | {
      readonly type: 'session';
      /** Undefined: a login shell. */
      readonly command: string | undefined;
      readonly env: readonly (readonly [string, string])[];
      readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
    }
  | { readonly type: 'data'; readonly channel: SshChannel; readonly chunk: Chunk }
  | { readonly type: 'eof'; readonly channel: SshChannel }
  | { readonly type: 'exit'; readonly code: number };

/** Header, padding and MAC of a packet. */
const PACKET_OVERHEAD = 36;

export class SshMessage implements Message {
  readonly protocol = 'ssh';
  readonly value: SshValue;

  constructor(value: SshValue) {
    this.value = Object.freeze(value);
    Object.freeze(this);
  }

  get wireSize(): number {
    const { value } = this;
    const body =
      value.type === 'data' ? sizeOfChunk(value.chunk) : value.type === 'session' ? 64 : 32;
    return PACKET_OVERHEAD + Math.ceil(body / 16) * 16;
  }

  /** Nobody on the way can read it. */
  render(): Uint8Array {
    const bytes = new Uint8Array(this.wireSize);
    let word = fnv1a(this.value.type, bytes.length);
    for (let at = 0; at < bytes.length; at += 1) {
      word = mixWord(word, at);
      bytes[at] = word >>> 24;
    }
    return bytes;
  }
}

export function sshMessage(chunk: Chunk): SshValue | undefined {
  return !isBytes(chunk) && chunk instanceof SshMessage ? chunk.value : undefined;
}

/** The data of a session's one channel as a stream of its own; other messages go to `other`. */
export function channelStream(
  connection: Connection,
  out: SshChannel,
  other: (value: SshValue) => Task<void>,
): TerminalStream {
  return {
    *send(chunk: Chunk): Task<Result<void, unknown>> {
      return yield* connection.send(new SshMessage({ type: 'data', channel: out, chunk }));
    },
    *receive(): Task<Result<Chunk | undefined, unknown>> {
      for (;;) {
        const received = yield* connection.receive();
        if (!received.ok || received.value === undefined) return received;
        const value = sshMessage(received.value);
        if (value?.type === 'data' && value.channel !== 2) return { ok: true, value: value.chunk };
        if (value?.type === 'eof') return { ok: true, value: undefined };
        if (value !== undefined) yield* other(value);
      }
    },
    closeWrite(): void {
      connection.post(new SshMessage({ type: 'eof', channel: out }));
    },
  };
}
