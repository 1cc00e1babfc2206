/** The file of an edit, and the editor that runs on it (k8s.io/kubectl/pkg/cmd/util/editor/editor.go, v0.34). */
import { ok } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { fail, type Outcome } from './failure.ts';
import type { Session } from './session.ts';

/** What a person saved, and where it lies until it is not wanted any more. */
export class EditedFile {
  readonly path: string;
  readonly text: string;
  readonly #process: Process;

  constructor(process: Process, path: string, text: string) {
    this.#process = process;
    this.path = path;
    this.text = text;
  }

  remove(): void {
    this.#process.files.unlink(this.path);
  }
}

/** Without the lines that are comments (cmdutil.ManualStrip). */
export function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*#(?!!)/.test(line))
    .join('\n');
}

function temporaryPath({ process }: Session, json: boolean): string {
  const suffix = 1_000_000_000 + process.random.below(1_000_000_000);
  const folder = process.env.get('TMPDIR') || '/tmp';
  return `${folder}/kubectl-edit-${suffix}.${json ? 'json' : 'yaml'}`;
}

/** Runs $KUBE_EDITOR, $EDITOR or vi on a temporary file and reads it back. */
export function* runEditor(
  session: Session,
  text: string,
  json: boolean,
): Task<Outcome<EditedFile>> {
  const { process } = session;
  const editor = process.env.get('KUBE_EDITOR') || process.env.get('EDITOR') || 'vi';
  const path = temporaryPath(session, json);
  const windows = session.flags.bool('windows-line-endings');
  process.files.write(path, windows ? text.replaceAll('\n', '\r\n') : text, 0o600);
  const words = editor.split(/\s+/).filter((word) => word !== '');
  const plain = !/["'\\]/.test(editor);
  const argv = plain ? [...words, path] : ['sh', '-c', `${editor} ${path}`];
  const child = process.spawn({ argv });
  if (!child.ok) return fail(`unable to launch the editor ${quote(editor)}`);
  const status = yield* child.value.wait();
  const saved = process.files.readText(path);
  if (status.code === 127) return fail(`unable to launch the editor ${quote(editor)}`);
  if (status.code !== 0) return fail(`there was a problem with the editor ${quote(editor)}`);
  if (!saved.ok) return fail(`open ${path}: no such file or directory`);
  return ok(
    new EditedFile(process, path, windows ? saved.value.replaceAll('\r', '') : saved.value),
  );
}
