/**
 * The claims of `why` as English sentences, for the terminal; the page has the same keys in its locale
 * tables. `{name}` stands for a value.
 */
export const WHY_MESSAGES: Readonly<Record<string, string>> = {
  'why.pod.ready': '{pod} is Ready',
  'why.pod.not-ready': '{pod} is not Ready',
  'why.pod.pending': '{pod} has no node',
  'why.pod.terminating': '{pod} is being deleted, since {since}',
  'why.pod.finished': '{pod} has finished: {phase}',
  'why.no-node-fits': 'no node fits at attempt {attempt}: {message}',
  'why.no-scheduler': 'no kube-scheduler runs: nobody looks for a node',
  'why.not-tried': 'the scheduler has not tried it yet',
  'why.container.waiting': 'container {container} waits: {reason} {message}',
  'why.container.terminated': 'container {container} ended with exit code {code}: {reason}',
  'why.container.unready': 'container {container} runs, but its readiness probe has not passed',
  'why.init.waiting': 'init container {container} has not completed',
  'why.event': '{reason}: {message}',
  'why.node.silent': '{node} does not report: Ready is {status}, {message}',
  'why.node.off': 'host {node} has no power',
  'why.node.not-noticed': '{node} is Ready to the API server, but its host has no power',
  'why.node.lease':
    'its lease was last renewed at {renewed}; the node lifecycle controller still waits for the next',
  'why.node.ready': '{node} is Ready',
  'why.node.not-ready': '{node} is not Ready',
  'why.service.endpoints': '{service} has {count} ready endpoints',
  'why.service.none': '{service} has no ready endpoints',
  'why.selector.nothing': 'its selector {selector} matches none of the {total} pods in {namespace}',
  'why.selector.near': '{pod} differs in label {label}: {actual} instead of {wanted}',
  'why.selector.unready': 'its selector {selector} matches {count} pods, none is Ready',
  'why.deployment.complete': '{deployment} has all {wanted} replicas available',
  'why.deployment.short': '{deployment} has {available} of {wanted} replicas available',
  'why.replicaset.failing': '{set} could not create pods: {message}',
};

/** The sentence of a claim. */
export function sentence(claim: string, values: Readonly<Record<string, string>>): string {
  const template = WHY_MESSAGES[claim] ?? claim;
  return template
    .replace(/\{(\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? (values[name] as string) : whole,
    )
    .trim();
}
