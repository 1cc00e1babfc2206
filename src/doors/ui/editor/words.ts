/** The editor's own words: it reads them from a global table, English where there is none. */
import type { Language } from '../../locale/text.ts';

interface EditorGlobals {
  _VSCODE_NLS_MESSAGES?: readonly string[] | undefined;
  _VSCODE_NLS_LANGUAGE?: string | undefined;
}

let chinese: readonly string[] | undefined;

/** Sets the language of the editors that are made from now on. */
export async function setEditorWords(language: Language): Promise<void> {
  const globals = globalThis as EditorGlobals;
  if (language === 'zh-CN' && chinese === undefined) {
    await import('monaco-editor/nls/lang/zh-cn.js');
    chinese = globals._VSCODE_NLS_MESSAGES;
  }
  globals._VSCODE_NLS_MESSAGES = language === 'zh-CN' ? chinese : undefined;
  globals._VSCODE_NLS_LANGUAGE = language === 'zh-CN' ? 'zh-cn' : undefined;
}
