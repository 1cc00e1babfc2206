/** Where a parser of awk stands: the next token, the first error, how deep it is. */
import { Lexer, type Token } from './lexer.ts';
import type { AwkProgram } from './tree.ts';

const DEPTH_MAX = 400;

export class Cursor {
  readonly #lexer: Lexer;
  token: Token;
  error: AwkProgram['error'];
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.token = this.#lexer.next(true);
  }

  startsWithGetline(): boolean {
    return this.#lexer.startsWithGetline();
  }

  /** Reads something that may hold more of its kind. */
  nested<T>(what: string, read: () => T): T {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.fail(`${what} nested too deep`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  fail(message = 'syntax error'): void {
    this.error ??= { line: this.token.line, message, near: this.token.text };
    this.token = { kind: 'end', text: '', line: this.token.line };
  }

  next(): Token {
    const token = this.token;
    if (this.error !== undefined) return token;
    const after =
      token.kind === 'number' ||
      token.kind === 'string' ||
      token.kind === 'name' ||
      token.kind === 'regexp' ||
      token.kind === 'builtin' ||
      (token.kind === 'operator' &&
        (token.text === ')' || token.text === ']' || token.text === '$'));
    this.token = this.#lexer.next(!after);
    if (this.token.kind === 'bad')
      this.fail(this.token.text.startsWith('unterminated') ? this.token.text : 'syntax error');
    return token;
  }

  is(...operators: readonly string[]): boolean {
    return this.token.kind === 'operator' && operators.includes(this.token.text);
  }

  isKeyword(word: string): boolean {
    return this.token.kind === 'keyword' && this.token.text === word;
  }

  expect(operator: string): void {
    if (this.is(operator)) this.next();
    else this.fail();
  }

  newlines(): void {
    while (this.token.kind === 'newline') this.next();
  }
}
