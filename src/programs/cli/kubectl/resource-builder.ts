/**
 * Which objects a command means: `TYPE NAME…`, `TYPE/NAME …`, `TYPE,TYPE`, a category, `-l`, `--all`
 * or files (k8s.io/cli-runtime/pkg/resource/builder.go, v0.34). Failures of single objects do not keep
 * the others from being worked on; the caller tells them at the end.
 */
import type { KubeObject } from '../../../ground/api/object.ts';
import { labelsOf, withMeta } from '../../../ground/api/meta.ts';
import { matches, parseSelector } from '../../../ground/api/selector.ts';
import { err, ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Loose } from './api.ts';
import {
  apiFailure,
  fail,
  failApi,
  type Failure,
  isNotFound,
  type Outcome,
  textFailure,
} from './failure.ts';
import { type Manifests, manifestsOf, readManifests } from './manifest.ts';
import type { Mapping } from './mapper.ts';
import type { Session } from './session.ts';
import { localMapping } from './kinds.ts';
import type { ApiError } from '../../../spine/client/types.ts';

/** A type with the names wanted of it; no names: all that the selectors leave. */
export interface Target {
  readonly mapping: Mapping;
  readonly names: readonly string[];
}

/** One object to work on. */
export interface Subject {
  readonly mapping: Mapping;
  readonly namespace: string;
  readonly name: string;
  readonly object: Loose;
  /** The file it came from, or ''. */
  readonly source: string;
}

export interface Visited {
  readonly infos: readonly Subject[];
  readonly failures: readonly Failure[];
  /** One object was asked for by name: it is printed alone, not in a list. */
  readonly single: boolean;
}

export const NO_RESOURCES =
  "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/** Files and arguments do not go together. */
export const PATHS_AND_ARGUMENTS =
  'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well';

/** Types and names out of arguments. */
export function* targetsOf(
  session: Session,
  args: readonly string[],
): Task<Outcome<readonly Target[]>> {
  if (args.some((arg) => arg.includes('/'))) return yield* slashTargets(session, args);
  const types = yield* typesOf(session, args[0] ?? '');
  if (!types.ok) return types;
  const names = [...new Set(args.slice(1))];
  return ok(types.value.map((mapping) => ({ mapping, names })));
}

/** `pod/a svc/b`, kept in order, names of one type together when they follow each other. */
function* slashTargets(
  session: Session,
  args: readonly string[],
): Task<Outcome<readonly Target[]>> {
  const targets: { mapping: Mapping; names: string[] }[] = [];
  for (const arg of args) {
    const parts = arg.split('/');
    if (parts.length === 1) {
      return fail(
        `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'`,
      );
    }
    if (parts.length > 2) {
      return fail('arguments in resource/name form may not have more than one slash');
    }
    const [type = '', name = ''] = parts;
    if (type === '' || name === '' || type.includes(',')) {
      return fail('arguments in resource/name form must have a single resource and name');
    }
    const mapping = yield* session.mapping(type);
    if (!mapping.ok) return mapping;
    const last = targets.at(-1);
    if (last?.mapping === mapping.value) {
      if (!last.names.includes(name)) last.names.push(name);
    } else targets.push({ mapping: mapping.value, names: [name] });
  }
  return ok(targets);
}

/** `pods,svc`, or a category: `all`. */
function* typesOf(session: Session, text: string): Task<Outcome<readonly Mapping[]>> {
  const mapper = session.mapper();
  if (!mapper.ok) return mapper;
  const found: Mapping[] = [];
  for (const type of text.split(',').filter((each) => each !== '')) {
    const all = yield* mapper.value.all();
    if (!all.ok) return failApi(all.error);
    const members = all.value.filter((each) => each.preferred && each.categories.includes(type));
    if (members.length > 0) {
      found.push(...members.filter((each) => each.verbs.includes('list')));
      continue;
    }
    const mapping = yield* session.mapping(type);
    if (!mapping.ok) return mapping;
    if (!found.includes(mapping.value)) found.push(mapping.value);
  }
  return ok(found);
}

/** The namespace that a command works in: '' for all of them. */
export function namespaceOf(session: Session): Outcome<string> {
  if (session.flags.bool('all-namespaces')) return ok('');
  return session.namespace();
}

export interface VisitOptions {
  readonly args?: readonly string[];
  /** No names and no selector means everything (get, describe, label with --all). */
  readonly everything?: boolean;
  /** Objects of files are read from the server. */
  readonly latest?: boolean;
  /** Labels that choose, instead of `--selector`. */
  readonly selector?: string;
  /** Read this subresource of each object. */
  readonly subresource?: string;
  /** What to say without any resource. */
  readonly missing?: string;
}

/** The objects that arguments, selectors and files name, read from the server. */
export function* visit(session: Session, options: VisitOptions = {}): Task<Outcome<Visited>> {
  const { flags } = session;
  const args = options.args ?? session.args;
  const files = flags.list('filename');
  const kustomize = refuseKustomize(session);
  if (kustomize !== undefined) return err(kustomize);
  if (flags.bool('local')) return yield* visitLocal(session, args, files);
  if (files.length > 0) {
    if (args.length > 0) {
      return fail(PATHS_AND_ARGUMENTS);
    }
    return yield* visitFiles(session, files, options.latest !== false);
  }
  if (args.length === 0) return fail(options.missing ?? NO_RESOURCES);
  const targets = yield* targetsOf(session, args);
  if (!targets.ok) return targets;
  return yield* visitTargets(session, targets.value, options);
}

/** `--local`: the objects of files as they stand there, without asking the server. */
function* visitLocal(
  session: Session,
  args: readonly string[],
  files: readonly string[],
): Task<Outcome<Visited>> {
  if (args.length > 0 || files.length === 0) {
    return fail(
      session.path === 'kubectl patch'
        ? 'cannot specify --local and server resources'
        : 'can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set',
    );
  }
  const recursive = session.flags.bool('recursive');
  const read = yield* readManifests(session.process, files, recursive, false);
  const infos = read.found.map(({ object, source }) =>
    infoOf(localMapping(object), object as Loose, source),
  );
  return ok({ infos, failures: read.failures, single: infos.length === 1 });
}

/** What `-k` meets: a folder without its file, as upstream says; else that this is not modelled. */
export function refuseKustomize(session: Session): Failure | undefined {
  const folder = session.flags.text('kustomize');
  if (folder === '') return undefined;
  if (session.flags.list('filename').length > 0)
    return textFailure('only one of -f or -k can be specified');
  return kustomizeProblem(session, folder);
}

/** What is wrong with a folder as a kustomization, or that there is none here. */
export function kustomizeProblem(session: Session, folder: string): Failure {
  const { files, cwd } = session.process;
  const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
  const path = folder === '.' ? cwd : folder.startsWith('/') ? folder : `${cwd}/${folder}`;
  if (!files.exists(path))
    return textFailure(
      `evalsymlink failure on '${path}' : lstat ${path}: no such file or directory`,
    );
  if (!names.some((name) => files.exists(`${path}/${name}`)))
    return textFailure(
      `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${path}'`,
    );
  return textFailure('kustomize is not part of this simulator: write the manifests out and use -f');
}

function* visitTargets(
  session: Session,
  targets: readonly Target[],
  options: VisitOptions,
): Task<Outcome<Visited>> {
  const { flags } = session;
  const { everything = false, subresource = '' } = options;
  const namespace = namespaceOf(session);
  if (!namespace.ok) return namespace;
  const api = session.api();
  if (!api.ok) return api;
  const selector = options.selector ?? flags.text('selector');
  const fieldSelector = flags.text('field-selector');
  const selects = selector !== '' || fieldSelector !== '';
  const wanted = targets.some((target) => target.names.length > 0);
  if (wanted && selects) return fail('name cannot be provided when a selector is specified');
  if (wanted && namespace.value === '' && targets.some((each) => each.mapping.namespaced)) {
    return fail('a resource cannot be retrieved by name across all namespaces');
  }
  if (flags.bool('all') && selector !== '') {
    return fail("setting 'all' parameter but found a non empty selector. ");
  }
  if (!wanted && !selects && !flags.bool('all') && !everything) {
    return fail('resource(s) were provided, but no name was specified');
  }
  const infos: Subject[] = [];
  const failures: Failure[] = [];
  for (const { mapping, names } of targets) {
    const where = mapping.namespaced ? namespace.value : '';
    for (const name of names) {
      const got = yield* api.value.get(mapping, where, name, subresource);
      if (got.ok) infos.push(infoOf(mapping, got.value));
      else if (!(flags.bool('ignore-not-found') && isNotFound(got.error))) {
        failures.push(apiFailure(got.error));
      }
    }
    if (names.length > 0) continue;
    const list = yield* api.value.items(mapping, where, {
      ...(selector === '' ? {} : { labelSelector: selector }),
      ...(fieldSelector === '' ? {} : { fieldSelector }),
    });
    if (!list.ok) failures.push(listFailure(list.error, mapping, selector, fieldSelector));
    else for (const object of list.value) infos.push(infoOf(mapping, object));
  }
  const single = targets.length === 1 && targets[0]?.names.length === 1;
  return ok({ infos, failures, single });
}

/** A list that was refused says what was looked for (resource.EnhanceListError). */
export function listFailure(
  error: ApiError,
  mapping: Mapping,
  selector: string,
  fieldSelector: string,
): Failure {
  if (error.status === undefined || (error.code !== 400 && error.code !== 404)) {
    return apiFailure(error);
  }
  const resource = quote(`${groupVersionText(mapping)}, Resource=${mapping.resource}`);
  const doing =
    selector === '' && fieldSelector === ''
      ? `Unable to list ${resource}`
      : `Unable to find ${resource} that match label selector ${quote(selector)}, field selector ${quote(fieldSelector)}`;
  return apiFailure(error, doing);
}

/** `/v1`, `apps/v1`: group and version as Go prints them. */
function groupVersionText({ group, version }: Mapping): string {
  return `${group}/${version}`;
}

/** What is known of an object that the server gave. */
export function infoOf(mapping: Mapping, object: Loose, source = ''): Subject {
  const { name, namespace = '' } = object.metadata;
  return { mapping, namespace, name, object, source };
}

function* visitFiles(
  session: Session,
  files: readonly string[],
  latest: boolean,
): Task<Outcome<Visited>> {
  const local = yield* fileInfos(session, files);
  if (!local.ok || !latest) return local;
  const api = session.api();
  if (!api.ok) return api;
  const infos: Subject[] = [];
  const failures = [...local.value.failures];
  for (const info of local.value.infos) {
    const got = yield* api.value.get(info.mapping, info.namespace, info.name);
    if (got.ok) infos.push(infoOf(info.mapping, got.value, info.source));
    else if (!(session.flags.bool('ignore-not-found') && isNotFound(got.error))) {
      failures.push(apiFailure(got.error));
    }
  }
  return ok({ infos, failures, single: local.value.single });
}

/** The objects of files with their resource and namespace, as they stand there. */
export function* fileInfos(session: Session, files: readonly string[]): Task<Outcome<Visited>> {
  const validated = !['', 'false', 'ignore'].includes(session.flags.text('validate'));
  const recursive = session.flags.bool('recursive');
  const read = yield* readManifests(session.process, files, recursive, validated);
  return yield* placedInfos(session, read);
}

/** The objects of a text, as those of a file. */
export function* textInfos(session: Session, text: string, source: string): Task<Outcome<Visited>> {
  return yield* placedInfos(session, manifestsOf(text, source));
}

function* placedInfos(session: Session, read: Manifests): Task<Outcome<Visited>> {
  const mapper = session.mapper();
  if (!mapper.ok) return mapper;
  const infos: Subject[] = [];
  const failures: Failure[] = [...read.failures];
  for (const { object, source } of read.found) {
    const slash = object.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
    const version = object.apiVersion.slice(slash + 1);
    const mapping = yield* mapper.value.ofKind(group, version, object.kind);
    if (!mapping.ok) return failApi(mapping.error);
    if (mapping.value === undefined) {
      failures.push(noMatch(object, source));
      continue;
    }
    const placed = placedObject(session, mapping.value, object);
    if (!placed.ok) {
      failures.push(placed.error);
      continue;
    }
    infos.push(infoOf(mapping.value, placed.value, source));
  }
  return ok({ infos, failures, single: infos.length === 1 && failures.length === 0 });
}

/** `-l` on objects of files: those that it selects. */
export function selectedInfos(session: Session, visited: Visited): Outcome<Visited> {
  const text = session.flags.text('selector');
  if (text === '') return ok(visited);
  const selector = parseSelector(text);
  if (!selector.ok) return fail(selector.error);
  const infos = visited.infos.filter(({ object }) => matches(selector.value, labelsOf(object)));
  return ok({ ...visited, infos });
}

function noMatch(object: KubeObject, source: string): Failure {
  const { name = '', namespace = '' } = object.metadata as { name?: string; namespace?: string };
  return textFailure(
    `resource mapping not found for name: ${quote(name)} namespace: ${quote(namespace)} from ${quote(source)}: no matches for kind ${quote(object.kind)} in version ${quote(object.apiVersion)}\nensure CRDs are installed first`,
  );
}

/** The object with its namespace filled in; an explicit other one is refused. */
function placedObject(session: Session, mapping: Mapping, object: KubeObject): Outcome<Loose> {
  if (!mapping.namespaced) return ok(object as Loose);
  const namespace = session.namespace();
  if (!namespace.ok) return namespace;
  const own = object.metadata.namespace ?? '';
  if (own === '') return ok(withMeta(object, { namespace: namespace.value }) as Loose);
  if (session.namespaceGiven && own !== namespace.value) {
    return fail(
      `the namespace from the provided object ${quote(own)} does not match the namespace ${quote(namespace.value)}. You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  return ok(object as Loose);
}
