/** `[[ … ]]`, and `test`'s own expressions, which follow the number of arguments (POSIX test). */
import type { Task } from '../../ground/base/task.ts';
import { compareText } from '../../ground/base/text.ts';
import { compileGlob, matchesGlob } from '../../ground/lang/glob.ts';
import { fileTest, isFileTest } from '../../machines/machine/file-test.ts';
import { evaluateText, expandPattern, expandText } from './expand.ts';
import { traceLine } from './report.ts';
import type { TestExpression, Word } from './parser.ts';
import { OPTION_LETTERS } from './option-letters.ts';
import type { Shell } from './state.ts';

export function* evaluateConditional(shell: Shell, node: TestExpression): Task<void> {
  const result = yield* truth(shell, node);
  if (shell.leaving && shell.jump?.kind !== 'discard') return;
  if (shell.jump?.kind === 'discard') {
    shell.jump = undefined;
    shell.status = 1;
    return;
  }
  if (result !== undefined) shell.status = result ? 0 : 1;
  else shell.status = 2;
}

function* truth(shell: Shell, node: TestExpression): Task<boolean | undefined> {
  switch (node.type) {
    case 'TestGroup':
      return yield* truth(shell, node.expression);
    case 'TestNot': {
      const inner = yield* truth(shell, node.operand);
      return inner === undefined ? undefined : (node.negations.length % 2 === 1) !== inner;
    }
    case 'TestLogical': {
      let result: boolean | undefined = node.operator === '&&';
      for (const operand of node.operands) {
        result = yield* truth(shell, operand);
        if (result === undefined || result !== (node.operator === '&&')) return result;
      }
      return result;
    }
    case 'TestUnary': {
      const text = yield* expandText(shell, node.operand);
      if (shell.options.has('x')) yield* traceLine(shell, `[[ ${node.operator} ${text} ]]`);
      return unaryTest(shell, node.operator, text);
    }
    case 'TestBinary':
      return yield* binary(shell, node.operator, node.left, node.right);
  }
}

function* binary(
  shell: Shell,
  operator: string,
  leftWord: Word,
  rightWord: Word,
): Task<boolean | undefined> {
  const left = yield* expandText(shell, leftWord);
  if (operator === '==' || operator === '=' || operator === '!=') {
    const pattern = yield* expandPattern(shell, rightWord);
    if (shell.options.has('x')) yield* traceLine(shell, `[[ ${left} ${operator} ${pattern} ]]`);
    const glob = compileGlob(pattern, { ignoreCase: shell.shopt.has('nocasematch') });
    return matchesGlob(glob, left) === (operator !== '!=');
  }
  if (operator === '=~') return yield* matchRegexp(shell, left, rightWord);
  if (/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) {
    const right = yield* expandText(shell, rightWord);
    const a = yield* evaluateText(shell, left);
    const b = a === undefined ? undefined : yield* evaluateText(shell, right);
    if (a === undefined || b === undefined) return undefined;
    return compareNumbers(operator, a, b);
  }
  const right = yield* expandText(shell, rightWord);
  return binaryTest(shell, left, operator, right);
}

function* matchRegexp(shell: Shell, text: string, word: Word): Task<boolean | undefined> {
  // Quoted characters are literal: the pattern form escapes them for the glob, which ERE reads alike.
  const source = (yield* expandPattern(shell, word)).replace(/\\([A-Za-z0-9_@!-])/g, '$1');
  const compile = yield* shell.interpreter.regexps(shell.process);
  const compiled = compile(source, { ignoreCase: shell.shopt.has('nocasematch') });
  if (!compiled.ok) return undefined;
  const match = compiled.value.match(text, 0);
  const variable = shell.variables.make('BASH_REMATCH');
  variable.value = undefined;
  variable.indexed = new Map();
  if (match === undefined) return false;
  match.groups.forEach((group, index) => {
    variable.indexed?.set(index, group === undefined ? '' : text.slice(group.start, group.end));
  });
  return true;
}

export function compareNumbers(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case '-eq':
      return a === b;
    case '-ne':
      return a !== b;
    case '-lt':
      return a < b;
    case '-le':
      return a <= b;
    case '-gt':
      return a > b;
    default:
      return a >= b;
  }
}

/** A unary test; undefined when the operator is unknown. */
export function unaryTest(shell: Shell, operator: string, text: string): boolean | undefined {
  switch (operator) {
    case '-n':
      return text !== '';
    case '-z':
      return text === '';
    case '-v': {
      const match = /^([A-Za-z_]\w*)(?:\[(.*)\])?$/.exec(text);
      const variable = match === null ? undefined : shell.variables.find(match[1] as string);
      if (variable === undefined || match === null) return false;
      if (match[2] === undefined)
        return (
          variable.value !== undefined ||
          variable.indexed?.has(0) === true ||
          variable.associative?.has('0') === true
        );
      return (
        variable.associative?.has(match[2]) === true ||
        variable.indexed?.has(Number(match[2])) === true
      );
    }
    case '-o':
      return (
        shell.options.has(text) ||
        (optionLetter(text) !== undefined && shell.options.has(optionLetter(text) as string))
      );
    case '-R':
      return shell.variables.raw(text)?.reference === true;
    case '-t':
      return shell.process.descriptors.get(Number(text))?.terminal !== undefined;
    default:
      return isFileTest(operator) ? fileTest(shell.process, operator, text) : undefined;
  }
}

/** Letters of the long option names of `set -o`. */
function optionLetter(name: string): string | undefined {
  return OPTION_LETTERS.get(name);
}

/** A binary test on texts; undefined when the operator is unknown. */
export function binaryTest(
  shell: Shell,
  left: string,
  operator: string,
  right: string,
): boolean | undefined {
  const { files } = shell.process;
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return compareText(left, right) < 0;
    case '>':
      return compareText(left, right) > 0;
    case '-nt':
    case '-ot': {
      const a = files.stat(operator === '-nt' ? left : right);
      const b = files.stat(operator === '-nt' ? right : left);
      return a.ok && (!b.ok || a.value.modified > b.value.modified);
    }
    case '-ef': {
      const a = files.stat(left);
      const b = files.stat(right);
      return a.ok && b.ok && a.value.inode === b.value.inode;
    }
    default:
      return undefined;
  }
}
