/** Monaco's theme from the tokens. */
import type * as monaco from 'monaco-editor/editor';

const SELECTION = { light: '#c8d7fd', dark: '#2b396c' } as const;

/** `host` stands in the page: the past has colours of its own. */
export function editorColours(host: HTMLElement): monaco.editor.IStandaloneThemeData {
  const style = getComputedStyle(host);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const bare = (name: string): string => token(name).replace('#', '');
  const dark = style.colorScheme.includes('dark');
  return {
    base: dark ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      { token: 'type', foreground: bare('--code-key') },
      { token: 'string', foreground: bare('--code-string') },
      { token: 'number', foreground: bare('--code-number') },
      { token: 'comment', foreground: bare('--code-comment') },
      { token: 'tag', foreground: bare('--code-keyword') },
      { token: 'keyword', foreground: bare('--code-keyword') },
      { token: 'operators', foreground: bare('--code-punct') },
    ],
    colors: {
      'editor.background': token('--pane'),
      'editor.foreground': token('--text'),
      'editorLineNumber.foreground': token('--text-3'),
      'editorLineNumber.activeForeground': token('--text-2'),
      'editor.lineHighlightBackground': token('--hover'),
      'editor.selectionBackground': SELECTION[dark ? 'dark' : 'light'],
      'editorCursor.foreground': token('--accent'),
      'editorError.foreground': token('--fail'),
      'editorWarning.foreground': token('--warn'),
      'editorWidget.background': token('--raised'),
      'editorWidget.border': token('--line-2'),
      'editorSuggestWidget.selectedBackground': token('--selected-wash'),
      'editorSuggestWidget.selectedForeground': token('--text'),
      focusBorder: token('--focus'),
    },
  };
}
