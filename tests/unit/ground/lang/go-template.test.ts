/** Go templates: what tests/parity/kubectl-lines does not reach, and that no input breaks the machine. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executeGoTemplate } from '../../../../src/ground/lang/go-template/execute.ts';
import { parseGoTemplate } from '../../../../src/ground/lang/go-template/parser.ts';

const VALUE = { a: 1, b: 'two', c: [1, 'x', null], d: { e: { f: true } }, g: 1.5, n: null };

function run(source: string, strict = false): string {
  const template = parseGoTemplate(source, 't');
  if (!template.ok) return template.error;
  const { text, error } = executeGoTemplate(template.value, VALUE, strict);
  return text + (error === undefined ? '' : ` ! ${error}`);
}

describe('templates', () => {
  test.each([
    ['{{.n}} {{.g}} {{.d}}', '<nil> 1.5 map[e:map[f:true]]'],
    ['{{with $x := .d.e}}{{$x.f}}{{end}}', 'true'],
    ['{{range .c}}{{.}},{{else}}-{{end}}', '1,x,<nil>,'],
    ['{{range $i, $x := .c}}{{if eq $i 1}}{{continue}}{{end}}{{$i}}{{end}}', '02'],
    ['{{(index .c 1) | printf "%s-%v" "p"}}', 'p-x'],
    ['{{block "x" .b}}[{{.}}]{{end}}', '[two]'],
    ['{{define "r"}}{{template "r"}}{{end}}{{template "r"}}', 'depth'],
    ['{{range 3}}{{range 1000}}{{range 1000}}{{end}}{{end}}{{end}}', 'steps'],
  ])('%s', (source, expected) => {
    const shown = run(source);
    if (expected === 'depth') expect(shown).toContain('exceeded maximum template depth');
    else if (expected === 'steps') expect(shown).toContain('more steps');
    else expect(shown).toBe(expected);
  });

  test('any text of their words ends in a text', () => {
    const words =
      '{{ }} {{- -}} . .a .b.x $ $x := = | ( ) if else end range with define "x" len index eq 1 2.5 nil /* */ , and printf'.split(
        ' ',
      );
    const source = fc.array(fc.constantFrom(...words, ' ', 'text'), { maxLength: 14 });
    fc.assert(
      fc.property(source, (parts) => {
        expect(typeof run(parts.join(' '))).toBe('string');
        expect(typeof run(parts.join(''), true)).toBe('string');
      }),
      { seed: 7, numRuns: 3000 },
    );
  });
});
