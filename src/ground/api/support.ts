/**
 * Law 5: nothing is accepted in silence. Every field of a served kind is simulated, has no effect
 * (a Warning says so) or is refused. The descriptors name the exceptions; this file finds them in an
 * object and makes the support table. A field is found with one walk along a tree of the named paths,
 * so that objects without such fields cost next to nothing.
 */
import type { Unsupported } from './descriptor.ts';
import { type FieldError, forbiddenField } from './field-error.ts';
import type { KubeObject } from './object.ts';
import { type AnyResource, RESOURCES } from './resources.ts';

interface Branch {
  readonly children: Map<string, Branch>;
  leaf: Unsupported | undefined;
}

const TREES: ReadonlyMap<string, Branch> = new Map(
  RESOURCES.filter((each) => each.unsupported.length > 0).map((each) => [
    keyOf(each),
    treeOf(each.unsupported),
  ]),
);

function keyOf(resource: AnyResource): string {
  return `${resource.group}/${resource.version}/${resource.resource}`;
}

function treeOf(list: readonly Unsupported[]): Branch {
  const root: Branch = { children: new Map(), leaf: undefined };
  for (const each of list) {
    let branch = root;
    for (const step of each.path.replace(/\[\*\]/g, '.*').split('.')) {
      let next = branch.children.get(step);
      if (next === undefined) {
        next = { children: new Map(), leaf: undefined };
        branch.children.set(step, next);
      }
      branch = next;
    }
    branch.leaf = each;
  }
  return root;
}

export interface SupportFindings {
  readonly warnings: readonly string[];
  readonly errors: readonly FieldError[];
}

const NOTHING: SupportFindings = Object.freeze({ warnings: [], errors: [] });

/**
 * Fields of an object that have no effect or are refused. Ask with what the user sent, before
 * defaults. With the old object given, fields that it has with the same value are passed over.
 */
export function unsupportedIn(
  resource: AnyResource,
  object: KubeObject,
  old?: KubeObject,
): SupportFindings {
  const tree = TREES.get(keyOf(resource));
  if (tree === undefined) return NOTHING;
  const warnings: string[] = [];
  const errors: FieldError[] = [];
  const walk = (branch: Branch, value: unknown, before: unknown, path: string): void => {
    if (value === null || typeof value !== 'object' || value === before) return;
    for (const [step, next] of branch.children) {
      if (step === '*') {
        const list = Array.isArray(value);
        for (const [key, item] of Object.entries(value)) {
          visit(next, item, fieldIn(before, key), list ? `${path}[${key}]` : `${path}.${key}`);
        }
      } else if (Object.hasOwn(value, step)) {
        const at = path === '' ? step : `${path}.${step}`;
        visit(next, (value as Record<string, unknown>)[step], fieldIn(before, step), at);
      }
    }
  };
  const visit = (branch: Branch, value: unknown, before: unknown, path: string): void => {
    const leaf = branch.leaf;
    if (leaf !== undefined && value !== undefined && value !== before && !isEmpty(value)) {
      if (leaf.how === 'refused') {
        errors.push(forbiddenField(path, `not supported by this simulator: ${leaf.why}`));
      } else warnings.push(`${path}: has no effect here: ${leaf.why}`);
    }
    walk(branch, value, before, path);
  };
  walk(tree, object, old, '');
  return warnings.length === 0 && errors.length === 0 ? NOTHING : { warnings, errors };
}

function fieldIn(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function isEmpty(value: unknown): boolean {
  if (value === false || value === '' || value === null) return true;
  return Array.isArray(value) && value.length === 0;
}

export interface SupportRow {
  /** `deployments.apps` */
  readonly resource: string;
  readonly path: string;
  readonly how: 'ignored' | 'refused';
  readonly why: string;
}

/** The support table: what is named here is not simulated; everything else of the schema is. */
export function supportTable(): readonly SupportRow[] {
  return RESOURCES.flatMap((resource) =>
    resource.unsupported.map((each) => ({
      resource:
        resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`,
      path: each.path,
      how: each.how,
      why: each.why,
    })),
  );
}
