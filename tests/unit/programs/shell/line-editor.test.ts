/** The line editor: keys in, line and effects out. */
import { describe, expect, it } from 'vitest';
import {
  editLine,
  insertText,
  layout,
  type LineEffect,
  type LineState,
  pressKey,
  startLine,
} from '../../../../src/programs/shell/line-editor.ts';

/** `|` stands for the cursor. */
function view(state: LineState): string {
  return `${state.text.slice(0, state.cursor)}|${state.text.slice(state.cursor)}`;
}

/** Names of keys, or texts that are typed letter by letter. */
function type(
  keys: readonly string[],
  history: readonly string[] = [],
): { state: LineState; effects: LineEffect[] } {
  let state = startLine(history);
  const effects: LineEffect[] = [];
  for (const key of keys) {
    const step = /^(Ctrl|Alt)-.|^[A-Z][a-z]+([A-Z][a-z]+)?$/.test(key)
      ? pressKey(state, key)
      : editLine(state, key);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

describe('keys', () => {
  it.each<[string, string[], string]>([
    ['inserts where the cursor is', ['abc', 'ArrowLeft', 'x'], 'abx|c'],
    ['deletes to both sides', ['abcd', 'ArrowLeft', 'ArrowLeft', 'Backspace', 'Delete'], 'a|d'],
    ['goes to the ends', ['abc', 'Ctrl-A', 'x', 'End', 'y'], 'xabcy|'],
    ['moves by words', ['get pods -n web', 'Alt-B', 'Alt-B'], 'get pods -|n web'],
    ['cuts and puts back', ['one two', 'Ctrl-W', 'Ctrl-A', 'Ctrl-Y'], 'two|one '],
    ['gathers cuts in a row', ['a b c', 'Ctrl-W', 'Ctrl-W', 'Ctrl-U', 'Ctrl-Y'], 'a b c|'],
    ['cuts to the end', ['abcdef', 'Home', 'ArrowRight', 'Ctrl-K', 'x', 'Ctrl-Y'], 'axbcdef|'],
    ['takes letters beyond 16 bits as one', ['世🙂', 'Backspace', 'ArrowLeft', 'Delete'], '|'],
    ['deletes under the cursor with Ctrl-D', ['ab', 'Ctrl-A', 'Ctrl-D'], '|b'],
    ['swaps with Ctrl-T', ['ab', 'Ctrl-T'], 'ba|'],
    ['reads what a terminal sends', ['abc\x1b[D\x1b[Dx\x05y\x1b[3~\x17'], '|'],
    ['reads escape sequences of words', ['one two\x1bb\x1b[1;5Dx'], 'x|one two'],
  ])('%s', (_, keys, expected) => {
    expect(view(type(keys).state)).toBe(expected);
  });

  it('submits a line, remembers it once, and walks through history with the draft kept', () => {
    const { state, effects } = type([
      'ls\r',
      'ls',
      'Enter',
      'pwd',
      'Enter',
      'dra',
      'ArrowUp',
      'ArrowUp',
      'ArrowDown',
      'ArrowDown',
    ]);
    expect(effects.filter((effect) => effect.do === 'submit').map((effect) => effect.text)).toEqual(
      ['ls', 'ls', 'pwd'],
    );
    expect(state.history).toEqual(['ls', 'pwd']);
    expect(view(state)).toBe('dra|');
  });

  it('takes a pasted text as one line until Enter', () => {
    const { state, effects } = type(['\x1b[200~a\r\nb\x1b[201~']);
    expect(effects).toEqual([]);
    expect(pressKey(state, 'Enter').effects).toEqual([{ do: 'submit', text: 'a\nb' }]);
  });

  it('searches backwards, older on the second Ctrl-R, and says when nothing is found', () => {
    const history = ['kubectl get pods', 'ls', 'kubectl get nodes'];
    const found = type(['Ctrl-R', 'g', 'e', 't'], history).state;
    expect(found.search).toMatchObject({ query: 'get', failed: false });
    expect(found.text).toBe('kubectl get nodes');
    expect(pressKey(found, 'Ctrl-R').state.text).toBe('kubectl get pods');
    expect(pressKey(found, 'z').state.search).toMatchObject({ query: 'getz', failed: true });
    expect(pressKey(found, 'Enter').effects).toEqual([{ do: 'submit', text: 'kubectl get nodes' }]);
    expect(pressKey(found, 'Ctrl-G').state.text).toBe('');
  });

  it('sends control keys, the end of input, and asks for completion', () => {
    expect(type(['abc', 'Ctrl-C']).effects).toEqual([{ do: 'keys', text: '\x03' }]);
    expect(type(['abc', 'Ctrl-C']).state.text).toBe('');
    expect(type(['\x04']).effects).toEqual([{ do: 'keys', text: '\x04' }]);
    expect(type(['get po', 'Tab', 'Tab']).effects).toEqual([
      { do: 'complete', list: false },
      { do: 'complete', list: true },
    ]);
    expect(view(insertText(type(['get po']).state, 'pods ', 4))).toBe('get pods |');
  });
});

it('lays out wide letters and escapes', () => {
  expect(layout('\x1b[1;32m$\x1b[0m 世界', 80)).toEqual({ row: 0, column: 6 });
  expect(layout('abc世', 4)).toEqual({ row: 1, column: 2 });
  expect(layout('abcd', 4)).toEqual({ row: 1, column: 0 });
});
