/** jq's syntax tree. */
import type { Json } from './value.ts';

export type Filter =
  | { readonly kind: 'identity' | 'recurse' }
  | { readonly kind: 'literal'; readonly value: Json }
  | {
      readonly kind: 'text';
      readonly format: string | undefined;
      readonly parts: readonly (string | Filter)[];
    }
  | { readonly kind: 'format'; readonly name: string }
  | { readonly kind: 'index'; readonly target: Filter; readonly key: Filter }
  | {
      readonly kind: 'slice';
      readonly target: Filter;
      readonly from: Filter | undefined;
      readonly to: Filter | undefined;
    }
  | { readonly kind: 'iterate'; readonly target: Filter }
  | { readonly kind: 'try'; readonly body: Filter; readonly handler: Filter | undefined }
  | {
      readonly kind: 'pipe' | 'comma' | 'and' | 'or' | 'alternative';
      readonly left: Filter;
      readonly right: Filter;
    }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Filter;
      readonly right: Filter;
    }
  | {
      readonly kind: 'update';
      readonly operator: string;
      readonly target: Filter;
      readonly value: Filter;
    }
  | { readonly kind: 'negate'; readonly operand: Filter }
  | { readonly kind: 'array'; readonly body: Filter | undefined }
  | {
      readonly kind: 'object';
      readonly entries: readonly { readonly key: Filter; readonly value: Filter }[];
    }
  | {
      readonly kind: 'if';
      readonly test: Filter;
      readonly yes: Filter;
      readonly no: Filter | undefined;
    }
  | {
      readonly kind: 'reduce';
      readonly source: Filter;
      readonly pattern: Pattern;
      readonly start: Filter;
      readonly update: Filter;
    }
  | {
      readonly kind: 'foreach';
      readonly source: Filter;
      readonly pattern: Pattern;
      readonly start: Filter;
      readonly update: Filter;
      readonly extract: Filter | undefined;
    }
  | {
      readonly kind: 'bind';
      readonly source: Filter;
      readonly patterns: readonly Pattern[];
      readonly body: Filter;
    }
  | { readonly kind: 'label'; readonly name: string; readonly body: Filter }
  | { readonly kind: 'break'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Filter[] }
  | { readonly kind: 'define'; readonly definition: Definition; readonly body: Filter };

export interface Definition {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Filter;
}

export type Pattern =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'array'; readonly items: readonly Pattern[] }
  | {
      readonly kind: 'object';
      readonly entries: readonly {
        readonly key: Filter;
        readonly variable: string | undefined;
        readonly pattern: Pattern | undefined;
      }[];
    };
