/**
 * Syntax trees as bash prints them back: `declare -f`, `type`, BASH_COMMAND, the text of jobs
 * (bash 5.2 print_cmd.c). Not modelled: bash forgets a semicolon after a here-document here and there.
 */
import type {
  ArithmeticFor,
  Case,
  CompoundList,
  Function as FunctionNode,
  If,
  Redirection,
  Statement,
  TestExpression,
  Word,
} from './parser.ts';
import type { Node } from './interpreter.ts';

/** Where a piece stands. */
interface Place {
  /** Source that arithmetic is cut from. */
  readonly text: string;
  /** Spaces before a new line. */
  readonly pad: string;
  /** Inside a function every command has a line of its own. */
  readonly lines: boolean;
}

const STEP = '    ';

function deeper(place: Place): Place {
  return { ...place, pad: place.pad + STEP };
}

/** A whole function: `f () ` and its body, braces on lines of their own. */
export function printFunction(node: FunctionNode, text: string): string {
  return functionText(node, { text, pad: '', lines: true }, '');
}

/** A command on its own. */
export function printCommand(node: Node, text: string): string {
  return nodeText(node, { text, pad: '', lines: false });
}

function functionText(node: FunctionNode, place: Place, keyword: string): string {
  const { body } = node;
  const inner = body.type === 'Redirected' ? body.command : body;
  const redirects = body.type === 'Redirected' ? redirectTexts(body.redirects) : '';
  const commands =
    inner.type === 'BraceGroup'
      ? listText(inner.body.commands, deeper(place))
      : nodeText(inner, deeper({ ...place, lines: true }));
  const { pad } = place;
  return `${keyword}${node.name.text} () \n${pad}{ \n${pad}${STEP}${commands}\n${pad}}${redirects}`;
}

/** Commands one after the other, without a semicolon at the end. */
function listText(statements: readonly Statement[], place: Place): string {
  let out = '';
  statements.forEach((statement, index) => {
    out += nodeText(statement.command, place);
    const last = index === statements.length - 1;
    if (statement.background === true) out += last ? ' &' : ' & ';
    else if (!last)
      out += endsLine(out) ? `\n${place.pad}` : place.lines ? `;\n${place.pad}` : '; ';
  });
  return out;
}

function endsLine(text: string): boolean {
  return text.endsWith('\n');
}

/** A body with the semicolon that stands before `done`, `fi` or a closing brace. */
function closed(text: string): string {
  return text.endsWith('&') || endsLine(text) ? text : `${text};`;
}

/** `do` and `done` around a body, each on its line. */
function loopBody(body: CompoundList, place: Place): string {
  const inside = deeper(place);
  return `\n${inside.pad}${closed(listText(body.commands, inside))}\n${place.pad}done`;
}

function nodeText(node: Node, place: Place): string {
  const { pad } = place;
  switch (node.type) {
    case 'Command':
      return [
        [...node.prefix, ...(node.name === undefined ? [] : [node.name]), ...node.suffix]
          .flatMap((item) =>
            item.type === 'Word' || item.type === 'Assignment' ? [item.text] : [],
          )
          .join(' '),
        ...node.redirects.filter((item) => item.type !== 'HereDoc').map(redirectText),
        ...node.redirects.flatMap((item) => (item.type === 'HereDoc' ? [redirectText(item)] : [])),
      ]
        .filter((part) => part !== '')
        .join(' ')
        .concat(hereDocuments(node.redirects));
    case 'Pipeline':
      return (
        node.prefixes
          .map((one) =>
            one.type === 'Negation' ? '! ' : one.posix === undefined ? 'time ' : 'time -p ',
          )
          .join('') +
        node.commands
          .map((one, index) => {
            const operator = node.operators[index];
            const glue = operator === undefined ? '' : operator === '|&' ? ' 2>&1 | ' : ' | ';
            return nodeText(one, place) + glue;
          })
          .join('')
      );
    case 'AndOr':
      return node.commands
        .map((one, index) => {
          const operator = node.operators[index];
          return nodeText(one, place) + (operator === undefined ? '' : ` ${operator} `);
        })
        .join('');
    case 'CompoundList':
      return listText(node.commands, place);
    case 'For':
      return `${headText(node, place)};\n${pad}do${loopBody(node.body, place)}`;
    case 'Select':
      return `${headText(node, place)};\n${pad}do${loopBody(node.body, place)}`;
    case 'ArithmeticFor':
      return `${headText(node, place)}\n${pad}do${loopBody(node.body, place)}`;
    case 'While':
      return `${node.kind} ${closed(listText(node.clause.commands, place))} do${loopBody(node.body, place)}`;
    case 'If':
      return ifText(node, place);
    case 'Case':
      return caseText(node, place);
    case 'BraceGroup': {
      if (!place.lines) return `{ ${closed(listText(node.body.commands, place))} }`;
      const inside = deeper(place);
      return `{ \n${inside.pad}${listText(node.body.commands, inside)}\n${pad}}`;
    }
    case 'Subshell':
      return `( ${listText(node.body.commands, place)} )`;
    case 'Function':
      return functionText(node, place, 'function ');
    case 'TestCommand':
    case 'ArithmeticCommand':
      return headText(node, place);
    case 'Redirected':
      return `${nodeText(node.command, place)}${redirectTexts(node.redirects)}`;
    case 'Coproc':
      return `coproc ${node.name?.text ?? 'COPROC'} ${nodeText(node.body, place)}`;
  }
}

/** What a DEBUG trap sees of a compound command: its first line; of others all. */
export function headOf(node: Node, text: string): string {
  return headText(node, { text, pad: '', lines: false });
}

function headText(node: Node, place: Place): string {
  switch (node.type) {
    case 'For':
    case 'Select': {
      const words = node.wordlist?.map((word) => word.text).join(' ') ?? '"$@"';
      return `${node.type === 'For' ? 'for' : 'select'} ${node.name.text} in ${words}`;
    }
    case 'ArithmeticFor':
      return `for ((${arithmeticTexts(node, place.text).join('; ')}))`;
    case 'Case':
      return `case ${node.word.text} in `;
    case 'TestCommand':
      return `[[ ${testText(node.expression)} ]]`;
    case 'ArithmeticCommand':
      return `((${node.body}))`;
    default:
      return nodeText(node, place);
  }
}

function arithmeticTexts(node: ArithmeticFor, text: string): readonly string[] {
  return [node.initialize, node.test, node.update].map((part) =>
    part === undefined ? '1' : text.slice(part.pos, part.end),
  );
}

function ifText(node: If, place: Place, from = 0): string {
  const branch = from === 0 ? node : node.elif[from - 1];
  if (branch === undefined) return '';
  const inside = deeper(place);
  const body = closed(listText(branch.then.commands, inside));
  let out = `if ${closed(listText(branch.clause.commands, place))} then\n${inside.pad}${body}`;
  if (from < node.elif.length)
    out += `\n${place.pad}else\n${inside.pad}${closed(ifText(node, inside, from + 1))}`;
  else if (node.else !== undefined)
    out += `\n${place.pad}else\n${inside.pad}${closed(listText(node.else.commands, inside))}`;
  return `${out}\n${place.pad}fi`;
}

function caseText(node: Case, place: Place): string {
  const label = deeper(place);
  const inside = deeper(label);
  let out = headText(node, place);
  for (const item of node.items) {
    const body = listText(item.body.commands, inside);
    out += `\n${label.pad}${item.pattern.map((word: Word) => word.text).join(' | ')})\n`;
    out += `${inside.pad}${body}\n${label.pad}${item.terminator ?? ';;'}`;
  }
  return `${out}\n${place.pad}esac`;
}

function testText(node: TestExpression): string {
  switch (node.type) {
    case 'TestUnary':
      return `${node.operator} ${node.operand.text}`;
    case 'TestBinary':
      return `${node.left.text} ${node.operator} ${node.right.text}`;
    case 'TestLogical':
      return node.operands.map(testText).join(` ${node.operator} `);
    case 'TestNot':
      return `${'! '.repeat(node.negations.length)}${testText(node.operand)}`;
    case 'TestGroup':
      return `( ${testText(node.expression)} )`;
  }
}

function redirectTexts(redirects: readonly Redirection[]): string {
  return redirects.map((one) => ` ${redirectText(one)}`).join('') + hereDocuments(redirects);
}

function redirectText(redirect: Redirection): string {
  const { descriptor } = redirect;
  const given =
    descriptor === undefined
      ? undefined
      : descriptor.type === 'FileDescriptor'
        ? `${descriptor.value}`
        : `{${descriptor.name}}`;
  if (redirect.type === 'HereDoc') {
    const { delimiter } = redirect;
    const end = delimiter?.quoted === true ? `'${delimiter.value}'` : (delimiter?.value ?? '');
    return `${given ?? ''}${redirect.operator}${end}`;
  }
  const target = redirect.target?.text ?? '';
  const { operator } = redirect;
  const usual = operator.startsWith('<') ? '0' : '1';
  if (operator === '>&' || operator === '<&')
    return target === '-'
      ? `${given ?? usual}>&-`
      : /^\d+-?$|^\$/.test(target)
        ? `${given ?? usual}${operator}${target}`
        : `&> ${target}`;
  return `${given === usual ? '' : (given ?? '')}${operator} ${target}`;
}

/** The texts of here-documents, after the line that asked for them. */
function hereDocuments(redirects: readonly Redirection[]): string {
  const documents = redirects.flatMap((one) => (one.type === 'HereDoc' ? [one] : []));
  if (documents.length === 0) return '';
  return `\n${documents
    .map((one) => {
      const body = one.operator === '<<-' ? one.body.text.replace(/^\t+/gm, '') : one.body.text;
      return `${body}${one.delimiter?.value ?? ''}\n`;
    })
    .join('')}`;
}
