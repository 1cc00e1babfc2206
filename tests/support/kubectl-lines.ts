/**
 * Lines of a shell with what the real kubectl 1.33 printed for them before a lab's API server. A file
 * is blocks apart by empty lines: `$ line` and its output; `~ line` is run and not compared; `# ` is a
 * comment. What is drawn (names, addresses, revisions), ages and times, and what 1.34 says otherwise
 * than 1.33, are made alike on both sides.
 */
import type { Lab } from '../../src/lab/lab.ts';
import { ApiBridge } from './api-bridge.ts';
import { RealShell } from './real-kubectl.ts';
import { Typist } from './transcript.ts';

export interface Line {
  readonly kind: '$' | '~' | '#';
  readonly text: string;
  readonly output: string;
}

export function parseLines(text: string): readonly Line[] {
  return text
    .replace(/\n+$/, '')
    .split(/\n\n(?=[$~#] )/)
    .map((block) => {
      const end = block.indexOf('\n');
      const head = end < 0 ? block : block.slice(0, end);
      const kind = head[0] as Line['kind'];
      return { kind, text: head.slice(2), output: end < 0 ? '' : block.slice(end + 1) };
    });
}

export function formatLines(lines: readonly Line[]): string {
  const blocks = lines.map(({ kind, text, output }) =>
    output === '' ? `${kind} ${text}` : `${kind} ${text}\n${output}`,
  );
  return `${blocks.join('\n\n')}\n`;
}

/** A real kubectl that waits for nothing that comes is given up, in milliseconds. */
const PATIENCE = 60_000;
/** Silence of a client after which the lab's time runs on, and how often, in milliseconds. */
const SILENCE = 400;
const IDLE_TICK = 40;

/** The lines with what the real kubectl prints for them in a lab. */
export async function playReal(
  lab: Lab,
  kubectl: string,
  lines: readonly Line[],
): Promise<readonly Line[]> {
  const bridge = new ApiBridge(lab);
  const server = await bridge.listen();
  const shell = new RealShell(kubectl, server, lab.readHome('.kube/config')?.text ?? '');
  const played: Line[] = [];
  try {
    for (const line of lines) {
      if (line.kind === '#') {
        played.push(line);
        continue;
      }
      const text = await patiently(bridge, shell.run(line.text));
      const shown = text
        .replaceAll(server, 'https://192.168.0.10:6443')
        .replaceAll(server.replace('http://', ''), '192.168.0.10:6443');
      played.push({ ...line, output: line.kind === '$' ? alike(shown, shell.folder) : '' });
    }
  } finally {
    shell.close();
    bridge.close();
  }
  return played;
}

/** The lines with what our kubectl prints for them. */
export function playOurs(lab: Lab, lines: readonly Line[]): readonly Line[] {
  const typist = new Typist(lab);
  return lines.map((line) => {
    if (line.kind === '#') return line;
    const output = typist.run(`$ ${line.text}`);
    return { ...line, output: line.kind === '$' ? alike(output, '/home/learner') : '' };
  });
}

async function patiently(bridge: ApiBridge, done: Promise<string>): Promise<string> {
  const begun = Date.now();
  const idle = setInterval(() => {
    if (Date.now() - Math.max(begun, bridge.quietSince) > SILENCE) bridge.idle();
  }, IDLE_TICK);
  const limit = new Promise<string>((resolve) => {
    setTimeout(() => resolve('(no end)'), PATIENCE).unref();
  });
  const text = await Promise.race([done, limit]);
  clearInterval(idle);
  return text;
}

/** What differs by nature, in one form. */
function alike(text: string, home: string): string {
  return text
    .replaceAll(home, '~')
    .replace(/,\n\s*"creationTimestamp": null(?=\n)/g, '')
    .replace(/^( *)metadata:\n(?:\1 {2})creationTimestamp: null\n(?!\1 {2})/gm, '$1metadata: {}\n')
    .replace(/^\s*"?creationTimestamp"?: null,?\n/gm, '')
    .replace(/"metadata": \{\n\s*\}/g, '"metadata": {}')
    .replace(/^preferences: \{\}\n/gm, '')
    .replace(/^ *"preferences": \{\},\n/gm, '')
    .replace(/(deleted) from \S+ namespace/g, '$1')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000/g, 'TIME')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replace(/-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '-HASH-NAME')
    .replace(/\b(kube-api-access|kube-proxy|kubectl-edit)-\w+/g, '$1-X')
    .replace(/[~\w/]*\/(?=kubectl-edit-X)/g, '/tmp/')
    .replace(/exec "[0-9a-f]{64}"/g, 'exec "ID"')
    .replace(/(resourceVersion\\?"?: ?\\?"?|was )\d+/g, '$1N')
    .replace(/\b10\.(?!96\.0\.)\d+\.\d+\.\d+/g, 'IP')
    .replace(/:3[0-2]\d{3}\/TCP/g, ':NODEPORT/TCP')
    .replace(/^([EWI])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, '$1 ')
    .replace(/[ \t]+$/gm, '')
    .replace(/\b(\d+[smhd])+( ago)?(?=\s|$)/gm, 'AGE')
    .split('\n')
    .map((line) => (/AGE|IP|HASH/.test(line) ? line.replace(/ {2,}/g, '  ') : line))
    .join('\n')
    .replace(/\n+$/, '');
}
