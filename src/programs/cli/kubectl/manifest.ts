/**
 * Manifests: `-f FILE | DIR | -`, as k8s.io/cli-runtime/pkg/resource/visitor.go (v0.34) reads them.
 * Every document is one object; lists are taken apart. What one file has wrong does not keep the
 * others from being read. A duplicate key is no error for kubectl: the last one counts.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { textOf, concatBytes } from '../../../ground/base/bytes.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatJson, parseJson } from '../../../ground/lang/json.ts';
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
  const failures: Failure[] = [];
  for (const path of paths) {
    if (path === '-') {
      collect(yield* readAll(process), 'STDIN', validated, found, failures);
    } else if (/^https?:\/\//.test(path)) {
      failures.push(
        textFailure(
          `unable to read URL ${quote(path)}: manifests cannot be fetched from the Internet here; save it to a file first`,
        ),
      );
    } else if (!process.files.exists(path)) {
      failures.push(textFailure(`the path ${quote(path)} does not exist`));
    } else {
      for (const file of filesOf(process, path, recursive)) {
        const text = process.files.readText(file);
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
    const child = `${path.replace(/\/$/, '')}/${name}`;
    const inner = process.files.stat(child);
    if (inner.ok && inner.value.type === 'directory') {
      if (recursive) files.push(...filesOf(process, child, true));
    } else if (EXTENSION.test(name)) files.push(child);
  }
  return files;
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

/** The documents up to the first that cannot be read. */
function documentsOf(text: string): {
  readonly values: readonly Value[];
  readonly error: string | undefined;
} {
  if (/^\s*\{/.test(text)) {
    const json = parseJson(text);
    if (json.ok) return { values: [json.value.value], error: undefined };
  }
  const stream = parseYaml(text);
  const error =
    stream.error === undefined
      ? undefined
      : `error converting YAML to JSON: ${stream.error.message}`;
  return { values: stream.documents.map((document) => document.value), error };
}

/** What keeps a document from being validated: it is no map, or says not what it is. */
function invalid(value: Value, source: string): string | undefined {
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
  const all = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  return `error validating ${quote(source)}: error validating data: ${all}; if you choose to ignore these errors, turn validation off with --validate=false`;
}

/** Adds an object or the items of a list; the answer is what is wrong with it. */
function addObject(value: Value, source: string, found: Manifest[]): string | undefined {
  if (!isValueMap(value)) {
    const kind = Array.isArray(value)
      ? 'array'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
    return `error parsing ${source}: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
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
  const metadata = isValueMap(value['metadata'] ?? null) ? (value['metadata'] as ValueMap) : {};
  found.push({ object: freezeDeep({ ...value, metadata }) as unknown as KubeObject, source });
  return undefined;
}
