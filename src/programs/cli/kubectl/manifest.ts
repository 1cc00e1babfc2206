/**
 * Manifests: `-f FILE | DIR | -`, as k8s.io/cli-runtime/pkg/resource/visitor.go (v0.34) reads them.
 * Every document is one object; lists are taken apart. What one file has wrong does not keep the
 * others from being read. A duplicate key is no error for kubectl: the last one counts.
 */
import { readWholeText } from '../../../machines/machine/files/read-whole.ts';
import { freezeDeep } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { textOf, concatBytes } from '../../../ground/base/bytes.ts';
import { compareText, quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { compileGlob, isPattern, matchesGlob } from '../../../ground/lang/glob.ts';
import { formatJson, parseJsonPrefix } from '../../../ground/lang/json.ts';
import { isValueMap, type Value, type ValueMap } from '../../../ground/lang/value.ts';
import { parseYaml } from '../../../ground/lang/yaml/index.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { type Failure, textFailure } from './failure.ts';

/** One document of a file. */
export interface Manifest {
  readonly object: KubeObject;
  /** The path as given, or `STDIN`. */
  readonly source: string;
}

export interface Manifests {
  readonly found: readonly Manifest[];
  readonly failures: readonly Failure[];
}

/**
 * Reads all files of `-f`. `validated` is for verbs with `--validate`: they say in their own words what is
 * no object at all (k8s.io/kubectl/pkg/validation), before the decoder could.
 */
export function* readManifests(
  process: Process,
  paths: readonly string[],
  recursive: boolean,
  validated: boolean,
): Task<Manifests> {
  const found: Manifest[] = [];
  const failures: Failure[] = absentPaths(process, paths);
  // A path that is not there keeps all others from being read.
  if (failures.length > 0) return { found, failures };
  for (const path of paths) {
    if (path === '-') {
      collect(yield* readAll(process), 'STDIN', validated, found, failures);
    } else if (/^https?:\/\//.test(path)) {
      failures.push(unreachable(process, path));
    } else {
      const named = process.files.exists(path) ? [path] : expanded(process, path);
      const files = named.flatMap((each) => filesOf(process, each, recursive));
      if (files.length === 0) {
        failures.push(
          textFailure(`error reading [${path}]: recognized file extensions are [.json .yaml .yml]`),
        );
      }
      for (const file of files) {
        const text = yield* readWholeText(process.files, file);
        if (text.ok) collect(text.value, file, validated, found, failures);
        else
          failures.push(
            textFailure(
              `open ${file}: ${text.error === 'EACCES' ? 'permission denied' : 'no such file or directory'}`,
            ),
          );
      }
    }
  }
  return { found, failures };
}

function absentPaths(process: Process, paths: readonly string[]): Failure[] {
  return paths
    .filter((path) => path !== '-' && !/^https?:\/\//.test(path))
    .filter((path) => !process.files.exists(path) && expanded(process, path).length === 0)
    .map((path) => textFailure(`the path ${quote(path)} does not exist`));
}

/** The files of a quoted pattern: kubectl reads patterns itself where no file has that name. */
function expanded(process: Process, pattern: string): readonly string[] {
  if (!isPattern(pattern)) return [];
  const start = pattern.startsWith('/') ? ['/'] : [''];
  let found: readonly string[] = start;
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    const glob = compileGlob(part, { extended: false });
    found = found.flatMap((folder) => {
      const names = process.files.list(folder === '' ? '.' : folder);
      return (names.ok ? names.value : [])
        .filter((name) => matchesGlob(glob, name))
        .sort(compareText)
        .map((name) => `${folder}${folder === '' || folder === '/' ? '' : '/'}${name}`);
    });
  }
  return found;
}

/** There is no Internet behind this lab: names of it are not found. */
function unreachable(process: Process, url: string): Failure {
  const host = /^https?:\/\/([^/:]+)/.exec(url)?.[1] ?? '';
  const table = process.files.readText('/etc/resolv.conf');
  const server = /^nameserver\s+(\S+)/m.exec(table.ok ? table.value : '')?.[1] ?? '127.0.0.1';
  const text = `Unable to connect to the server: dial tcp: lookup ${host} on ${server}:53: no such host`;
  return { kind: 'plain', text };
}

/** All of standard input. */
export function* readAll(process: Process): Task<string> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const read = yield* process.stdin.read();
    if (!read.ok || read.value === undefined) return textOf(concatBytes(parts));
    parts.push(read.value);
  }
}

const EXTENSION = /\.(json|yaml|yml)$/;

/** A file itself; of a folder the manifests in it, in order of name. */
function filesOf(process: Process, path: string, recursive: boolean): readonly string[] {
  const stat = process.files.stat(path);
  if (!stat.ok || stat.value.type !== 'directory') return [path];
  const names = process.files.list(path);
  const files: string[] = [];
  for (const name of names.ok ? names.value : []) {
    const child = path === '.' ? name : `${path.replace(/\/$/, '')}/${name}`;
    const inner = process.files.stat(child);
    if (inner.ok && inner.value.type === 'directory') {
      if (recursive) files.push(...filesOf(process, child, true));
    } else if (EXTENSION.test(name)) files.push(child);
  }
  return files;
}

/** The objects of a text. */
export function manifestsOf(text: string, source: string): Manifests {
  const found: Manifest[] = [];
  const failures: Failure[] = [];
  collect(text, source, false, found, failures);
  return { found, failures };
}

function collect(
  text: string,
  source: string,
  validated: boolean,
  found: Manifest[],
  failures: Failure[],
): void {
  const read = documentsOf(text);
  for (const value of read.values) {
    if (value === null) continue;
    const problem =
      (validated ? invalid(value, source) : undefined) ?? addObject(value, source, found);
    if (problem === undefined) continue;
    failures.push(textFailure(problem));
    return;
  }
  if (read.error !== undefined)
    failures.push(textFailure(`error parsing ${source}: ${read.error}`));
}

interface Documents {
  readonly values: readonly Value[];
  readonly error: string | undefined;
}

/** The documents up to the first that cannot be read. */
function documentsOf(text: string): Documents {
  return /^\s*\{/.test(text) ? jsonDocuments(text) : yamlDocuments(text);
}

function yamlDocuments(text: string): Documents {
  const stream = parseYaml(text);
  const error =
    stream.error === undefined
      ? undefined
      : `error converting YAML to JSON: ${stream.error.message}`;
  return { values: stream.documents.map((document) => document.value), error };
}

/** JSON values one after the other; from the first that is none on, the rest may still be YAML (util/yaml/decoder.go). */
function jsonDocuments(text: string): Documents {
  const values: Value[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const next = parseJsonPrefix(rest);
    if (!next.ok) {
      const { message, offset } = next.error;
      if (message === 'unexpected end of JSON input') return { values, error: 'unexpected EOF' };
      const { values: more, error } = yamlDocuments(rest);
      if (error !== undefined) return { values, error: `json: offset ${offset + 1}: ${message}` };
      return { values: [...values, ...more], error: undefined };
    }
    values.push(next.value.value);
    rest = rest.slice(next.value.end);
  }
  return { values, error: undefined };
}

/** What keeps a text from being validated: no YAML, no map, or it says not what it is. */
export function validationProblem(text: string): string | undefined {
  const stream = parseYaml(text);
  if (stream.error !== undefined) return stream.error.message;
  return misfits(stream.documents[0]?.value ?? null);
}

function misfits(value: Value): string | undefined {
  const problems: string[] = [];
  if (!isValueMap(value)) problems.push('invalid object to validate');
  else {
    for (const key of ['apiVersion', 'kind']) {
      const text = value[key] ?? null;
      if (text === null) problems.push(`${key} not set`);
      else if (typeof text !== 'string') problems.push(`${key} isn't string type`);
    }
  }
  if (problems.length === 0) return undefined;
  return problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
}

function invalid(value: Value, source: string): string | undefined {
  const all = misfits(value);
  if (all === undefined) return undefined;
  return `error validating ${quote(source)}: error validating data: ${all}; if you choose to ignore these errors, turn validation off with --validate=false`;
}

/** Adds an object or the items of a list; the answer is what is wrong with it. */
function addObject(value: Value, source: string, found: Manifest[]): string | undefined {
  if (!isValueMap(value)) {
    return `error parsing ${source}: json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`;
  }
  const json = (): string => formatJson(value, { sortKeys: true, escapeHtml: false });
  const { kind, apiVersion, items } = value;
  if (typeof kind !== 'string' || kind === '') {
    return `unable to decode ${quote(source)}: Object 'Kind' is missing in '${json()}'`;
  }
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return `unable to decode ${quote(source)}: Object 'apiVersion' is missing in '${json()}'`;
  }
  if (kind.endsWith('List') && Array.isArray(items)) {
    for (const item of items as readonly Value[]) {
      const problem = addObject(item, source, found);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const misfit = metadataMisfit(value['metadata'] ?? null);
  if (misfit !== undefined) return `unable to decode ${quote(source)}: ${misfit}`;
  const metadata = isValueMap(value['metadata'] ?? null) ? (value['metadata'] as ValueMap) : {};
  const object = inOrder({ ...value, metadata }) as unknown as KubeObject;
  found.push({ object: freezeDeep(object), source });
  return undefined;
}

/** Go writes maps in the order of their keys, so the server meets fields in that order. */
export function inOrder(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(inOrder);
  if (!isValueMap(value)) return value;
  const sorted: Record<string, Value> = {};
  for (const key of Object.keys(value).sort(compareText))
    Object.defineProperty(sorted, key, {
      value: inOrder(value[key] as Value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return sorted;
}

const TEXT_FIELDS = new Set(
  'name generateName namespace selfLink uid resourceVersion creationTimestamp deletionTimestamp'.split(
    ' ',
  ),
);
const MAP_FIELDS = new Set(['labels', 'annotations']);

/** What the decoder says of metadata that is none (unstructured.metadataValidatingDecoder). */
function metadataMisfit(metadata: Value): string | undefined {
  if (metadata === null) return undefined;
  if (!isValueMap(metadata)) {
    return `json: cannot unmarshal ${jsonKind(metadata)} into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta`;
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (value === null) continue;
    const misfit = (found: Value, type: string): string =>
      `json: cannot unmarshal ${jsonKind(found)} into Go struct field ObjectMeta.metadata.${key} of type ${type}`;
    if (TEXT_FIELDS.has(key) && typeof value !== 'string') return misfit(value, 'string');
    if (!MAP_FIELDS.has(key)) continue;
    if (!isValueMap(value)) return misfit(value, 'map[string]string');
    const wrong = Object.values(value).find((each) => each !== null && typeof each !== 'string');
    if (wrong !== undefined) return misfit(wrong, 'string');
  }
  return undefined;
}

function jsonKind(value: Value): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
}
