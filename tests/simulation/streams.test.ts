/** exec, attach and port-forward from a person's terminal to a process in a pod, and back. */
import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../src/ground/base/bytes.ts';
import { LOOPBACK } from '../../src/ground/base/ip.ts';
import type { Task } from '../../src/ground/base/task.ts';
import type { Process } from '../../src/machines/machine/process.ts';
import { bytesOf } from '../../src/machines/network/chunk.ts';
import { forwardConnection } from '../../src/spine/client/portforward.ts';
import { asAdmin, createPod, inPod, readyPods, wait } from '../support/lab-probe.ts';
import { bootLab, Typist } from '../support/transcript.ts';

test('exec -it joins the terminals: prompts, lines, keys and the exit code of the far shell', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  createPod(lab, 'box', 'busybox', {
    containers: [{ name: 'main', image: 'busybox', command: ['sleep', '3600'] }],
  });
  wait(lab, 20);
  const typist = new Typist(lab);
  const prompt = () => lab.terminals.get(1)?.state.prompt;
  typist.run('$ kubectl exec -it box -- sh');
  expect(prompt()).toBe('/ # ');
  expect(typist.run('$ hostname')).toBe('box');
  expect(typist.run('$ test -t 0 && echo terminal')).toContain('terminal');
  // Ctrl-C goes to what runs in the pod, not to kubectl.
  typist.run('& sleep 1000');
  typist.run('^C');
  expect(prompt()).toBe('/ # ');
  typist.run('$ sh');
  expect(prompt()).toBe('/ # ');
  typist.run('$ exit 0');
  expect(prompt()).toBe('/ # ');
  expect(typist.run('$ exit 3')).toContain('command terminated with exit code 3');
  expect(typist.run('$ echo back')).toBe('back');
});

test('attach joins the terminal of a container that has one; detaching leaves it running', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  createPod(lab, 'box', 'busybox', {
    containers: [{ name: 'main', image: 'busybox', command: ['sh'], stdin: true, tty: true }],
  });
  wait(lab, 20);
  expect(readyPods(lab)).toBe(1);
  const typist = new Typist(lab);
  typist.run('& kubectl attach -it box');
  wait(lab, 2);
  expect(typist.run('$ echo one-$((40+2))')).toBe(
    "If you don't see a command prompt, try pressing enter.\none-42",
  );
  // A second terminal sees the same one.
  typist.run('2& kubectl attach -it box');
  wait(lab, 2);
  typist.run('2$ X=kept');
  lab.push({ kind: 'close-terminal', terminal: 2 });
  wait(lab, 1);
  expect(typist.run('$ echo $X')).toContain('kept');
  expect(inPod(lab, 'box', 'echo still here')).toContain('still here');
});

const ask = (process: Process, port: number): Task<string> =>
  (function* () {
    const dialled = yield* process.net.connect(LOOPBACK, port);
    if (!dialled.ok) return dialled.error;
    dialled.value.post(utf8('GET / HTTP/1.0\r\nHost: x\r\n\r\n'));
    let text = '';
    for (;;) {
      const received = yield* dialled.value.receive();
      if (!received.ok || received.value === undefined) return text;
      text += textOf(bytesOf(received.value));
    }
  })();

test('port-forward carries a connection to a port of the pod, and says why it cannot', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  createPod(lab, 'web', 'nginx');
  wait(lab, 20);
  const said = asAdmin(lab, function* (client, process) {
    const listener = process.net.listen(LOOPBACK, 8080);
    if (!listener.ok) return [listener.error];
    const outcomes: string[] = [];
    for (const port of [80, 81]) {
      const page = process.start('page', ask(process, 8080));
      const connection = yield* listener.value.accept();
      if (connection === undefined) break;
      const target = '/api/v1/namespaces/default/pods/web/portforward';
      const done = yield* forwardConnection(process, client, target, port, connection);
      outcomes.push(done.ok ? 'done' : done.error, (yield* page.finished.wait()) as string);
    }
    return outcomes;
  });
  expect(said?.[0]).toBe('done');
  expect(said?.[1]).toContain('Welcome to nginx!');
  expect(said?.[2]).toMatch(
    /^error forwarding port 81 to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace "\/var\/run\/netns\/cni-[0-9a-f-]{36}": failed to connect to localhost:81 inside namespace "[0-9a-f]{64}", IPv4: dial tcp4 127\.0\.0\.1:81: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found $/,
  );
  expect(said?.[3]).toBe('');
});
