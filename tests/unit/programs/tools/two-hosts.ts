/** Two hosts on one network, with the tools in their places: command lines in, transcripts out. */
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { EventLoop } from '../../../../src/ground/base/event-loop.ts';
import { Recorder } from '../../../../src/ground/trace/recorder.ts';
import { MODERN_COSTS } from '../../../../src/machines/machine/costs.ts';
import { Host } from '../../../../src/machines/machine/host.ts';
import type { Program } from '../../../../src/machines/machine/process.ts';
import { Fabric } from '../../../../src/machines/network/fabric.ts';
import { bash } from '../../../support/shells.ts';
import { TEXT_TOOLS } from '../../../../src/programs/tools/index.ts';
import { NETWORK_TOOLS } from '../../../../src/programs/tools/network-tools.ts';
import { address } from '../../../support/small-network.ts';

export interface TwoHosts {
  readonly loop: EventLoop;
  readonly fabric: Fabric;
  readonly workstation: Host;
  readonly node: Host;
  /** Runs a line on the workstation's terminal, as root, until everything is quiet; gives what was shown. */
  shell(line: string, host?: Host): string;
}

const HOSTS =
  '127.0.0.1\tlocalhost\n192.168.0.1 gateway\n192.168.0.2 workstation\n192.168.0.11 node-1\n';
const SSHD =
  '[Unit]\nDescription=OpenBSD Secure Shell server\n\n[Service]\nExecStart=/usr/sbin/sshd -D\n\n[Install]\nWantedBy=multi-user.target\n';

export function twoHosts(prepare?: (workstation: Host, node: Host) => void): TwoHosts {
  const loop = new EventLoop();
  const fabric = new Fabric(loop, new Recorder(loop), MODERN_COSTS, { seed: 1 });
  const make = (name: string, ip: string): Host => {
    const host = new Host({
      name,
      ip: address(ip),
      bits: 16,
      fabric,
      costs: MODERN_COSTS,
      seed: 1,
    });
    const put = (
      path: string,
      content: Parameters<Host['files']['write']>[1],
      mode = 0o644,
    ): void => {
      host.files.mkdir(path.slice(0, path.lastIndexOf('/')), { parents: true });
      host.files.write(path, content, mode);
    };
    const tools: readonly { path: string; program: Program; mode?: number }[] = [
      ...TEXT_TOOLS,
      ...NETWORK_TOOLS,
    ];
    for (const tool of tools) put(tool.path, tool.program, tool.mode ?? 0o755);
    put('/usr/bin/bash', bash, 0o755);
    put('/etc/hosts', HOSTS);
    put('/etc/resolv.conf', 'nameserver 192.168.0.1\n');
    put('/lib/systemd/system/ssh.service', SSHD);
    host.files.mkdir('/etc/systemd/system/multi-user.target.wants', { parents: true });
    host.files.symlink(
      '/lib/systemd/system/ssh.service',
      '/etc/systemd/system/multi-user.target.wants/ssh.service',
    );
    return host;
  };
  const workstation = make('workstation', '192.168.0.2');
  const node = make('node-1', '192.168.0.11');
  prepare?.(workstation, node);
  workstation.boot();
  node.boot();
  loop.run({ quiet: true });
  return {
    loop,
    fabric,
    workstation,
    node,
    shell(line, host = workstation) {
      const shown: string[] = [];
      const pty = host.createTerminal({
        columns: 80,
        rows: 24,
        output: (bytes) => shown.push(textOf(bytes)),
      });
      const child = host.spawn({
        argv: ['bash', '-c', line],
        path: '/usr/bin/bash',
        env: new Map([
          ['HOME', '/root'],
          ['PATH', '/usr/sbin:/usr/bin:/sbin:/bin'],
        ]),
        terminal: pty.file,
      });
      pty.file.close();
      if (!child.ok) throw new Error(`spawn: ${child.error.errno} ${child.error.path}`);
      loop.run({ until: loop.now + 600_000_000, when: () => child.value.status !== undefined });
      return shown.join('');
    },
  };
}

/** Lines and what they print, one after the other. */
export function transcript(hosts: TwoHosts, lines: readonly string[], host?: Host): string {
  return `\n${lines.map((line) => `$ ${line}\n${hosts.shell(line, host)}`).join('')}`;
}
