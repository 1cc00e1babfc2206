/**
 * A process that is stopped and a host whose links are cut are two different things, for every component.
 * The kernel of a stopped process goes on: it answers pings, completes handshakes and takes what is sent,
 * so peers wait for an answer until their own patience ends. A host that is cut off answers nothing at
 * all, while what runs on it goes on among itself.
 */
import { expect, test } from 'vitest';
import type { Node, Pod } from '../../src/ground/api/types.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createDeployment, createPod, onHost, pods, signal, wait } from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const HOSTS = ['workstation', 'cp-1', 'node-1', 'node-2'];
const KUBECTL = 'kubectl --kubeconfig /home/learner/.kube/config';

/** Whether TCP connects from a host, and what curl says in the end. */
const knock = (lab: Lab, from: string, url: string): string => {
  const format = '%{http_code} %{time_connect}';
  const said = onHost(lab, from, `curl -sSk -m 5 -o /dev/null -w '${format}' ${url}`);
  const [, error = '', code, connected] = /^(curl: .*\n)?(\d+) ([\d.]+)$/.exec(said) ?? [];
  const milli = Number(connected) * 1000;
  const dial = milli === 0 ? 'no connection' : milli < 2 ? 'connected' : `after ${milli} ms`;
  return `${dial}, ${code === '000' ? error.trim() : code}`;
};

/** What kubectl says last, and how long it took. */
const ask = (lab: Lab, words: string): string => {
  const line = `S=$(date +%s); ${KUBECTL} ${words} 2>&1 | tail -1; echo "$(( $(date +%s) - S )) s"`;
  return onHost(lab, 'workstation', line, 400).trim().replace('\n', ' | ');
};

const ping = (lab: Lab, from: string, ip: string | undefined): string =>
  /\d+ received/.exec(onHost(lab, from, `ping -c 1 -W 1 ${ip}`))?.[0] ?? 'no answer';

/** What node-1 is after a while. */
const readyAfter = (lab: Lab, seconds: number): string => {
  wait(lab, seconds);
  const node = lab.cluster.stored<Node>('/registry/minions/node-1');
  const ready = node?.status?.conditions?.find((one) => one.type === 'Ready');
  return `${ready?.status}: ${ready?.message}`;
};

const podIp = (lab: Lab, name: string): string | undefined =>
  pods(lab).find((pod) => pod.metadata.name === name)?.status?.podIP;

const resolver = (lab: Lab): Pod | undefined =>
  pods(lab, 'kube-system').find((pod) => pod.metadata.name.startsWith('coredns'));

const TLS_SLOW = 'connected, curl: (28) Connection timed out after 5002 milliseconds';
const HTTP_SLOW =
  'connected, curl: (28) Operation timed out after 5002 milliseconds with 0 bytes received';
const UNREACHED = 'no connection, curl: (28) Connection timed out after 5002 milliseconds';
const NO_SERVER = 'Unable to connect to the server: dial tcp 192.168.0.10:6443: i/o timeout | 30 s';

interface Row {
  readonly name: string;
  readonly host: (lab: Lab) => string;
  readonly comm: string;
  /** Asked for at the moment of the fault. */
  readonly first?: (lab: Lab) => void;
  readonly look: (lab: Lab) => readonly string[];
  readonly stopped: readonly string[];
  readonly cut: readonly string[];
}

const onControlPlane = (): string => 'cp-1';
const onNode = (): string => 'node-1';

const ROWS: readonly Row[] = [
  {
    name: 'etcd',
    host: onControlPlane,
    comm: 'etcd',
    look: (lab) => [
      knock(lab, 'node-2', 'https://192.168.0.10:2379/health'),
      ask(lab, 'create namespace late'),
    ],
    // The API server is there, and gives up on its store by its own limit for a request.
    stopped: [
      TLS_SLOW,
      'Error from server (Timeout): Timeout: request did not complete within the allotted timeout | 60 s',
    ],
    cut: [UNREACHED, NO_SERVER],
  },
  {
    name: 'kube-apiserver',
    host: onControlPlane,
    comm: 'kube-apiserver',
    look: (lab) => [knock(lab, 'node-2', 'https://192.168.0.10:6443/livez'), ask(lab, 'get pods')],
    stopped: [TLS_SLOW, 'Unable to connect to the server: net/http: TLS handshake timeout | 10 s'],
    cut: [UNREACHED, NO_SERVER],
  },
  {
    name: 'kube-controller-manager',
    host: onControlPlane,
    comm: 'kube-controller-manager',
    first: (lab) => createDeployment(lab, 'late', 2),
    look: (lab) => [
      knock(lab, 'cp-1', 'https://127.0.0.1:10257/healthz'),
      `${pods(lab).filter((pod) => pod.metadata.name.startsWith('late-')).length} pods`,
      ask(lab, 'get deployment late -o name'),
    ],
    stopped: [TLS_SLOW, '0 pods', 'deployment.apps/late | 0 s'],
    cut: ['connected, 200', '2 pods', NO_SERVER],
  },
  {
    name: 'kube-scheduler',
    host: onControlPlane,
    comm: 'kube-scheduler',
    first: (lab) => createPod(lab, 'late', 'nginx'),
    look: (lab) => {
      const late = pods(lab).find((pod) => pod.metadata.name === 'late');
      return [
        knock(lab, 'cp-1', 'https://127.0.0.1:10259/healthz'),
        `${late?.spec?.nodeName === undefined ? 'no node' : 'bound'} ${late?.status?.phase}`,
        ask(lab, 'get pod late -o name'),
      ];
    },
    stopped: [TLS_SLOW, 'no node Pending', 'pod/late | 0 s'],
    cut: ['connected, 200', 'bound Pending', NO_SERVER],
  },
  {
    name: 'kubelet',
    host: onNode,
    comm: 'kubelet',
    look: (lab) => [
      knock(lab, 'node-2', 'https://192.168.0.11:10250/healthz'),
      knock(lab, 'node-2', `http://${podIp(lab, 'web')}/`),
      ask(lab, 'logs web'),
      readyAfter(lab, 60),
    ],
    stopped: [
      TLS_SLOW,
      'connected, 200',
      'Error from server: Get "https://192.168.0.11:10250/containerLogs/default/web/main": net/http: TLS handshake timeout | 10 s',
      'Unknown: Kubelet stopped posting node status.',
    ],
    cut: [
      UNREACHED,
      UNREACHED,
      'Error from server: Get "https://192.168.0.11:10250/containerLogs/default/web/main": dial tcp 192.168.0.11:10250: i/o timeout | 30 s',
      'Unknown: Kubelet stopped posting node status.',
    ],
  },
  {
    name: 'containerd',
    host: onNode,
    comm: 'containerd',
    look: (lab) => [
      onHost(lab, 'node-1', 'crictl ps -q 2>&1 | sed -n "s/.*desc = //p"').trim(),
      knock(lab, 'node-2', `http://${podIp(lab, 'web')}/`),
      ask(lab, 'exec web -- true'),
      readyAfter(lab, 30),
    ],
    stopped: [
      'context deadline exceeded"',
      'connected, 200',
      'error: Internal error occurred: unable to upgrade connection: rpc error: code = DeadlineExceeded desc = context deadline exceeded | 120 s',
      'False: container runtime is down',
    ],
    cut: [
      '',
      UNREACHED,
      'error: Internal error occurred: error sending request: Post "https://192.168.0.11:10250/exec/default/web/main?command=true&error=1&output=1": dial tcp 192.168.0.11:10250: i/o timeout | 30 s',
      'Unknown: Kubelet stopped posting node status.',
    ],
  },
  {
    name: 'kube-proxy',
    host: onNode,
    comm: 'kube-proxy',
    first: (lab) => void onHost(lab, 'workstation', `${KUBECTL} expose deployment app --port=80`),
    look: (lab) => [
      knock(lab, 'node-2', 'http://192.168.0.11:10256/healthz'),
      knock(lab, 'node-1', 'http://127.0.0.1:10256/healthz'),
      `${onHost(lab, 'node-1', 'iptables-save -t nat | grep -c "default/app cluster IP"').trim()} rules`,
    ],
    stopped: [HTTP_SLOW, HTTP_SLOW, '0 rules'],
    cut: [UNREACHED, 'connected, 200', '0 rules'],
  },
  {
    name: 'CoreDNS',
    host: (lab) => resolver(lab)?.spec?.nodeName ?? '',
    comm: 'coredns',
    look: (lab) => {
      const ip = resolver(lab)?.status?.podIP;
      const from = resolver(lab)?.spec?.nodeName === 'node-2' ? 'node-1' : 'node-2';
      const dig = `dig +tries=1 +time=2 +short @${ip} kubernetes.default.svc.cluster.local`;
      return [
        knock(lab, from, `http://${ip}:8080/health`),
        onHost(lab, from, dig).trim().split('\n')[0]?.replace(`${ip}`, 'IP') ?? '',
        ping(lab, from, ip),
      ];
    },
    stopped: [HTTP_SLOW, ';; communications error to IP#53: timed out', '1 received'],
    cut: [UNREACHED, ';; communications error to IP#53: timed out', '0 received'],
  },
  {
    name: "an ordinary pod's server",
    host: onNode,
    comm: 'nginx',
    look: (lab) => [
      knock(lab, 'node-2', `http://${podIp(lab, 'web')}/`),
      ping(lab, 'node-2', podIp(lab, 'web')),
    ],
    stopped: [HTTP_SLOW, '1 received'],
    cut: [UNREACHED, '0 received'],
  },
];

function scene(): Lab {
  const lab = bootLab({ seed: 7, nodes: 2, profile: 'modern' });
  createPod(lab, 'web', 'nginx', { nodeName: 'node-1' });
  createDeployment(lab, 'app', 1);
  wait(lab, 20);
  return lab;
}

test.each(ROWS)('$name, stopped or cut off', (row) => {
  const stopped = scene();
  expect(signal(stopped, row.host(stopped), row.comm, 'SIGSTOP')).toBeGreaterThan(0);
  row.first?.(stopped);
  wait(stopped, 1);
  expect(row.look(stopped)).toEqual(row.stopped);

  const cut = scene();
  const host = row.host(cut);
  row.first?.(cut);
  for (const other of HOSTS) if (other !== host) cut.faults.cut(other, host, false);
  wait(cut, 1);
  expect(row.look(cut)).toEqual(row.cut);
});
