// The peer's side of the comparison, copied beside its package in a temporary folder: the same
// Deployments on as many nodes, each from the create to the last pod Ready, on a cluster that is up.
import { BaseImage, Cluster } from '@ngrok/webernetes';

class Web extends BaseImage {
  static imageName = 'nginx';
  static imageVersion = 'latest';
  defaultCommand = ['server'];

  async exec(context) {
    context.listenHttp(80, async () => ({ statusCode: 200, body: 'hello\n' }));
    return await context.waitUntilKilled();
  }
}

const CALM_MS = 1000;

const isReady = (pod) =>
  (pod.status?.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True');

/** Milliseconds until every pod of the control plane is Ready, and then of each Deployment in turn. */
export async function runPeer(nodes, counts) {
  const before = performance.now();
  const cluster = new Cluster({ nodes });
  cluster.registerImage(Web);
  const pods = new Map();
  let told = () => {};
  let changed = before;
  const informer = cluster.informer('pods', (type, pod) => {
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const known = pods.get(name);
    if (type === 'delete') pods.delete(name);
    else pods.set(name, isReady(pod));
    if (known !== pods.get(name)) changed = performance.now();
    told();
  });
  const until = (done) =>
    new Promise((resolve) => {
      told = () => {
        if (done()) resolve();
      };
      told();
    });
  await cluster.init();
  await informer.start?.();
  // Its pods appear one after another: all is up when all have been Ready for a while.
  const calm = () =>
    performance.now() - changed > CALM_MS &&
    pods.size > 0 &&
    [...pods.values()].every((ready) => ready);
  while (!calm()) await new Promise((resolve) => setTimeout(resolve, 20));
  const start = changed - before;
  const ready = [];
  for (const replicas of counts) {
    const wanted = pods.size + replicas;
    const begin = performance.now();
    await cluster.apply([deployment(`web-${replicas}`, replicas)]);
    await until(() => {
      if (pods.size < wanted) return false;
      let count = 0;
      for (const value of pods.values()) if (value) count += 1;
      return count >= wanted;
    });
    ready.push(performance.now() - begin);
  }
  return { start, ready };
}

function deployment(name, replicas) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'nginx' }] },
      },
    },
  };
}
