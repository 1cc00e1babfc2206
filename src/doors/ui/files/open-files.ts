/** Files that are open in the pane: texts as edited, as stored, and what is wrong with them. */
import { effect, signal } from '@preact/signals';
import type { Marker, MarkersAnswer } from '../../worker/protocol.ts';
import { answerEdit, ask, editRequests, send } from '../actions/lab.ts';
import { t } from '../text.ts';
import { showToast } from '../widgets/toast.tsx';
import { filesOpen, phoneInspect, phoneTab } from '../mirror/selection.ts';

export interface OpenFile {
  readonly path: string;
  readonly text: string;
  /** Text that the workstation has; equal to `text`: nothing to save. */
  readonly stored: string;
  readonly markers: readonly Marker[];
  /** The terminal whose program waits for this editor; 0 for a plain file. */
  readonly asker: number;
  /** Counts openings: an editor is made anew for each. */
  readonly opening: number;
}

export const openFiles = signal<readonly OpenFile[]>([]);
export const activeFile = signal('');
export const fileNames = signal<readonly string[]>([]);

/** Characters that the editor takes. */
export const FILE_MAX = 1_000_000;
const CHECK_MS = 300;
let timer: number | undefined;
let openings = 0;

export function fileOf(path: string): OpenFile | undefined {
  return openFiles.value.find((file) => file.path === path);
}

export async function listFiles(): Promise<void> {
  fileNames.value = await ask<readonly string[]>({ verb: 'list-files' }).catch(() => []);
}

export async function openFile(path: string): Promise<void> {
  if (fileOf(path) === undefined) {
    const found = await ask<{ readonly text: string } | null>({ verb: 'read-file', path }).catch(
      () => null,
    );
    const text = found?.text ?? '';
    add({ path, text, stored: text, markers: [], asker: 0 });
  }
  activeFile.value = path;
  checkSoon(path);
}

/** A program waits for the person's editor: its file opens at once. */
function openEdit(terminal: number, name: string, text: string): void {
  add({ path: name, text, stored: text, markers: [], asker: terminal });
  activeFile.value = name;
  checkSoon(name);
}

/** Opens what programs ask the person to edit, from now on. */
export function followEdits(): void {
  effect(() => {
    for (const edit of editRequests.value) {
      if (fileOfNow(edit.name)?.asker === edit.terminal) continue;
      filesOpen.value = true;
      if (matchMedia('(max-width: 699px)').matches) {
        phoneTab.value = 'look';
        phoneInspect.value = 'files';
      }
      openEdit(edit.terminal, edit.name, edit.text);
    }
  });
}

function fileOfNow(path: string): OpenFile | undefined {
  return openFiles.peek().find((file) => file.path === path);
}

function add(opened: Omit<OpenFile, 'opening'>): void {
  openings += 1;
  const file = { ...opened, opening: openings };
  openFiles.value = [...openFiles.peek().filter((one) => one.path !== file.path), file];
}

function change(path: string, next: Partial<OpenFile>): void {
  openFiles.value = openFiles.value.map((file) =>
    file.path === path ? { ...file, ...next } : file,
  );
}

export function editText(path: string, text: string): void {
  change(path, { text });
  checkSoon(path);
}

export function saveFile(path: string): void {
  const file = fileOf(path);
  if (file === undefined) return;
  if (file.asker > 0) {
    answerEdit(file.asker, file.text);
    drop(path);
    return;
  }
  if (file.text.length > FILE_MAX) refuseSize(path, file.text.length);
  else
    void send({ kind: 'file', path, text: file.text }).then((taken) => {
      if (taken) change(path, { stored: file.text });
    });
}

/** Says that a text is more than the editor takes. */
export function refuseSize(name: string, size: number): void {
  showToast(t('file.too-large', { name, size }));
}

/** Closes a file; a program that waits for it goes on without a change. */
export function closeFile(path: string): void {
  const file = fileOf(path);
  if (file !== undefined && file.asker > 0) answerEdit(file.asker, null);
  drop(path);
}

function drop(path: string): void {
  openFiles.value = openFiles.value.filter((one) => one.path !== path);
  if (activeFile.value === path) activeFile.value = openFiles.value.at(-1)?.path ?? '';
}

function checkSoon(path: string): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void check(path), CHECK_MS);
}

async function check(path: string): Promise<void> {
  const file = fileOf(path);
  if (file === undefined || !/\.(ya?ml|json)$/.test(path)) return;
  const answer = await ask<MarkersAnswer>({ verb: 'check-yaml', path, text: file.text }).catch(
    () => undefined,
  );
  if (answer !== undefined && fileOf(path)?.text === file.text)
    change(path, { markers: answer.markers });
}
