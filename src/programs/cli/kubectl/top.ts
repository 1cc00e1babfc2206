/** `kubectl top` (k8s.io/kubectl/pkg/cmd/top, v0.34). It asks metrics.k8s.io, which metrics-server would serve. */
import { fail, failApi } from './failure.ts';
import { flagSpecs } from './flags.ts';
import type { Verb } from './session.ts';

function topVerb(name: string, aliases: readonly string[], flags: string): Verb {
  return {
    name,
    aliases,
    usage: '[NAME | -l label] [options]',
    short: `Display resource (CPU/memory) usage of ${aliases[0]}`,
    flags: flagSpecs(
      `no-headers=false l selector='' sort-by='' use-protocol-buffers=true ${flags}`,
    ),
    *run(session) {
      if (session.args.length > 1) return session.usageError(`${name} [NAME | -l label]`);
      const sort = session.flags.text('sort-by');
      if (!['', 'cpu', 'memory'].includes(sort))
        return fail('--sort-by accepts only cpu or memory');
      const mapper = session.mapper();
      if (!mapper.ok) return mapper;
      const all = yield* mapper.value.refresh();
      if (!all.ok) return failApi(all.error);
      if (!all.value.some((each) => each.group === 'metrics.k8s.io'))
        return fail('Metrics API not available');
      return fail('metrics of metrics.k8s.io are not printed by this simulator yet');
    },
  };
}

export const top: Verb = {
  name: 'top',
  usage: '[flags] [options]',
  short: 'Display resource (CPU/memory) usage',
  flags: [],
  verbs: [
    topVerb('node', ['nodes', 'no'], 'show-capacity=false show-swap=false'),
    topVerb(
      'pod',
      ['pods', 'po'],
      "A all-namespaces=false containers=false field-selector='' sum=false",
    ),
  ],
};
