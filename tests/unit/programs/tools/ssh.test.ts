/** ssh and sshd: commands with their streams and codes, terminals behind terminals, and what fails. */
import { describe, expect, it } from 'vitest';
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { transcript, twoHosts } from './two-hosts.ts';

const QUIET = 'ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR';

describe('ssh', () => {
  it('runs commands with their streams and exit codes', () => {
    expect(
      transcript(twoHosts(), [
        'ssh -o StrictHostKeyChecking=yes 192.168.0.11 true',
        `${QUIET} node-1 'echo $HOSTNAME; echo bad >&2; exit 3'; echo $?`,
        `echo through | ${QUIET} root@192.168.0.11 cat`,
        `${QUIET} nobody-there; echo $?`,
        `${QUIET} -p 23 node-1`,
        `${QUIET} 192.168.0.99`,
        `${QUIET} stranger@node-1 true`,
      ]),
    ).toMatchInlineSnapshot(`
      "
      $ ssh -o StrictHostKeyChecking=yes 192.168.0.11 true
      No ED25519 host key is known for 192.168.0.11 and you have requested strict checking.
      Host key verification failed.
      $ ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR node-1 'echo $HOSTNAME; echo bad >&2; exit 3'; echo $?
      node-1
      bad
      3
      $ echo through | ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR root@192.168.0.11 cat
      through
      $ ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR nobody-there; echo $?
      ssh: Could not resolve hostname nobody-there: Temporary failure in name resolution
      255
      $ ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR -p 23 node-1
      ssh: connect to host node-1 port 23: Connection refused
      $ ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR 192.168.0.99
      ssh: connect to host 192.168.0.99 port 22: No route to host
      $ ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR stranger@node-1 true
      stranger@node-1: Permission denied (publickey).
      "
    `);
  });

  it('relays a terminal: the prompt of the far shell, lines, the size, and its end', () => {
    const hosts = twoHosts();
    const shown: string[] = [];
    const pty = hosts.workstation.createTerminal({
      columns: 120,
      rows: 30,
      output: (bytes) => shown.push(textOf(bytes)),
    });
    const child = hosts.workstation.spawn({
      argv: ['bash'],
      path: '/usr/bin/bash',
      env: new Map([
        ['HOME', '/root'],
        ['PATH', '/usr/sbin:/usr/bin'],
        ['PS1', 'here$ '],
      ]),
      terminal: pty.file,
    });
    pty.file.close();
    if (!child.ok) throw new Error('no shell');
    const settle = (): void => void hosts.loop.run({ until: hosts.loop.now + SECOND });
    settle();
    pty.line(`${QUIET} node-1`);
    settle();
    expect(pty.state.waiting).toBe(true);
    pty.line('PS1="there\\$ "; hostname; tty');
    settle();
    expect(pty.state).toMatchObject({ mode: 'line', waiting: true, prompt: 'there$ ' });
    pty.line('sleep 100');
    settle();
    pty.keys('\x03');
    settle();
    expect(pty.state).toMatchObject({ waiting: true, prompt: 'there$ ' });
    pty.line('exit 4');
    settle();
    expect(pty.state).toMatchObject({ waiting: true, prompt: 'here$ ' });
    pty.line('echo $?');
    settle();
    expect(shown.join('')).toContain('node-1\n');
    expect(shown.join('')).toMatch(/here\$ 4\nhere\$ $/);
  });

  it('shows its banner to whoever connects', () => {
    expect(transcript(twoHosts(), ['echo hello | nc -q 1 node-1 22'])).toContain('SSH-2.0-OpenSSH');
  });
});
