/** The machine's own kubectl 1.33, run by the machine's bash against a lab's API server. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where kubectl 1.33 is; undefined where the machine has none. */
export function realKubectl(): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') return undefined;
  const beside = join(dirname(realpathSync(found)), 'kubectl.1.33');
  return existsSync(beside) ? beside : undefined;
}

/** A shell in a home of its own whose kubectl is the real one; `sleep` passes in the lab's time. */
export class RealShell {
  readonly #shell: ChildProcessWithoutNullStreams;
  readonly folder: string;
  #output = '';
  #waiting: (() => void) | undefined;

  /** `config` is the lab's kubeconfig; only its server is put in place of. */
  constructor(kubectl: string, server: string, config: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'kubectl-live-'));
    for (const folder of ['bin', '.kube', 'tmp']) mkdirSync(join(this.folder, folder));
    symlinkSync(kubectl, join(this.folder, 'bin', 'kubectl'));
    writeFileSync(
      join(this.folder, 'bin', 'sleep'),
      `#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/${new URL(server).port}\nprintf 'GET /_sleep/%s HTTP/1.0\\r\\n\\r\\n' "$1" >&3\nread -r _ <&3\n`,
    );
    chmodSync(join(this.folder, 'bin', 'sleep'), 0o755);
    writeFileSync(
      join(this.folder, '.kube', 'config'),
      config.replace(/server: .*/, `server: ${server}`),
    );
    this.#shell = spawn('bash', ['--norc'], {
      cwd: this.folder,
      env: {
        HOME: this.folder,
        PATH: `${this.folder}/bin:/usr/local/bin:/usr/bin:/bin`,
        TMPDIR: join(this.folder, 'tmp'),
        USER: 'learner',
        LC_ALL: 'C',
      },
    });
    const take = (bytes: Buffer): void => {
      this.#output += bytes.toString();
      if (this.#output.includes(MARK)) this.#waiting?.();
    };
    this.#shell.stdin.write('exec 2>&1\n');
    this.#shell.stdout.on('data', take);
  }

  /** Runs a line to its end; what it printed on both streams, without a last line end. */
  async run(line: string): Promise<string> {
    this.#output = '';
    const done = new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
    this.#shell.stdin.write(`{ ${line}\n} </dev/null; echo '${MARK}'\n`);
    await done;
    return this.#output.slice(0, this.#output.indexOf(MARK)).replace(/\n$/, '');
  }

  close(): void {
    this.#shell.kill();
  }
}

const MARK = '\u0001end\u0001';
