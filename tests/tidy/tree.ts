/** The project's sources as syntax trees, for the tidy test: read once, walked by every rule. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A node of the ESTree that the parser gives; only what the rules look at is named. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Source {
  /** Path from the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly program: Node;
  readonly comments: readonly {
    readonly type: string;
    readonly value: string;
    readonly start: number;
  }[];
  /** Imported specifiers and re-exports, with where they stand. */
  readonly imports: readonly {
    readonly from: string;
    readonly at: number;
    readonly typeOnly: boolean;
    readonly names: readonly string[];
  }[];
}

export function listFiles(folder: string, wanted: (name: string) => boolean): string[] {
  return readdirSync(join(ROOT, folder))
    .sort()
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      if (statSync(join(ROOT, path)).isDirectory()) return listFiles(path, wanted);
      return wanted(name) ? [path] : [];
    });
}

export function readSource(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const parsed = parseSync(path, text);
  const program = parsed.program as unknown as Node;
  const imports: Source['imports'][number][] = [];
  for (const statement of program['body'] as Node[]) {
    const source = statement['source'] as Node | null | undefined;
    if (source === null || source === undefined) continue;
    const specifiers = (statement['specifiers'] ?? []) as Node[];
    imports.push({
      from: String(source['value']),
      at: statement.start,
      typeOnly: statement['importKind'] === 'type' || statement['exportKind'] === 'type',
      names: specifiers.map((one) =>
        one.type === 'ImportNamespaceSpecifier'
          ? '*'
          : String(((one['imported'] ?? one['local']) as Node | undefined)?.['name'] ?? '*'),
      ),
    });
  }
  walk(program, (node) => {
    const source = node['source'] as Node | undefined;
    if (node.type !== 'ImportExpression' || source?.type !== 'Literal') return;
    imports.push({ from: String(source['value']), at: node.start, typeOnly: false, names: ['*'] });
  });
  return { path, text, program, comments: parsed.comments as Source['comments'], imports };
}

export function lineOf(source: Source, at: number): number {
  return source.text.slice(0, at).split('\n').length;
}

/** Visits every node, parents before children. */
export function walk(node: Node, visit: (node: Node, parents: readonly Node[]) => void): void {
  const parents: Node[] = [];
  const go = (current: Node): void => {
    visit(current, parents);
    parents.push(current);
    for (const key in current) {
      const value = current[key];
      if (key === 'parent' || value === null || typeof value !== 'object') continue;
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) go(item);
      } else if (isNode(value)) go(value);
    }
    parents.pop();
  };
  go(node);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

export function resolveImport(path: string, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined;
  const target = relative(ROOT, join(ROOT, dirname(path), from)).replaceAll('\\', '/');
  return target.replace(/\?.*$/, '');
}
