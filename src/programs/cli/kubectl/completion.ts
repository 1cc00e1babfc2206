/**
 * What could stand next on a kubectl line: verbs, flags, types, names. Pure: what is in the cluster is
 * asked of a view. Small on purpose, because the page has it before kubectl itself is loaded; the table
 * of verbs and flags is made from the verbs (tests/unit/kubectl-completion.test.ts holds the two equal).
 */
import { compareText } from '../../../ground/base/text.ts';
import { COMPLETION_TABLE, type CompletionVerb } from './completion-table.ts';

/** What completion may look at. */
export interface KubectlView {
  /** Plural, singular and short names of all types. */
  types(): readonly string[];
  /** Names of the objects of a type in a namespace; '' means the context's own. */
  names(type: string, namespace: string): readonly string[];
  containers(pod: string, namespace: string): readonly string[];
  contexts(): readonly string[];
}

/** Verbs whose arguments are a type and then names of it. */
const TYPED = new Set(
  'get describe delete label annotate edit patch scale expose wait explain'.split(' '),
);
const TYPED_BELOW = new Set(['rollout', 'set']);
/** Verbs whose first argument is the name of a pod, or `type/name`. */
const POD_VERBS = new Set(['logs', 'exec', 'attach', 'port-forward']);
const NODE_VERBS = new Set(['cordon', 'uncordon', 'drain']);
const VALUE_FLAGS = new Set(
  '-n --namespace -o --output -l --selector -c --container -f --filename --image --replicas --context --for --field-selector --sort-by --type -p --patch --timeout --as -L'.split(
    ' ',
  ),
);
const OUTPUTS = [
  'custom-columns=',
  'custom-columns-file=',
  'json',
  'jsonpath=',
  'jsonpath-as-json=',
  'name',
  'wide',
  'yaml',
];

/** Words for the last of `words`, which is being typed; undefined: files. */
export function completeKubectl(
  words: readonly string[],
  view: KubectlView,
): readonly string[] | undefined {
  const typed = words.at(-1) ?? '';
  const previous = words.at(-2) ?? '';
  const namespace = namespaceOf(words);
  if (previous === '-n' || previous === '--namespace') return view.names('namespaces', '');
  if (previous === '-o' || previous === '--output') return OUTPUTS;
  if (previous === '--context') return view.contexts();
  if (previous === '-f' || previous === '--filename') return undefined;
  const { args, dash } = argumentsOf(words.slice(1, -1));
  if (dash) return undefined;
  if (previous === '-c' || previous === '--container')
    return view.containers(args[1] ?? '', namespace);
  const found = verbOf(args);
  if (typed.startsWith('-')) return found.verb === undefined ? [] : found.verb.flags;
  if (found.verb === undefined)
    return args.length === 0 ? COMPLETION_TABLE.map((verb) => verb.name) : [];
  if (found.verb.verbs.length > 0) return found.verb.verbs.map((verb) => verb.name);
  return argumentWords(found.path, found.rest, typed, namespace, view);
}

function argumentWords(
  path: readonly string[],
  rest: readonly string[],
  typed: string,
  namespace: string,
  view: KubectlView,
): readonly string[] | undefined {
  const [verb = ''] = path;
  const slash = typed.indexOf('/');
  if (slash > 0) {
    const type = typed.slice(0, slash);
    return view.names(type, namespace).map((name) => `${type}/${name}`);
  }
  if (TYPED.has(verb) || TYPED_BELOW.has(verb)) {
    if (rest.length === 0) return [...view.types()].sort(compareText);
    return view.names(rest[0] as string, namespace);
  }
  if (POD_VERBS.has(verb)) return rest.length === 0 ? view.names('pods', namespace) : [];
  if (NODE_VERBS.has(verb)) return view.names('nodes', '');
  if (verb === 'taint') return rest.length === 0 ? ['nodes'] : view.names('nodes', '');
  if (path.join(' ') === 'config use-context') return view.contexts();
  return verb === 'create' || verb === 'apply' ? undefined : [];
}

interface Found {
  readonly verb: CompletionVerb | undefined;
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

function verbOf(args: readonly string[]): Found {
  let verbs: readonly CompletionVerb[] = COMPLETION_TABLE;
  let verb: CompletionVerb | undefined;
  let at = 0;
  for (; at < args.length; at += 1) {
    const next = verbs.find((each) => each.name === args[at]);
    if (next === undefined) break;
    verb = next;
    verbs = next.verbs;
    if (verbs.length === 0) {
      at += 1;
      break;
    }
  }
  return { verb, path: args.slice(0, at), rest: args.slice(at) };
}

/** The words that are neither flags nor values of flags. */
function argumentsOf(words: readonly string[]): {
  readonly args: readonly string[];
  readonly dash: boolean;
} {
  const args: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '--') return { args, dash: true };
    if (!word.startsWith('-')) args.push(word);
    else if (VALUE_FLAGS.has(word)) at += 1;
  }
  return { args, dash: false };
}

function namespaceOf(words: readonly string[]): string {
  for (let at = 1; at < words.length - 1; at += 1) {
    const word = words[at] as string;
    if (word === '-n' || word === '--namespace') return words[at + 1] ?? '';
    const match = /^(?:--namespace=|-n=?)(.+)$/.exec(word);
    if (match !== null) return match[1] as string;
  }
  return '';
}
