/** Share: the link with its length, what it holds, a code to scan, and the file for what is too long. */
import { useEffect, useState } from 'preact/hooks';
import type { SavedLab } from '../../worker/protocol.ts';
import { copyText } from '../actions/clipboard.ts';
import { copyOffline, saveToFile } from '../actions/files.ts';
import { ask, bookmarks, savedView } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import { labTitle } from '../guide/guide-state.ts';
import * as mirror from '../mirror/mirror.ts';
import { closeDialog } from '../shell/dialogs.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { Dialog } from '../widgets/overlay.tsx';
import { QrCode } from './qr-code.tsx';

/** Characters: safe in chats and as a code; refused by some programs; a file only. */
const SAFE = 2000;
const LIMIT = 8000;

interface Packed {
  readonly link: string;
  readonly inputs: number;
}

export function ShareDialog() {
  const [withView, setWithView] = useState(true);
  const [packed, setPacked] = useState<Packed | undefined>(undefined);
  const time = mirror.time.value;
  useEffect(() => {
    let wanted = true;
    const view = withView ? savedView(labTitle()) : { title: labTitle() };
    const pack = async (): Promise<void> => {
      const marks = bookmarks.value;
      const fragment = await ask<string>({ verb: 'pack-link', view, marks });
      const saved = await ask<SavedLab>({ verb: 'save', view, marks });
      if (wanted) setPacked({ link: addressOf(fragment), inputs: saved.inputs.length });
    };
    void pack();
    return () => {
      wanted = false;
    };
  }, [withView, time]);
  return (
    <Dialog title={t('share.title')} onClose={closeDialog}>
      <div class="content">
        <p>{t('share.text', { time: clockText(time) })}</p>
        {packed === undefined ? (
          <p class="middle">{t('share.packing')}</p>
        ) : (
          <Link link={packed.link} />
        )}
        <div class="share-grid">
          <div>
            <p class="row">
              <Icon name="terminal" />
              <span class="grow">{t('share.inputs')}</span>
              <span class="middle">{t('share.input-count', { count: packed?.inputs ?? 0 })}</span>
            </p>
            <label>
              <input
                type="checkbox"
                checked={withView}
                onChange={(event) => setWithView(event.currentTarget.checked)}
              />
              <span class="grow">{t('share.view')}</span>
            </label>
            <p class="row">
              <Icon name="flag" />
              <span class="grow">{t('share.marks')}</span>
              <span class="middle">{bookmarks.value.length}</span>
            </p>
          </div>
          {packed !== undefined && packed.link.length <= SAFE && <QrCode text={packed.link} />}
        </div>
        <div class="tiles">
          <button type="button" onClick={() => void saveToFile()}>
            <b>{t('share.file')}</b>
            <span>{t('share.file-text')}</span>
          </button>
          <button type="button" onClick={copyOffline}>
            <b>{t('offline-copy')}</b>
            <span>{t('share.offline-text')}</span>
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** The page's own address with a link's fragment. */
export function addressOf(fragment: string): string {
  return location.href.replace(/#.*$/, '') + fragment;
}

function Link({ link }: { readonly link: string }) {
  const { length } = link;
  const tone = length <= SAFE ? 'ok' : length <= LIMIT ? 'warn' : 'fail';
  const verdict =
    length <= SAFE ? t('share.safe') : length <= LIMIT ? t('share.long') : t('share.too-long');
  return (
    <>
      <div class="row">
        <input
          class="text-field grow"
          data-first
          readOnly
          aria-label={t('share.link')}
          value={length <= LIMIT ? link : ''}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button
          type="button"
          class="button primary"
          disabled={length > LIMIT}
          onClick={() => void copyText(link)}
        >
          <Icon name="copy" />
          {t('share.copy')}
        </button>
      </div>
      <div class="length-bar">
        <i class={tone} style={`width:${Math.min(100, (100 * length) / LIMIT)}%`} />
        <b />
      </div>
      <p class="row middle">
        <span class="grow">{t('share.length', { count: length, verdict })}</span>
        <span>{t('share.limit', { count: LIMIT })}</span>
      </p>
    </>
  );
}
