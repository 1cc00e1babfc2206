/** awk's syntax tree. */

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'regexp'; readonly source: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'field'; readonly index: Expression }
  | { readonly kind: 'element'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly kind: 'in'; readonly name: string; readonly keys: readonly Expression[] }
  | {
      readonly kind: 'assign';
      readonly operator: string;
      readonly target: Expression;
      readonly value: Expression;
    }
  | {
      readonly kind: 'step';
      readonly operator: '++' | '--';
      readonly prefix: boolean;
      readonly target: Expression;
    }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'match';
      readonly negated: boolean;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'choice';
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'builtin'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'getline';
      readonly form: 'plain' | 'file' | 'command';
      readonly source: Expression | undefined;
      readonly target: Expression | undefined;
    }
  | { readonly kind: 'group'; readonly items: readonly Expression[] };

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expression }
  | {
      readonly kind: 'print' | 'printf';
      readonly args: readonly Expression[];
      readonly target: Redirect | undefined;
    }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly yes: Statement;
      readonly no: Statement | undefined;
    }
  | { readonly kind: 'while' | 'do'; readonly test: Expression; readonly body: Statement }
  | {
      readonly kind: 'for';
      readonly start: Statement | undefined;
      readonly test: Expression | undefined;
      readonly step: Statement | undefined;
      readonly body: Statement;
    }
  | {
      readonly kind: 'each';
      readonly variable: string;
      readonly array: string;
      readonly body: Statement;
    }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | { readonly kind: 'switch'; readonly value: Expression; readonly cases: readonly SwitchCase[] }
  | {
      readonly kind: 'delete';
      readonly name: string;
      readonly keys: readonly Expression[] | undefined;
    }
  | { readonly kind: 'exit' | 'return'; readonly value: Expression | undefined }
  | { readonly kind: 'break' | 'continue' | 'next' | 'nextfile' };

export interface SwitchCase {
  /** Undefined: default. */
  readonly value: Expression | undefined;
  readonly body: readonly Statement[];
}

export interface Redirect {
  readonly operator: '>' | '>>' | '|';
  readonly target: Expression;
}

export interface Rule {
  readonly kind: 'BEGIN' | 'END' | 'BEGINFILE' | 'ENDFILE' | 'pattern';
  readonly pattern: Expression | undefined;
  readonly last: Expression | undefined;
  /** Undefined: print $0. */
  readonly body: Statement | undefined;
}

export interface AwkFunction {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface AwkProgram {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, AwkFunction>;
  readonly error:
    | { readonly line: number; readonly message: string; readonly near: string }
    | undefined;
}
