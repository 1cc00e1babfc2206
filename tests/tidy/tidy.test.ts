/**
 * The tidy test: the structure rules of ARCHITECTURE.md as checks over the syntax trees of the sources.
 * Each message is `path:line: what, and what to do instead`. Long files and functions are reported on
 * the console without failing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FOLDERS, folderOf, PACKAGES, refusal } from './layers.ts';
import {
  lineOf,
  listFiles,
  type Node,
  ROOT,
  readSource,
  resolveImport,
  type Source,
  walk,
} from './tree.ts';

const isCode = (name: string): boolean => /\.tsx?$/.test(name) && !name.endsWith('.d.ts');
const sources = listFiles('src', isCode).map(readSource);
const cores = listFiles('assembly', isCode).map(readSource);
const byPath = new Map(sources.map((source) => [source.path, source]));
const DOORS = /^src\/doors\//;
const GENERATED = /(-table|\/types)\.ts$/;

/** Globals that code below the doors may use (law 1). */
const GLOBALS = new Set(
  (
    'undefined RegExp NaN Infinity Object Array String Number Boolean Symbol Map Set WeakMap WeakSet BigInt Math JSON Error TypeError RangeError ' +
    'Uint8Array Uint16Array Uint32Array Int32Array Float64Array BigUint64Array BigInt64Array DataView ArrayBuffer Reflect Generator parseInt isNaN ' +
    'arguments'
  ).split(' '),
);
const MATH = new Set('sqrt floor ceil trunc abs min max imul clz32 fround'.split(' '));
const BAD_NAME = /(Manager|Helper|Utils?|Impl|Like|Data|Info)$/;
const UPSTREAM_NAMES = new Set([
  'ConfigMapData',
  'NodeSystemInfo',
  'ImageFsInfo',
  'SecretData',
  'kube-controller-manager',
  'ContainerImageInfo',
  'VersionInfo',
  'ClusterInfo',
  // kubelet's own: pkg/kubelet/{pod,status,prober}.Manager
  'PodManager',
  'StatusManager',
  'ProbeManager',
]);

function check(
  title: string,
  rule: (source: Source, report: (at: number, message: string) => void) => void,
  over: readonly Source[] = sources,
): void {
  test(title, () => {
    const found: string[] = [];
    for (const source of over) {
      rule(source, (at, message) => found.push(`${source.path}:${lineOf(source, at)}: ${message}`));
    }
    expect(found).toEqual([]);
  });
}

const below = (source: Source): boolean => !DOORS.test(source.path);

check('imports follow the table of layers', (source, report) => {
  for (const { from, at, typeOnly } of source.imports) {
    const target = resolveImport(source.path, from);
    if (target !== undefined) {
      const why = refusal(source.path, target, typeOnly);
      if (why !== undefined) report(at, why);
      if (!/\.(tsx?|css|md|yaml|json|svg|sh)$/.test(target))
        report(at, `import ${from} by its full file name`);
      continue;
    }
    if (
      from.startsWith('virtual:') ||
      (from.startsWith('node:') && /^src\/doors\/headless\//.test(source.path))
    )
      continue;
    const name = from.startsWith('@')
      ? from.split('/').slice(0, 2).join('/')
      : (from.split('/')[0] as string);
    const doors = PACKAGES[name];
    if (doors === undefined) report(at, `package ${name} is not in the table of packages`);
    else if (!doors.some((door) => source.path.startsWith(door)))
      report(at, `package ${name} is imported only in ${doors.join(', ')}`);
  }
});

test('there are no import cycles', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const { from, typeOnly } of byPath.get(path)?.imports ?? []) {
      const target = typeOnly ? undefined : resolveImport(path, from);
      if (target !== undefined && byPath.has(target)) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const source of sources) visit(source.path, []);
  expect(cycles).toEqual([]);
});

check(
  'every file begins with a header comment',
  (source, report) => {
    if (!/^(\/\/ @ts-nocheck[^\n]*\n)?\/\*\*/.test(source.text))
      report(0, 'begin with a header comment: what this file is, and what it models');
  },
  [...sources, ...cores],
);

check('only allowed globals below the doors', (source, report) => {
  if (!below(source)) return;
  const declared = declaredNames(source);
  const wasm = source.path === 'src/ground/base/wasm.ts';
  walk(source.program, (node, parents) => {
    if (node.type !== 'Identifier') return;
    const name = String(node['name']);
    const parent = parents[parents.length - 1];
    if (parent === undefined || parent.type.startsWith('TS')) return;
    if (
      parent.type === 'MemberExpression' &&
      parent['property'] === node &&
      parent['computed'] !== true
    ) {
      const object = parent['object'] as Node;
      if (object.type === 'Identifier' && object['name'] === 'Math' && !MATH.has(name)) {
        report(node.start, `Math.${name} differs between engines: use base/math or base/random`);
      }
      if (name === 'localeCompare' || /^toLocale/.test(name))
        report(node.start, `${name}: use base/text`);
      return;
    }
    if (/Specifier$/.test(parent.type)) return;
    const isKey = 'key' in parent && parent['key'] === node && parent['computed'] !== true;
    if (
      (isKey && parent['shorthand'] !== true) ||
      /^(LabeledStatement|BreakStatement|ContinueStatement)$/.test(parent.type)
    )
      return;
    if (declared.has(name) || GLOBALS.has(name)) return;
    if (name === 'globalThis' && wasm) return;
    report(node.start, `${name} is not on the list of globals: below the doors use base/*`);
  });
});

/** Every name that the file declares somewhere: imports, variables, parameters, functions, classes. */
function declaredNames(source: Source): Set<string> {
  const names = new Set<string>();
  const bind = (pattern: unknown): void => {
    if (typeof pattern !== 'object' || pattern === null) return;
    const node = pattern as Node;
    if (node.type === 'Identifier') names.add(String(node['name']));
    else if (node.type === 'AssignmentPattern') bind(node['left']);
    else if (node.type === 'RestElement') bind(node['argument']);
    else if (node.type === 'ArrayPattern') (node['elements'] as unknown[]).forEach(bind);
    else if (node.type === 'ObjectPattern') {
      for (const property of node['properties'] as Node[]) bind(property['value'] ?? property);
    }
  };
  walk(source.program, (node) => {
    if (node.type === 'VariableDeclarator') bind(node['id']);
    else if (/^Import(Default|Namespace)?Specifier$/.test(node.type)) bind(node['local']);
    else if (node.type === 'CatchClause') bind(node['param']);
    else if (/Function|Class(Declaration|Expression)/.test(node.type)) {
      bind(node['id']);
      (Array.isArray(node['params']) ? node['params'] : []).forEach(bind);
    }
  });
  return names;
}

check('no promises below the doors', (source, report) => {
  if (!below(source)) return;
  walk(source.program, (node) => {
    if (node['async'] === true)
      report(node.start, 'async: below the doors code that waits is a generator');
    if (node.type === 'AwaitExpression') report(node.start, 'await: use yield*');
  });
});

check('no mutable state at module level below the doors', (source, report) => {
  if (!below(source)) return;
  for (const statement of source.program['body'] as Node[]) {
    const declaration = (
      statement.type === 'ExportNamedDeclaration' ? statement['declaration'] : statement
    ) as Node | null;
    if (declaration?.type === 'VariableDeclaration' && declaration['kind'] !== 'const')
      report(statement.start, 'let at module level: two labs share this code');
  }
});

check('no any, non-null, default exports, enums, namespaces or inheritance', (source, report) => {
  walk(source.program, (node) => {
    if (
      node.type === 'TSAnyKeyword' &&
      !/biome-ignore lint\/suspicious\/noExplicitAny/.test(
        source.text.slice(Math.max(0, node.start - 300), node.start),
      )
    )
      report(node.start, 'any: name the type, or unknown');
    if (node.type === 'TSNonNullExpression') report(node.start, '!: use base/assert required');
    if (node.type === 'ExportDefaultDeclaration')
      report(node.start, 'default export: give it its name');
    if (node.type === 'TSEnumDeclaration') report(node.start, 'enum: use a union of texts');
    if (node.type === 'TSModuleDeclaration') report(node.start, 'namespace: use a file');
    if (
      node.type === 'ClassDeclaration' &&
      node['superClass'] !== null &&
      !DOORS.test(source.path)
    ) {
      const parent = (node['superClass'] as Node)['name'];
      if (parent !== 'Error') report(node.start, 'extends: compose instead');
    }
  });
});

check('a task is never forgotten', (source, report) => {
  if (!below(source)) return;
  const tasks = new Set<string>();
  walk(source.program, (node) => {
    if (
      (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') &&
      node['generator'] === true
    ) {
      const id = node['id'] as Node | null;
      if (id !== null && id !== undefined) tasks.add(String(id['name']));
    }
  });
  walk(source.program, (node) => {
    if (node.type !== 'ExpressionStatement') return;
    const call = node['expression'] as Node;
    if (call.type !== 'CallExpression') return;
    const callee = call['callee'] as Node;
    const name = callee.type === 'Identifier' ? String(callee['name']) : '';
    const member =
      callee.type === 'MemberExpression' ? String((callee['property'] as Node)['name']) : '';
    if (tasks.has(name) || TASK_METHODS.has(member))
      report(node.start, `${name || member} is a task: yield* it, or hand it to start`);
  });
});
const TASK_METHODS = new Set([
  'sleep',
  'work',
  'fsync',
  'print',
  'printError',
  'acquire',
  'receive',
]);

check('names say what a thing is', (source, report) => {
  if (GENERATED.test(source.path)) return;
  walk(source.program, (node) => {
    if (
      !/^(ClassDeclaration|TSInterfaceDeclaration|TSTypeAliasDeclaration|FunctionDeclaration)$/.test(
        node.type,
      )
    )
      return;
    const id = node['id'] as Node | null;
    const name = id === null || id === undefined ? '' : String(id['name']);
    if (BAD_NAME.test(name) && !UPSTREAM_NAMES.has(name))
      report(node.start, `${name}: a name that ends so hides what it is`);
  });
});

check(
  'no leftovers, no paths of a machine',
  (source, report) => {
    for (const comment of source.comments) {
      const match = /\b(TODO|FIXME|XXX|HACK)\b/.exec(comment.value);
      if (match !== null)
        report(
          comment.start,
          `${match[0]}: finish it, or refuse clearly and say so in the support table`,
        );
    }
    const path = /["'`/](?:work|home\/(?!learner)[a-z]+|Users)\/[A-Za-z]/.exec(source.text);
    if (path !== null && /\/(work|Users)\//.test(path[0]))
      report(path.index, 'a path of some machine');
  },
  [...sources, ...cores],
);

test('exports are used', () => {
  const used = new Map<string, Set<string>>();
  const tests = [...listFiles('tests', isCode), 'vite.config.ts'].map(readSource);
  for (const source of [...sources, ...cores, ...tests]) {
    for (const { from, names } of source.imports) {
      const target = resolveImport(source.path, from);
      if (target === undefined) continue;
      const names0 = used.get(target) ?? new Set<string>();
      used.set(target, names0);
      for (const name of names) names0.add(name);
    }
  }
  const unused: string[] = [];
  for (const source of sources) {
    const names = used.get(source.path);
    if (GENERATED.test(source.path) || names?.has('*')) continue;
    for (const statement of source.program['body'] as Node[]) {
      const declaration = statement['declaration'] as Node | null | undefined;
      if (
        statement.type !== 'ExportNamedDeclaration' ||
        declaration === null ||
        declaration === undefined
      )
        continue;
      if (/^TS/.test(declaration.type)) continue;
      const ids =
        declaration.type === 'VariableDeclaration'
          ? (declaration['declarations'] as Node[]).map((one) => one['id'] as Node)
          : [declaration['id'] as Node];
      for (const id of ids) {
        const name = String(id['name']);
        if (
          names?.has(name) !== true &&
          !/\.worker\.ts$|headless\/(lab|bridge)\.ts$|ui\/main\.tsx$/.test(source.path)
        )
          unused.push(`${source.path}: ${name}`);
      }
    }
  }
  expect(unused).toEqual([]);
});

test('every folder of the table is named in ARCHITECTURE.md', () => {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const present = new Set(sources.map((source) => folderOf(source.path)));
  expect(
    Object.keys(FOLDERS).filter((name) => present.has(name) && !text.includes(`\`${name}\``)),
  ).toEqual([]);
});

test('long files and functions (reported, not failed)', () => {
  const long = sources
    .filter((source) => !GENERATED.test(source.path) && source.text.split('\n').length > 500)
    .map((source) => `${source.path} (${source.text.split('\n').length} lines)`);
  let functions = 0;
  for (const source of sources) {
    walk(source.program, (node) => {
      if (/Function/.test(node.type) && lineOf(source, node.end) - lineOf(source, node.start) > 70)
        functions += 1;
    });
  }
  if (long.length > 0) console.warn(`files over 500 lines:\n  ${long.join('\n  ')}`);
  if (functions > 0) console.warn(`${functions} functions over 70 lines`);
  expect(sources.length).toBeGreaterThan(20);
});
