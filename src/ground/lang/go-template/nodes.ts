/** The parts of a parsed template (text/template/parse/node.go, Go 1.24). */

/** Something with a value. `source` is how Go prints the node in its errors. */
export type Operand = { readonly at: number; readonly source: string } & (
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'nil' }
  | { readonly kind: 'dot' }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly names: readonly string[] }
);

export interface Command {
  readonly at: number;
  readonly source: string;
  readonly args: readonly Operand[];
}

export interface Pipe {
  readonly at: number;
  readonly source: string;
  /** Variables that are set: one, or index and element of a range. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | Control
  | { readonly kind: 'break' | 'continue' }
  | Call;

export interface Control {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: Pipe;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[];
}

/** `{{template "name" pipeline}}` */
export interface Call {
  readonly kind: 'template';
  readonly at: number;
  readonly name: string;
  readonly pipe: Pipe | undefined;
}

/** A template with those that it defines. */
export interface GoTemplate {
  readonly source: string;
  readonly name: string;
  readonly body: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}
