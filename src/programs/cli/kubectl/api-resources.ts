/** `kubectl api-resources` and `kubectl api-versions` (k8s.io/kubectl/pkg/cmd/apiresources, v0.34). */
import { ok } from '../../../ground/base/result.ts';
import { compareText, sortedText } from '../../../ground/base/text.ts';
import { fail, failApi } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { groupVersion, type Mapping, qualified } from './mapper.ts';
import type { Session, Verb } from './session.ts';
import { TableWriter } from './table.ts';

export const apiResources: Verb = {
  name: 'api-resources',
  usage: '[flags] [options]',
  short: 'Print the supported API resources on the server',
  flags: flagSpecs(
    "api-group='' cached=false categories=[] namespaced=true no-headers=false o output='' sort-by='' verbs=[]",
  ),
  *run(session) {
    const { flags } = session;
    if (session.args.length > 0)
      return session.usageError(`unexpected arguments: [${session.args.join(' ')}]`);
    const output = flags.text('output');
    if (output !== '' && output !== 'wide' && output !== 'name')
      return fail(`--output ${output} is not available`);
    const sortBy = flags.text('sort-by');
    if (sortBy !== '' && sortBy !== 'name' && sortBy !== 'kind')
      return fail('--sort-by accepts only name or kind');
    const mapper = session.mapper();
    if (!mapper.ok) return mapper;
    const all = yield* flags.bool('cached') ? mapper.value.all() : mapper.value.refresh();
    if (!all.ok) return failApi(all.error);
    const chosen = all.value.filter((each) => each.preferred && isWanted(session, each));
    chosen.sort(
      (a, b) =>
        compareText(keyOf(a, sortBy), keyOf(b, sortBy)) || compareText(a.resource, b.resource),
    );
    if (output === 'name') {
      yield* session.print(chosen.map((each) => `${qualified(each)}\n`).join(''));
      return ok(0);
    }
    const wide = output === 'wide';
    const head = [
      'NAME',
      'SHORTNAMES',
      'APIVERSION',
      'NAMESPACED',
      'KIND',
      ...(wide ? ['VERBS', 'CATEGORIES'] : []),
    ];
    const rows = chosen.map((each) => rowOf(each, wide));
    yield* session.print(
      new TableWriter().format([...(flags.bool('no-headers') ? [] : [head]), ...rows]),
    );
    return ok(0);
  },
};

function isWanted(session: Session, mapping: Mapping): boolean {
  const { flags } = session;
  if (flags.has('api-group') && mapping.group !== flags.text('api-group')) return false;
  if (flags.has('namespaced') && mapping.namespaced !== flags.bool('namespaced')) return false;
  const verbs = flags.list('verbs');
  const categories = flags.list('categories');
  return (
    verbs.every((verb) => mapping.verbs.includes(verb)) &&
    categories.every((category) => mapping.categories.includes(category))
  );
}

function keyOf(mapping: Mapping, sortBy: string): string {
  if (sortBy === 'name') return mapping.resource;
  return sortBy === 'kind' ? mapping.kind : mapping.group;
}

function rowOf(mapping: Mapping, wide: boolean): readonly string[] {
  const { resource, shortNames, namespaced, kind, verbs, categories } = mapping;
  const row = [resource, shortNames.join(','), groupVersion(mapping), String(namespaced), kind];
  return wide ? [...row, verbs.join(','), categories.join(',')] : row;
}

export const apiVersions: Verb = {
  name: 'api-versions',
  usage: '[options]',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  flags: [],
  *run(session) {
    if (session.args.length > 0)
      return session.usageError(`unexpected arguments: [${session.args.join(' ')}]`);
    const mapper = session.mapper();
    if (!mapper.ok) return mapper;
    const all = yield* mapper.value.refresh();
    if (!all.ok) return failApi(all.error);
    const versions = sortedText(new Set(all.value.map(groupVersion)));
    yield* session.print(versions.map((version) => `${version}\n`).join(''));
    return ok(0);
  },
};
