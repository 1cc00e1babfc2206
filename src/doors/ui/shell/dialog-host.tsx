/** Draws the one dialog that is open. The larger ones are loaded when they are. */
import { useState } from 'preact/hooks';
import { copyByHand } from '../actions/clipboard.ts';
import { offer, takeFiles } from '../actions/files.ts';
import { command } from '../actions/lab.ts';
import { clockText, spanText } from '../format.ts';
import * as mirror from '../mirror/mirror.ts';
import { ShareDialog } from '../share/share-dialog.tsx';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { Dialog } from '../widgets/overlay.tsx';
import { closeDialog, dialog } from './dialogs.ts';
import { Help } from './help.tsx';
import { Palette } from './palette.tsx';
import { ContinueButton } from './last-lab.tsx';
import { NewLabDialog } from './new-lab-dialog.tsx';
import { forkHere } from './status-bar.tsx';

export function Dialogs() {
  if (copyByHand.value !== '') return <CopyByHand />;
  switch (dialog.value) {
    case '':
      return null;
    case 'share':
      return <ShareDialog />;
    case 'open':
      return <OpenDialog />;
    case 'palette':
      return <Palette />;
    case 'until':
      return <UntilDialog />;
    case 'help':
      return <Help />;
    case 'fork':
      return <ForkDialog />;
    case 'new-lab':
      return <NewLabDialog />;
  }
}

function CopyByHand() {
  const close = (): void => {
    copyByHand.value = '';
  };
  return (
    <Dialog title={t('copy.by-hand')} onClose={close}>
      <div class="content">
        <p>{t('copy.by-hand-text')}</p>
        <textarea
          data-first
          rows={6}
          readOnly
          aria-label={t('copy.by-hand')}
          value={copyByHand.value}
          onFocus={(event) => event.currentTarget.select()}
        />
      </div>
    </Dialog>
  );
}

function OpenDialog() {
  const [text, setText] = useState('');
  const read = async (): Promise<void> => {
    closeDialog(false);
    await offer(text);
  };
  return (
    <Dialog title={t('open')} onClose={closeDialog}>
      <div class="content">
        <p>{t('open.text')}</p>
        <label class="button line" style="align-self:flex-start">
          <Icon name="open" />
          {t('open.choose')}
          <input
            class="unseen"
            type="file"
            multiple
            accept=".k8slab,.yaml,.yml,.json,.sh,.txt"
            onChange={(event) => {
              closeDialog();
              void takeFiles([...(event.currentTarget.files ?? [])]);
            }}
          />
        </label>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== '') void read();
          }}
        >
          <label>
            <span>{t('open.link')}</span>
            <textarea
              rows={3}
              value={text}
              spellcheck={false}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <div class="actions">
            <button type="submit" class="button primary">
              {t('open.read')}
            </button>
            <ContinueButton />
          </div>
        </form>
      </div>
    </Dialog>
  );
}

/** `90`, `1:30`, `01:30.250` or `1:02:03` as microseconds; undefined when it is none. */
function parseClock(text: string): number | undefined {
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d{1,6})?)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000);
}

function UntilDialog() {
  const now = mirror.time.value;
  const [text, setText] = useState(
    clockText(Math.ceil(now / 1_000_000 + 30) * 1_000_000).replace(/\.000$/, ''),
  );
  const time = parseClock(text);
  const fine = time !== undefined && time > now;
  return (
    <Dialog title={t('until.title')} onClose={closeDialog}>
      <form
        class="content"
        onSubmit={(event) => {
          event.preventDefault();
          if (!fine || time === undefined) return;
          closeDialog(false);
          command({ do: 'run-until', time });
        }}
      >
        <label>
          <span>{t('until.text', { time: clockText(now) })}</span>
          <input
            class="text-field"
            data-first
            value={text}
            aria-invalid={!fine}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <p class={fine ? 'middle' : 'fail'}>
          {fine ? t('until.for', { span: spanText(time - now) }) : t('until.wrong')}
        </p>
        <div class="actions">
          <button type="submit" class="button primary" disabled={!fine}>
            {t('time.run')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ForkDialog() {
  const at = mirror.shownTime.value;
  return (
    <Dialog title={t('fork.title')} onClose={() => closeDialog(false)}>
      <div class="content">
        <p>{t('fork.text', { time: clockText(at), span: spanText(mirror.time.value - at) })}</p>
        <div class="actions">
          <button
            type="button"
            class="button primary"
            data-first
            onClick={() => {
              closeDialog(false);
              forkHere();
            }}
          >
            {t('past.fork')}
          </button>
          <button type="button" class="button" onClick={() => closeDialog(false)}>
            {t('close')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
