/** The shell at a terminal: prompts, continuation, history, Ctrl-C, Ctrl-Z, jobs. */
import { expect, it } from 'vitest';
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { makeShellBench } from '../../../parity/shell/bench.ts';

function openTerminal() {
  const bench = makeShellBench();
  const shown: string[] = [];
  const pty = bench.host.createTerminal({
    columns: 80,
    rows: 24,
    output: (bytes) => shown.push(textOf(bytes)),
  });
  bench.host.files.mkdir('/home/learner/shop', { parents: true });
  const child = bench.host.spawn({
    argv: ['bash'],
    uid: 1000,
    gid: 1000,
    path: '/bin/bash',
    cwd: '/home/learner/shop',
    env: new Map([
      ['PATH', '/usr/bin:/bin'],
      ['HOME', '/home/learner'],
      ['USER', 'learner'],
    ]),
    terminal: pty.file,
  });
  if (!child.ok) throw new Error(child.error.errno);
  pty.file.close();
  const settle = (): string => {
    bench.loop.run({ until: bench.loop.now + SECOND });
    const text = shown.join('');
    shown.length = 0;
    return text.replace(/\x1b\[[0-9;]*m/g, '');
  };
  const line = (text: string): string => {
    pty.line(text);
    return settle();
  };
  return { bench, pty, child: child.value, settle, line };
}

const PROMPT = 'learner@box:~/shop$ ';

it('prompts, continues unfinished lines, and keeps history', () => {
  const { settle, line, child } = openTerminal();
  expect(settle()).toBe(PROMPT);
  expect(line('echo hi')).toBe(`hi\n${PROMPT}`);
  expect(line('for i in 1 2; do')).toBe('> ');
  expect(line('echo $i; done')).toBe(`1\n2\n${PROMPT}`);
  expect(line('cat <<E')).toBe('> ');
  expect(line('x')).toBe('> ');
  expect(line('E')).toBe(`x\n${PROMPT}`);
  expect(line('!echo')).toBe(`echo hi\nhi\n${PROMPT}`);
  expect(line('!nosuch')).toBe(`bash: !nosuch: event not found\n${PROMPT}`);
  expect(line('nosuch')).toBe(`bash: nosuch: command not found\n${PROMPT}`);
  expect(line('echo )')).toBe(`bash: syntax error near unexpected token \`)'\n${PROMPT}`);
  expect(line('history 2')).toBe(`    6  echo )\n    7  history 2\n${PROMPT}`);
  expect(line('alias g=echo; true')).toBe(PROMPT);
  expect(line('g there')).toBe(`there\n${PROMPT}`);
  expect(line('exit 3')).toBe('exit\n');
  expect(child.status?.code).toBe(3);
});

it('takes groups over several lines and keeps them on one that can be run again', () => {
  const { pty, settle, line, child } = openTerminal();
  settle();
  for (const text of ['f() {', 'echo in f', 'case $1 in', 'a) echo A;;', 'esac'])
    expect(line(text)).toBe('> ');
  expect(line('}')).toBe(PROMPT);
  expect(line('f a')).toBe(`in f\nA\n${PROMPT}`);
  expect(line('(')).toBe('> ');
  expect(line('echo "x')).toBe('> ');
  expect(line('y"')).toBe('> ');
  expect(line(')')).toBe(`x\ny\n${PROMPT}`);
  expect(line('g() { }')).toBe(`bash: syntax error near unexpected token \`}'\n${PROMPT}`);
  expect(line('^zz^x')).toBe(`bash: :s^zz^x: substitution failed\n${PROMPT}`);
  expect(line('fc -l 1 3')).toBe(
    `1\t f() { echo in f; case $1 in a) echo A;; esac; }\n2\t f a\n3\t ( echo "x\ny"; )\n${PROMPT}`,
  );
  expect(line('!f')).toBe(
    `fc -l 1 3\n1\t f() { echo in f; case $1 in a) echo A;; esac; }\n2\t f a\n3\t ( echo "x\ny"; )\n${PROMPT}`,
  );
  expect(line('logout')).toBe(`bash: logout: not login shell: use \`exit'\n${PROMPT}`);
  expect(line('sleep 100')).toBe('');
  pty.keys('\x1a');
  expect(settle()).toBe(`\n[1]+  Stopped                 sleep 100\n${PROMPT}`);
  expect(line('exit 4')).toBe(`exit\nThere are stopped jobs.\n${PROMPT}`);
  expect(line('exit 4')).toBe('exit\n');
  expect(child.status?.code).toBe(4);
});

it('lets go of what was interrupted, and of what has ended', () => {
  const { pty, settle, line } = openTerminal();
  settle();
  for (const waits of ['read x', 'cat', 'while read -r l; do :; done']) {
    expect(line(waits)).toBe('');
    pty.keys('\x03');
    expect(settle()).toBe(`\n${PROMPT}`);
  }
  expect(line('echo $?')).toBe(`130\n${PROMPT}`);
  expect(line('sleep 0.2 &')).toBe(`[1] 4\n${PROMPT}`);
  expect(line('fg')).toBe(
    `bash: fg: job has terminated\n[1]+  Done                    sleep 0.2\n${PROMPT}`,
  );
  expect(line('ps -o stat= | grep -c Z')).toBe(`0\n${PROMPT}`);
});

it('reads from a process substitution while it still writes', () => {
  const { settle, line } = openTerminal();
  settle();
  expect(line('while read -r x; do echo "got $x"; break; done < <(echo one; sleep 1000)')).toBe(
    `got one\n${PROMPT}`,
  );
  expect(line('echo <(true) a=<(true)')).toBe(`/dev/fd/63 a=/dev/fd/62\n${PROMPT}`);
});

it('gives Ctrl-C to what runs, and to the line', () => {
  const { pty, settle, line } = openTerminal();
  settle();
  expect(line('sleep 100')).toBe('');
  pty.keys('\x03');
  expect(settle()).toBe(`\n${PROMPT}`);
  expect(line('echo $?')).toBe(`130\n${PROMPT}`);
  expect(line('while :; do :; done')).toBe('');
  pty.keys('\x03');
  expect(settle()).toContain(PROMPT);
  expect(line('sleep 100 | cat')).toBe('');
  pty.keys('\x03');
  expect(settle()).toBe(`\n${PROMPT}`);
  pty.keys('\x03');
  expect(settle()).toBe(`\n${PROMPT}`);
});

it('keeps jobs: background, stopped, foreground, notices', () => {
  const { pty, settle, line } = openTerminal();
  settle();
  expect(line('sleep 2 &')).toMatch(/^\[1\] \d+\n/);
  expect(line('jobs')).toBe(`[1]+  Running                 sleep 2 &\n${PROMPT}`);
  settle();
  expect(line('true')).toBe(`[1]+  Done                    sleep 2\n${PROMPT}`);
  expect(line('sleep 5')).toBe('');
  pty.keys('\x1a');
  expect(settle()).toBe(`\n[1]+  Stopped                 sleep 5\n${PROMPT}`);
  expect(line('fg')).toBe('sleep 5\n');
  for (let count = 0; count < 6; count += 1) settle();
  expect(line('echo back')).toBe(`back\n${PROMPT}`);
});
