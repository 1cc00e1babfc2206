/**
 * The tools' texts against the machine's own iptables (nf_tables) in a network namespace of its own:
 * the same commands, the same output and exit codes. Versions are written as one. Skipped, and said
 * so, where iptables or namespaces are not to be had.
 */
import { execFileSync } from 'node:child_process';
import { bytes } from 'virtual:core/packet';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/ground/base/random.ts';
import { saveText } from '../../src/machines/network/netfilter/list.ts';
import {
  createNetfilter,
  type NamespaceNetfilter,
} from '../../src/machines/network/netfilter/netfilter.ts';
import { TABLES } from '../../src/machines/network/netfilter/tables.ts';
import type { TableName } from '../../src/machines/network/netfilter/types.ts';
import { splitWords } from '../../src/machines/network/netfilter/parse-words.ts';
import { createPacketCore } from '../../src/machines/network/packet-core.ts';
import { runIptables } from '../../src/programs/tools/iptables-command.ts';
import { RESTORED, TYPED } from './iptables-commands.ts';
import { runRestore } from '../../src/programs/tools/iptables-restore-text.ts';

const RESTORE = `*filter
:FOO - [0:0]
-A INPUT -j FOO
[3:180] -A FOO -s 10.1.0.0/16 -j RETURN
COMMIT
*nat
:KUBE-SVC-A - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SEP-A - [0:0]
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-SVC-A ! -s 10.244.0.0/16 -d 10.96.5.5/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-A -m comment --comment "default/web:http -> 10.244.1.5:8080" -m statistic --mode random --probability 0.3333333333 -j KUBE-SEP-A
-A KUBE-SEP-A -s 10.244.1.5/32 -m comment --comment default/web:http -j KUBE-MARK-MASQ
-A KUBE-SEP-A -p tcp -m comment --comment default/web:http -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A POSTROUTING -m addrtype --dst-type LOCAL -j MASQUERADE --random-fully
COMMIT
`;

const COMMANDS = [
  'iptables -N T',
  'iptables -A INPUT -p tcp --syn -m limit --limit 3/min -m comment --comment "hello world" -g T',
  'iptables -A INPUT ! -i eth+ ! -p udp -m mark ! --mark 0x4000/0x4000 -j ACCEPT',
  'iptables -A INPUT',
  'iptables -A INPUT -m recent --name K --rcheck --seconds 10 --reap --rsource -j ACCEPT',
  'iptables -A INPUT -m addrtype ! --dst-type LOCAL -j ACCEPT',
  'iptables -A INPUT -m statistic --mode nth --every 3 --packet 1 -j ACCEPT',
  'iptables -A INPUT -m iprange --src-range 1.1.1.1-1.1.1.9',
  'iptables -A INPUT -p icmp --icmp-type echo-request',
  'iptables -A INPUT -m connmark --mark 3 -j DROP',
  'iptables -A INPUT -m conntrack ! --ctstate DNAT,NEW -j DROP',
  'iptables -A INPUT -m tcp -p tcp ! --sport 5:10 -j ACCEPT',
  'iptables -A INPUT -p tcp -m multiport --dports 80,443,1000:1005 -j REJECT',
  'iptables -A INPUT -s 10.1.2.3/16 -d 192.168.1.1 -j REJECT --reject-with icmp-host-prohibited',
  'iptables -A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN',
  'iptables -A OUTPUT ! -d 127.0.0.1/32 -o lo -j T',
  'iptables -I FORWARD 1 -i cni0 -o cni0 -m state --state RELATED,ESTABLISHED -j ACCEPT',
  'iptables -t nat -A PREROUTING -p tcp -j REDIRECT --to-port 15001',
  'iptables -t nat -A POSTROUTING -j MASQUERADE --random-fully',
  'iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source 1.2.3.4-1.2.3.9:100-200 --random',
  'iptables -t nat -A OUTPUT -p tcp -j DNAT --to-destination :99',
  'iptables -t nat -A PREROUTING -p udp --dport 53 -j DNAT --to-destination 10.0.0.1:5353',
  'iptables -t mangle -A PREROUTING -j MARK --set-mark 5',
  'iptables -t mangle -A PREROUTING -j MARK --and-mark 0xff',
  'iptables -t mangle -A PREROUTING -j MARK --set-xmark 0x1/0xff',
  'iptables -t mangle -A PREROUTING -j CONNMARK --save-mark',
  'iptables -P FORWARD DROP',
  'iptables -L -n',
  'iptables -L',
  'iptables -nvL --line-numbers',
  'iptables -t nat -L -n -v -x',
  'iptables -t mangle -L -n -v',
  'iptables -S',
  'iptables -t nat -S',
  'iptables -S INPUT 2 -v',
  'iptables -L INPUT 1 -n',
  'iptables -C INPUT -m connmark --mark 3 -j DROP',
  'iptables -D INPUT 99',
  'iptables -D INPUT -j DROP',
  'iptables -C INPUT -j DROP',
  'iptables -A NOPE -j ACCEPT',
  'iptables -A INPUT -j NOPE',
  'iptables --x',
  'iptables -A INPUT -m foo -j ACCEPT',
  'iptables -N INPUT',
  'iptables -N T',
  'iptables -X KUBE-A',
  'iptables -X T',
  'iptables -X INPUT',
  'iptables -t foo -L',
  'iptables -A INPUT --dport 80 -j ACCEPT',
  'iptables -P INPUT FOO',
  'iptables -P T ACCEPT',
  'iptables',
  'iptables -A INPUT -p tcp -j DNAT --to-destination 1.1.1.1',
  'iptables -F ZZ',
  'iptables -I INPUT 99 -j ACCEPT',
  'iptables -R INPUT 99 -j ACCEPT',
  'iptables -A INPUT -p foo -j ACCEPT',
  'iptables -A INPUT -s foo -j ACCEPT',
  'iptables -A INPUT -j',
  'iptables -A INPUT -p tcp --dport 99999 -j ACCEPT',
  'iptables -A T -j T',
  'iptables -V',
  `iptables -N ${'L'.repeat(42)}`,
  'iptables -A INPUT -m mark -j ACCEPT',
  'iptables -A INPUT -j DROP extra',
  'iptables -Z',
  'iptables -A INPUT -L',
  'iptables -E T U',
  'iptables -D INPUT 1',
  'iptables -E T U',
  'iptables -t nat -A INPUT -j REJECT',
  'iptables -R INPUT 2 -j DROP',
  'iptables-save',
  'iptables -F',
  'iptables -X',
  `iptables-restore -n -c <<'E'\n${RESTORE}E`,
  'iptables-save -c',
  'iptables -t nat -nL',
  'iptables -t nat -S',
  "iptables-restore -n <<'E'\n*filter\n:FOO - [0:0]\n-A FOO -j BAR2\nCOMMIT\nE",
  "iptables-restore -n <<'E'\n*filter\n:FOO - [0:0]\n-A FOO --bad x\nCOMMIT\nE",
  "iptables-restore -n <<'E'\n*filter\n-A FOO2 -j ACCEPT\nCOMMIT\nE",
  "iptables-restore -n <<'E'\n*filter\n-A INPUT -j ACCEPT\nE",
  "iptables-restore -n <<'E'\nfoo\nE",
];

/** The long lists were made with this release; its texts change from one to the next. */
if (version() === '1.8.9') COMMANDS.push(...TYPED, ...RESTORED);

function version(): string | undefined {
  try {
    return /v(\S+)/.exec(execFileSync('iptables', ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

const MARKER = '=====';

function real(): readonly string[] | undefined {
  const script = COMMANDS.map((command) => `${command}\necho "${MARKER}$?"`).join('\n');
  try {
    const text = execFileSync('unshare', ['-n', 'bash', '-c', `set +H; exec 2>&1\n${script}`], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    const parts = text.split(new RegExp(`${MARKER}(\\d+)\n`));
    return COMMANDS.map((_, index) =>
      normal(`${parts[index * 2] ?? ''}exit ${parts[index * 2 + 1] ?? '?'}`),
    );
  } catch {
    return undefined;
  }
}

function normal(text: string): string {
  return text
    .replace(/v1\.8\.\d+/g, 'v1.8')
    .replace(/ on \w{3} \w{3} .\d .*/g, ' on DATE')
    .replace(/\[\d+:\d+\]$/gm, '[c]');
}

function make(): NamespaceNetfilter {
  return createNetfilter({
    core: createPacketCore({ wasm: bytes }),
    now: () => 0,
    random: new RandomStream(1, 'x'),
  });
}

function tableOf(argv: readonly string[]): TableName | undefined {
  const name = argv[argv.indexOf('-t') + 1];
  return argv.includes('-t') ? TABLES.find((table) => table === name) : undefined;
}

function ours(netfilter: NamespaceNetfilter, command: string): string {
  const [line = '', ...rest] = command.split('\n');
  const [program, ...argv] = splitWords(line.replace(" <<'E'", ''));
  if (program === 'iptables-save')
    return normal(
      `${saveText(netfilter, { wall: 0, counters: argv.includes('-c'), table: tableOf(argv) })}exit 0`,
    );
  const outcome =
    program === 'iptables'
      ? runIptables(netfilter, argv)
      : runRestore(netfilter, `${rest.slice(0, -1).join('\n')}\n`, {
          program: 'iptables-restore',
          flush: !argv.includes('-n'),
          counters: argv.includes('-c'),
          test: argv.includes('-t'),
          table: undefined,
        });
  return normal(`${outcome.stdout}${outcome.stderr}exit ${outcome.code}`);
}

const theirs = real();
if (theirs === undefined)
  console.warn('iptables-text: no iptables in network namespaces here, the comparison is SKIPPED');

describe.skipIf(theirs === undefined)('the same as the real iptables', () => {
  const netfilter = make();
  test.each(COMMANDS.map((command, index) => [command, index] as const))('%s', (command, index) => {
    expect(ours(netfilter, command)).toBe(theirs?.[index]);
  });
});

test('what is saved and restored is saved alike', () => {
  const netfilter = make();
  for (const command of COMMANDS) ours(netfilter, command);
  const first = make();
  const text = RESTORE;
  expect(
    runRestore(first, text, {
      program: 'iptables-restore',
      flush: true,
      counters: true,
      test: false,
      table: undefined,
    }).code,
  ).toBe(0);
  const saved = saveText(first, { wall: 0, counters: true, table: undefined });
  const second = make();
  expect(
    runRestore(second, saved, {
      program: 'iptables-restore',
      flush: true,
      counters: true,
      test: false,
      table: undefined,
    }).code,
  ).toBe(0);
  expect(saveText(second, { wall: 0, counters: true, table: undefined })).toBe(saved);
  expect(saved).toContain('--probability 0.33333333349');
  expect(saved).toContain('[3:180] -A FOO -s 10.1.0.0/16 -j RETURN');
});
