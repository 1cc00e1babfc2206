/** Files: the workstation's home with the editor; Apply, Dry run and Diff run kubectl on the saved file. */
import { useEffect, useState } from 'preact/hooks';
import { runCommand } from '../actions/lab.ts';
import { Editor } from '../editor/editor.tsx';
import { rowsVersion } from '../mirror/mirror.ts';
import { filesOpen, phoneInspect } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Glyph, Icon } from '../widgets/icon.tsx';
import { Tabs } from '../widgets/tabs.tsx';
import {
  activeFile,
  closeFile,
  FILE_MAX,
  fileNames,
  fileOf,
  listFiles,
  openFile,
  openFiles,
  type OpenFile,
  refuseSize,
  saveFile,
} from './open-files.ts';

const LIST = '/';

export function FilesPane() {
  const file = fileOf(activeFile.value);
  const tabs = [
    {
      id: LIST,
      face: (
        <>
          <Icon name="file" />
          <span class={openFiles.value.length === 0 ? '' : 'unseen'}>{t('files.all')}</span>
        </>
      ),
    },
    ...openFiles.value.map((one) => ({
      id: one.path,
      face: (
        <>
          {one.path.split('/').at(-1)}
          {one.text !== one.stored && (
            <>
              <span class="unsaved" aria-hidden="true" />
              <span class="unseen">{t('files.unsaved')}</span>
            </>
          )}
        </>
      ),
    })),
  ];
  return (
    <section class="pane pane-files" aria-label={t('pane.files')} data-pane="files">
      <div class="head">
        <Tabs
          label={t('pane.files')}
          tabs={tabs}
          active={file?.path ?? LIST}
          onPick={(id) => {
            activeFile.value = id === LIST ? '' : id;
          }}
          panel="files-panel"
        />
        <div class="acts">
          {file !== undefined && <FileActions file={file} />}
          <button
            type="button"
            class="button only-icon"
            aria-label={file === undefined ? t('files.hide') : t('files.close')}
            data-tip={file === undefined ? t('files.hide') : t('files.close')}
            onClick={() => {
              if (file !== undefined) closeFile(file.path);
              else if (phoneInspect.value === 'files') phoneInspect.value = 'off';
              else filesOpen.value = false;
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      </div>
      <div
        class="editor"
        id="files-panel"
        role="tabpanel"
        aria-label={file?.path ?? t('pane.files')}
        onPasteCapture={(event) => {
          if (file !== undefined) refuseLargePaste(event, file);
        }}
      >
        {file === undefined ? <FileList /> : <Editor key={file.opening} path={file.path} />}
      </div>
      {file !== undefined && <Problems file={file} />}
    </section>
  );
}

/** What would make the file larger than the editor takes is not pasted, and the size is said. */
function refuseLargePaste(event: ClipboardEvent, file: OpenFile): void {
  const size = file.text.length + (event.clipboardData?.getData('text/plain').length ?? 0);
  if (size <= FILE_MAX) return;
  event.preventDefault();
  event.stopPropagation();
  refuseSize(file.path, size);
}

function FileActions({ file }: { readonly file: OpenFile }) {
  const errors = file.markers.filter((marker) => marker.severity === 'error').length;
  const run = (line: string): void => {
    saveFile(file.path);
    runCommand(line);
  };
  const name = /[^\w./-]/.test(file.path) ? `'${file.path}'` : file.path;
  return (
    <>
      {errors > 0 && (
        <span class="badge fail">
          <Glyph state="fail" small />
          {t('files.errors', { count: errors })}
        </span>
      )}
      {file.asker > 0 ? (
        <button type="button" class="button line" onClick={() => saveFile(file.path)}>
          {t('files.save-close')}
        </button>
      ) : (
        <>
          <button
            type="button"
            class="button"
            data-tip="Ctrl+S"
            disabled={file.text === file.stored}
            onClick={() => saveFile(file.path)}
          >
            {t('files.save')}
          </button>
          {/\.(ya?ml|json)$/.test(file.path) && (
            <>
              <button type="button" class="button" onClick={() => run(`kubectl diff -f ${name}`)}>
                {t('files.diff')}
              </button>
              <button
                type="button"
                class="button"
                onClick={() => run(`kubectl apply --dry-run=server -f ${name}`)}
              >
                {t('files.dry-run')}
              </button>
              <button
                type="button"
                class="button line"
                onClick={() => run(`kubectl apply -f ${name}`)}
              >
                {t('files.apply')}
              </button>
            </>
          )}
        </>
      )}
    </>
  );
}

function Problems({ file }: { readonly file: OpenFile }) {
  if (file.markers.length === 0) return null;
  return (
    <ul class="problems" aria-label={t('files.problems')}>
      {file.markers.slice(0, 20).map((marker) => (
        <li key={`${marker.line}:${marker.column}:${marker.message}`}>
          <Glyph state={marker.severity === 'error' ? 'fail' : 'warn'} small />
          <span class="mono quiet">
            {marker.line}:{marker.column}
          </span>
          <span lang="en">{marker.message}</span>
        </li>
      ))}
    </ul>
  );
}

function FileList() {
  const [name, setName] = useState('');
  useEffect(() => {
    void listFiles();
    const timer = window.setInterval(() => void listFiles(), 2000);
    return () => window.clearInterval(timer);
  }, []);
  rowsVersion.peek();
  return (
    <div class="scroll" style="height:100%" tabIndex={-1}>
      <div class="file-list">
        {fileNames.value.length === 0 && (
          <div class="empty">
            <h3>{t('files.none')}</h3>
            <p>{t('files.none-text')}</p>
          </div>
        )}
        {fileNames.value.map((path) => (
          <button key={path} type="button" lang="en" onClick={() => void openFile(path)}>
            <Icon name="file" />
            {path}
          </button>
        ))}
      </div>
      <form
        class="row"
        style="padding:4px 12px"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() === '') return;
          void openFile(name.trim());
          setName('');
        }}
      >
        <label class="field grow">
          <span class="unseen">{t('files.new-name')}</span>
          <input
            class="mono"
            placeholder="web.yaml"
            value={name}
            spellcheck={false}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button line">
          {t('files.new')}
        </button>
      </form>
    </div>
  );
}
