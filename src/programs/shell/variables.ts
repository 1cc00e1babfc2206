/**
 * Variables of a shell: dynamic scopes, attributes, indexed and associative arrays, as bash keeps
 * them. A scope is opened per function call; `local` puts a name into the innermost one.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { compareText } from '../../ground/base/text.ts';

export interface Variable {
  value: string | undefined;
  /** Indexed array, by index. */
  indexed: Map<number, string> | undefined;
  /** Associative array, in order of insertion. */
  associative: Map<string, string> | undefined;
  exported: boolean;
  readonly: boolean;
  integer: boolean;
  reference: boolean;
  letters: 'upper' | 'lower' | undefined;
}

export function newVariable(value?: string): Variable {
  return {
    value,
    indexed: undefined,
    associative: undefined,
    exported: false,
    readonly: false,
    integer: false,
    reference: false,
    letters: undefined,
  };
}

function copyVariable(variable: Variable): Variable {
  return {
    ...variable,
    indexed: variable.indexed && new Map(variable.indexed),
    associative: variable.associative && new Map(variable.associative),
  };
}

type Scope = Map<string, Variable>;

/** Chains of name references longer than this are taken as a circle. */
const REFERENCES_MAX = 16;

export class Variables {
  readonly #scopes: Scope[];

  constructor(scopes: Scope[] = [new Map()]) {
    this.#scopes = scopes;
  }

  /** An independent copy, for a subshell. */
  copy(): Variables {
    return new Variables(
      this.#scopes.map((scope) => {
        const out: Scope = new Map();
        for (const [name, variable] of scope) out.set(name, copyVariable(variable));
        return out;
      }),
    );
  }

  get depth(): number {
    return this.#scopes.length;
  }

  open(): void {
    this.#scopes.push(new Map());
  }

  close(): void {
    this.#scopes.pop();
  }

  /** The variable itself, name references not followed. */
  raw(name: string): Variable | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index -= 1) {
      const found = this.#scopes[index]?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The name that a chain of `declare -n` ends at. */
  target(name: string): string {
    let current = name;
    for (let count = 0; count < REFERENCES_MAX; count += 1) {
      const variable = this.raw(current);
      if (variable?.reference !== true || variable.value === undefined || variable.value === '') {
        return current;
      }
      current = variable.value;
    }
    return current;
  }

  find(name: string): Variable | undefined {
    return this.raw(this.target(name));
  }

  /** The variable, created in the outermost scope when there is none. */
  make(name: string): Variable {
    const target = this.target(name);
    const found = this.raw(target);
    if (found !== undefined) return found;
    const made = newVariable();
    (this.#scopes[0] as Scope).set(target, made);
    return made;
  }

  /** Makes the name local to the innermost function; keeps one that already is. */
  makeLocal(name: string): Variable {
    const scope = this.#scopes.at(-1) as Scope;
    const found = scope.get(name);
    if (found !== undefined) return found;
    const made = newVariable();
    const outer = this.raw(name);
    if (outer?.exported === true) made.exported = true;
    scope.set(name, made);
    return made;
  }

  /** Puts a temporary variable into the innermost scope (`A=1 function`). */
  put(name: string, variable: Variable): void {
    (this.#scopes.at(-1) as Scope).set(name, variable);
  }

  /** Removes the innermost variable of that name. */
  unset(name: string): void {
    for (let index = this.#scopes.length - 1; index >= 0; index -= 1) {
      if (this.#scopes[index]?.delete(name) === true) return;
    }
  }

  /** The scalar value: element 0 of an array. */
  get(name: string): string | undefined {
    const variable = this.find(name);
    if (variable === undefined) return undefined;
    return scalarOf(variable);
  }

  /** All visible names in byte order. */
  names(): string[] {
    const names = new Set<string>();
    for (const scope of this.#scopes) for (const name of scope.keys()) names.add(name);
    return [...names].sort(compareText);
  }

  /** Names of the innermost scope, in order of declaration. */
  localNames(): string[] {
    return [...(this.#scopes.at(-1) as Scope).keys()];
  }

  /** The environment for a new process. */
  environment(): Map<string, string> {
    const out = new Map<string, string>();
    for (const scope of this.#scopes) {
      for (const [name, variable] of scope) {
        if (!variable.exported) continue;
        const value = scalarOf(variable);
        if (value !== undefined && !isArray(variable)) out.set(name, value);
      }
    }
    return out;
  }
}

export function isArray(variable: Variable): boolean {
  return variable.indexed !== undefined || variable.associative !== undefined;
}

export function scalarOf(variable: Variable): string | undefined {
  if (variable.indexed !== undefined) return variable.indexed.get(0);
  if (variable.associative !== undefined) return variable.associative.get('0');
  return variable.value;
}

/** Indexes or keys, in the order that `${!a[@]}` gives. */
export function keysOf(variable: Variable): string[] {
  if (variable.indexed !== undefined) return indexesOf(variable.indexed).map(String);
  if (variable.associative !== undefined) return hashOrder([...variable.associative.keys()]);
  return variable.value === undefined ? [] : ['0'];
}

export function valuesOf(variable: Variable): string[] {
  const { indexed } = variable;
  if (indexed !== undefined) return indexesOf(indexed).map((index) => indexed.get(index) as string);
  const { associative } = variable;
  if (associative !== undefined)
    return hashOrder([...associative.keys()]).map((key) => associative.get(key) as string);
  return variable.value === undefined ? [] : [variable.value];
}

const BUCKETS = 1024;

/** Keys in the order in which bash walks its hash table (hashlib.c: FNV-1, the newest of a bucket first). */
function hashOrder(keys: readonly string[]): string[] {
  if (keys.length < 2) return [...keys];
  const buckets = keys.length > 2 * BUCKETS ? 4 * BUCKETS : BUCKETS;
  return keys
    .map((key, index) => ({ key, index, bucket: hashOf(key) & (buckets - 1) }))
    .sort((a, b) => a.bucket - b.bucket || b.index - a.index)
    .map(({ key }) => key);
}

function hashOf(key: string): number {
  let hash = 2_166_136_261;
  for (const byte of utf8(key)) hash = (Math.imul(hash, 16_777_619) ^ byte) >>> 0;
  return hash;
}

export function indexesOf(indexed: ReadonlyMap<number, string>): number[] {
  const keys = [...indexed.keys()];
  for (let at = 1; at < keys.length; at += 1) {
    if ((keys[at - 1] as number) > (keys[at] as number)) return keys.sort((a, b) => a - b);
  }
  return keys;
}
