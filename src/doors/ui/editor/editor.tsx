/**
 * The editor: a plain text area with line numbers at once, Monaco in its place when there is a keyboard
 * and room, loaded on first focus or after a while idle. If it cannot be loaded the text area stays.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { editText, fileOf, saveFile } from '../files/open-files.ts';
import { inPast } from '../mirror/mirror.ts';
import { contrast, systemLook, textScale, theme } from '../mirror/selection.ts';
import { language, t } from '../text.ts';
import type { EditorPlace, MountedEditor } from './monaco.ts';
import { setEditorWords } from './words.ts';

const IDLE_MS = 5000;
const WIDE = '(min-width: 900px)';
const TOUCH = '(pointer: coarse)';

export function Editor({ path }: { readonly path: string }) {
  const host = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedEditor | undefined>(undefined);
  const wanted = useRef(false);
  const place = useRef<EditorPlace>(undefined);
  const [rich, setRich] = useState(false);
  const file = fileOf(path);
  const past = inPast.value;
  const loadRich = async (focus: boolean): Promise<void> => {
    if (
      mounted.current !== undefined ||
      host.current === null ||
      !matchMedia(WIDE).matches ||
      matchMedia(TOUCH).matches
    )
      return;
    try {
      const words = language.value;
      await setEditorWords(words);
      const { mountEditor } = await import('./monaco.ts');
      if (host.current === null || mounted.current !== undefined || words !== language.value)
        return;
      mounted.current = mountEditor(host.current, path, fileOf(path)?.text ?? '', place.current);
      mounted.current.mark(fileOf(path)?.markers ?? []);
      setRich(true);
      wanted.current = focus;
    } catch {
      setRich(false);
    }
  };
  const words = language.value;
  useEffect(() => {
    // An editor that stands is made anew at once, in the other language.
    const timer = window.setTimeout(() => void loadRich(false), rich ? 0 : IDLE_MS);
    return () => {
      window.clearTimeout(timer);
      place.current = mounted.current?.dispose();
      mounted.current = undefined;
    };
  }, [path, words]);
  useEffect(() => {
    mounted.current?.mark(file?.markers ?? []);
  }, [file?.markers, rich]);
  useEffect(() => {
    mounted.current?.restyle();
  }, [theme.value, systemLook.value, contrast.value, textScale.value, past]);
  // Monaco can take the focus only once it is seen.
  useLayoutEffect(() => {
    if (rich && wanted.current) mounted.current?.focus();
  }, [rich]);
  const text = file?.text ?? '';
  return (
    <>
      <div class="monaco-host" ref={host} hidden={!rich} />
      {!rich && (
        <div class="plain-editor">
          <div class="numbers" aria-hidden="true">
            {text.split('\n').map((_, index) => `${index + 1}\n`)}
          </div>
          <textarea
            aria-label={t('editor.label', { path })}
            value={text}
            wrap="off"
            rows={text.split('\n').length + 1}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            onFocus={() => void loadRich(true)}
            onInput={(event) => editText(path, event.currentTarget.value)}
            onKeyDown={(event) => {
              if (!event.ctrlKey || event.key !== 's') return;
              event.preventDefault();
              saveFile(path);
            }}
          />
        </div>
      )}
    </>
  );
}
