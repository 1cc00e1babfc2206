/**
 * Monaco behind mount, update and dispose: a lean set of features for YAML, with completion, hover and
 * markers asked of the worker, which reads the same tables as the API server.
 */
import * as monaco from 'monaco-editor/editor';
import 'monaco-editor/features/bracketMatching/register';
import 'monaco-editor/features/caretOperations/register';
import 'monaco-editor/features/clipboard/register';
import 'monaco-editor/features/comment/register';
import 'monaco-editor/features/cursorUndo/register';
import 'monaco-editor/features/find/register';
import 'monaco-editor/features/folding/register';
import 'monaco-editor/features/gotoError/register';
import 'monaco-editor/features/hover/register';
import 'monaco-editor/features/indentation/register';
import 'monaco-editor/features/linesOperations/register';
import 'monaco-editor/features/multicursor/register';
import 'monaco-editor/features/suggest/register';
import 'monaco-editor/features/toggleTabFocusMode/register';
import 'monaco-editor/features/wordOperations/register';
import 'monaco-editor/editor/contrib/suggest/browser/suggestController.js';
import 'monaco-editor/languages/definitions/yaml/register';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import type { CompletionAnswer, HoverAnswer, Marker } from '../../worker/protocol.ts';
import { ask } from '../actions/lab.ts';
import { editText, saveFile } from '../files/open-files.ts';
import { openDialog } from '../shell/dialogs.ts';
import { t } from '../text.ts';
import { editorColours } from './colours.ts';

export interface MountedEditor {
  /** What is wrong with the text now. */
  mark(markers: readonly Marker[]): void;
  restyle(): void;
  focus(): void;
  /** Takes the editor away; gives where it stood. */
  dispose(): EditorPlace;
}

/** Cursor, selection and scroll of an editor. */
export type EditorPlace = monaco.editor.ICodeEditorViewState | null | undefined;

const OWNER = 'drydock';
let prepared = false;

export function mountEditor(
  host: HTMLElement,
  path: string,
  text: string,
  place: EditorPlace,
): MountedEditor {
  if (!prepared) prepare();
  prepared = true;
  defineTheme(host);
  const language = /\.(ya?ml|json)$/.test(path) || !path.includes('.') ? 'yaml' : 'plaintext';
  const model = monaco.editor.createModel(text, language);
  const editor = monaco.editor.create(host, {
    model,
    theme: OWNER,
    ariaLabel: t('editor.label', { path }),
    automaticLayout: true,
    fontFamily: getComputedStyle(host).getPropertyValue('--font-mono'),
    fontSize: Math.round(12 * (Number(getComputedStyle(host).getPropertyValue('--scale')) || 1)),
    lineHeight: 18,
    lineNumbersMinChars: 3,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    renderLineHighlight: 'line',
    tabSize: 2,
    insertSpaces: true,
    detectIndentation: false,
    fixedOverflowWidgets: true,
    quickSuggestions: { other: true, comments: false, strings: true },
    wordBasedSuggestions: 'off',
    acceptSuggestionOnEnter: 'smart',
    acceptSuggestionOnCommitCharacter: false,
    unicodeHighlight: { ambiguousCharacters: false },
    stickyScroll: { enabled: false },
    overviewRulerLanes: 0,
  });
  if (place !== null && place !== undefined) editor.restoreViewState(place);
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyS, () => saveFile(path));
  editor.addCommand(monaco.KeyCode.F1, () => openDialog('palette'));
  const listening = model.onDidChangeContent(() => editText(path, model.getValue()));
  return {
    mark(markers) {
      monaco.editor.setModelMarkers(model, OWNER, markers.map(markerOf));
    },
    restyle() {
      defineTheme(host);
      const scale = Number(getComputedStyle(host).getPropertyValue('--scale')) || 1;
      editor.updateOptions({
        fontSize: Math.round(12 * scale),
        lineHeight: Math.round(18 * scale),
      });
    },
    focus() {
      editor.focus();
    },
    dispose() {
      const left = editor.saveViewState();
      listening.dispose();
      editor.dispose();
      model.dispose();
      return left;
    },
  };
}

function prepare(): void {
  (self as { MonacoEnvironment?: unknown }).MonacoEnvironment = {
    getWorker: () => new EditorWorker(),
  };
  monaco.languages.registerCompletionItemProvider('yaml', {
    triggerCharacters: [' ', '\n', '-', ':'],
    provideCompletionItems: complete,
  });
  monaco.languages.registerHoverProvider('yaml', { provideHover: hover });
}

async function complete(
  model: monaco.editor.ITextModel,
  position: monaco.Position,
): Promise<monaco.languages.CompletionList> {
  const offset = model.getOffsetAt(position);
  const answer = await ask<CompletionAnswer>({
    verb: 'complete-yaml',
    text: model.getValue(),
    offset,
  }).catch(() => undefined);
  if (answer === undefined) return { suggestions: [] };
  const start = model.getPositionAt(answer.from);
  const range = monaco.Range.fromPositions(start, position);
  const suggestions = answer.items.map((item, index) => ({
    label: item.text.replace(/:\s*$/, ''),
    insertText: item.text,
    detail: item.detail,
    documentation: item.documentation,
    kind: /:\s*$/.test(item.text)
      ? monaco.languages.CompletionItemKind.Field
      : monaco.languages.CompletionItemKind.Value,
    sortText: String(index).padStart(4, '0'),
    range,
  }));
  return { suggestions };
}

async function hover(
  model: monaco.editor.ITextModel,
  position: monaco.Position,
): Promise<monaco.languages.Hover | null> {
  const offset = model.getOffsetAt(position);
  const answer = await ask<HoverAnswer | null>({
    verb: 'hover-yaml',
    text: model.getValue(),
    offset,
  }).catch(() => null);
  if (answer === null) return null;
  const range = monaco.Range.fromPositions(
    model.getPositionAt(answer.from),
    model.getPositionAt(answer.to),
  );
  return { range, contents: [{ value: answer.markdown }] };
}

function markerOf(marker: Marker): monaco.editor.IMarkerData {
  return {
    startLineNumber: marker.line,
    startColumn: marker.column,
    endLineNumber: marker.endLine,
    endColumn: marker.endColumn,
    message: marker.message,
    severity:
      marker.severity === 'error' ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
  };
}

function defineTheme(host: HTMLElement): void {
  monaco.editor.defineTheme(OWNER, editorColours(host));
  monaco.editor.setTheme(OWNER);
}
