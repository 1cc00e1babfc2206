/**
 * The chunk of programs that people type: shells, tools, command lines. The page loads it beside the
 * first view; until then `lazy-program` stands in for each of them. `console-table` names what is here
 * (a test holds the two equal).
 */
import { compileExtended } from '../ground/lang/regexp/posix.ts';
import type { Program } from '../machines/machine/process.ts';
import { crictl } from '../programs/cli/crictl/index.ts';
import { etcdctl, etcdutl } from '../programs/cli/etcdctl/index.ts';
import { kubectlFor } from '../programs/cli/kubectl/index.ts';
import { ashWith, bashWith } from '../programs/shell/index.ts';
import { conntrack } from '../programs/tools/conntrack.ts';
import { busyboxTools, TEXT_TOOLS } from '../programs/tools/index.ts';
import {
  ip6tables,
  iptables,
  iptablesRestore,
  iptablesSave,
  iptablesSaveWith,
} from '../programs/tools/iptables.ts';
import { busyboxNetworkTools, NETWORK_TOOLS } from '../programs/tools/network-tools.ts';
import { type CodeShelf, lateRegexps } from './lazy-program.ts';

/** All of them by key: the path where they stand on a host, or a name of their own. */
export function consolePrograms(shelf: CodeShelf): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>([
    ['bash', bashWith(lateRegexps(shelf))],
    ['ash', ashWith(lateRegexps(shelf))],
    ['/usr/local/bin/crictl', crictl],
    ['/usr/local/bin/etcdctl', etcdctl],
    ['/usr/local/bin/etcdutl', etcdutl],
    ['kubectl modern', kubectlFor('modern')],
    ['kubectl seed-era', kubectlFor('seed-era')],
    ['/usr/sbin/conntrack', conntrack],
    ['/usr/sbin/iptables', iptables],
    ['/usr/sbin/iptables-save', iptablesSave],
    ['iptables-save seed-era', iptablesSaveWith(12)],
    ['/usr/sbin/iptables-restore', iptablesRestore],
    ['/usr/sbin/ip6tables', ip6tables],
  ]);
  for (const tool of [...TEXT_TOOLS, ...NETWORK_TOOLS]) programs.set(tool.path, tool.program);
  for (const tool of [...busyboxTools, ...busyboxNetworkTools])
    programs.set(`busybox ${tool.path}`, tool.program);
  return programs;
}

/** Those, and `regexps` for the shells. */
export function consoleCode(shelf: CodeShelf): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([...consolePrograms(shelf), ['regexps', compileExtended]]);
}
