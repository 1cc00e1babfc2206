/** The top bar: menu, what is open, the palette, open, save, share, faults, language, look, help. */
import { guideScenario } from '../guide/guide-state.ts';
import { copyOffline, saveToFile } from '../actions/files.ts';
import {
  contrast,
  filesOpen,
  pauseHidden,
  phoneInspect,
  phoneTab,
  selected,
  singleKeys,
  textScale,
  type Theme,
  theme,
} from '../mirror/selection.ts';
import { language, setLanguage, t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { MenuButton } from '../widgets/menu-button.tsx';
import { MenuItem } from '../widgets/overlay.tsx';
import { openDialog } from './dialogs.ts';
import { FaultMenu, FaultMenuItems } from './fault-menu.tsx';

export function TopBar() {
  const scenario = guideScenario.value;
  return (
    <header class="top" data-pane="top">
      <MainMenu />
      <h1>{scenario?.title ?? t('lab.blank')}</h1>
      <span class="quiet wide track">{scenario?.track ?? 'Drydock'}</span>
      <span class="grow" />
      <button type="button" class="find wide" onClick={() => openDialog('palette')}>
        <Icon name="search" />
        {t('palette.hint')}
        <kbd>Ctrl K</kbd>
      </button>
      <span class="grow wide" />
      <button
        type="button"
        class="button wide"
        aria-label={t('open')}
        onClick={() => openDialog('open')}
      >
        <Icon name="open" />
        <span class="wide-only">{t('open')}</span>
      </button>
      <button
        type="button"
        class="button wide"
        aria-label={t('save-lab')}
        onClick={() => void saveToFile()}
      >
        <Icon name="save" />
        <span class="wide-only">{t('save-lab')}</span>
      </button>
      <button
        type="button"
        class="button"
        aria-label={t('share')}
        onClick={() => openDialog('share')}
      >
        <Icon name="share" />
        <span class="wide">{t('share')}</span>
      </button>
      <span class="divider wide" />
      <FaultMenu />
      <span class="divider wide" />
      <LanguageMenu />
      <LookMenu />
      <button
        type="button"
        class="button only-icon wide"
        aria-label={t('help')}
        data-tip={t('help')}
        onClick={() => openDialog('help')}
      >
        <Icon name="help" />
      </button>
    </header>
  );
}

function MainMenu() {
  return (
    <MenuButton label={t('menu')} iconOnly face={<Icon name="menu" />}>
      {(close) => {
        const after = (run: () => void) => () => {
          close();
          run();
        };
        return (
          <>
            <MenuItem onPick={after(() => openDialog('new-lab'))}>{t('new-lab')}</MenuItem>
            <MenuItem onPick={after(() => openDialog('open'))}>{t('open')}</MenuItem>
            <MenuItem onPick={after(() => void saveToFile())}>{t('save-lab')}</MenuItem>
            <MenuItem onPick={after(() => openDialog('share'))}>{t('share')}</MenuItem>
            <MenuItem onPick={after(copyOffline)}>{t('offline-copy')}</MenuItem>
            <hr />
            <MenuItem onPick={after(() => openDialog('palette'))} aside="Ctrl K">
              {t('palette')}
            </MenuItem>
            <MenuItem onPick={after(() => openDialog('help'))} aside="?">
              {t('help')}
            </MenuItem>
            <hr />
            <MenuItem checked={filesOpen.value} onPick={after(toggleFiles)}>
              {t('pane.files')}
            </MenuItem>
            <MenuItem
              checked={pauseHidden.value}
              onPick={after(() => {
                pauseHidden.value = !pauseHidden.value;
              })}
            >
              {t('setting.pause-hidden')}
            </MenuItem>
            <MenuItem
              checked={singleKeys.value}
              onPick={after(() => {
                singleKeys.value = !singleKeys.value;
              })}
            >
              {t('setting.single-keys')}
            </MenuItem>
            <div class="narrow">
              <hr />
              <FaultMenuItems target={selected.value} close={close} />
              <hr />
              <MenuItem
                checked={language.value === 'en'}
                onPick={after(() => void setLanguage('en'))}
              >
                English
              </MenuItem>
              <MenuItem
                checked={language.value === 'zh-CN'}
                onPick={after(() => void setLanguage('zh-CN'))}
              >
                简体中文
              </MenuItem>
            </div>
          </>
        );
      }}
    </MenuButton>
  );
}

/** Shows the files pane or takes it away; on a phone it stands in the Look tab. */
function toggleFiles(): void {
  const phone = matchMedia('(max-width: 699px)').matches;
  filesOpen.value = phone || !filesOpen.value;
  if (!phone) return;
  phoneTab.value = 'look';
  phoneInspect.value = 'files';
}

function LanguageMenu() {
  return (
    <MenuButton
      id="language-menu"
      label={t('language')}
      class="wide"
      face={
        <>
          <span class="unseen">{t('language')}: </span>中 / EN
        </>
      }
    >
      {(close) =>
        (['en', 'zh-CN'] as const).map((one) => (
          <MenuItem
            key={one}
            checked={language.value === one}
            onPick={() => {
              close();
              void setLanguage(one);
            }}
          >
            <span lang={one}>{one === 'en' ? 'English' : '简体中文'}</span>
          </MenuItem>
        ))
      }
    </MenuButton>
  );
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const SCALES = [1, 1.15, 1.3, 1.5] as const;

function LookMenu() {
  return (
    <MenuButton id="look-menu" label={t('look')} iconOnly face={<Icon name="theme" />}>
      {(close) => (
        <>
          <h3>{t('look.theme')}</h3>
          {THEMES.map((one) => (
            <MenuItem
              key={one}
              checked={theme.value === one}
              onPick={() => {
                theme.value = one;
                close();
              }}
            >
              {t(`theme.${one}`)}
            </MenuItem>
          ))}
          <MenuItem
            checked={contrast.value}
            onPick={() => {
              contrast.value = !contrast.value;
              close();
            }}
          >
            {t('theme.contrast')}
          </MenuItem>
          <h3>{t('look.text')}</h3>
          {SCALES.map((one) => (
            <MenuItem
              key={one}
              checked={textScale.value === one}
              onPick={() => {
                textScale.value = one;
                close();
              }}
            >
              {Math.round(one * 100)} %
            </MenuItem>
          ))}
        </>
      )}
    </MenuButton>
  );
}
