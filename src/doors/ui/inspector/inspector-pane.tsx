/** The inspector: follows the one selection. Its head has the three truths, its tabs the evidence. */
import { useEffect } from 'preact/hooks';
import type { LayerRow, ObjectRow } from '../../worker/protocol.ts';
import { rows } from '../mirror/mirror.ts';
import {
  filesOpen,
  type InspectorTab,
  inspectorTab,
  phoneInspect,
  selected,
  splits,
} from '../mirror/selection.ts';
import { language, t, type TextKey } from '../text.ts';
import { FaultMenuItems } from '../shell/fault-menu.tsx';
import { Glyph, Icon, toneOf } from '../widgets/icon.tsx';
import { MenuButton } from '../widgets/menu-button.tsx';
import { MenuItem } from '../widgets/overlay.tsx';
import { Tabs } from '../widgets/tabs.tsx';
import { runCommand } from '../actions/lab.ts';
import { keepAsking, objectAnswer } from './answers.ts';
import { EventsTab } from './events-tab.tsx';
import { PacketTab } from './packet-tab.tsx';
import { SchedulerTab } from './scheduler-tab.tsx';
import { TraceTab } from './trace-tab.tsx';
import { stateOf, Trouble } from './trouble.tsx';
import { WhyTab } from './why-tab.tsx';
import { YamlTab } from './yaml-tab.tsx';

export function InspectorPane() {
  useEffect(keepAsking, []);
  const key = selected.value;
  const row = rows.value.get(key);
  return (
    <section class="pane pane-inspector" aria-label={t('pane.inspector')} data-pane="inspector">
      {key === '' ? <NothingHead /> : <ObjectHead id={key} row={row} />}
      {key !== '' && <Layers rows={objectAnswer.value?.layers ?? []} />}
      <InspectorTabs kind={key.split('/')[0] ?? ''} />
      <div
        class="scroll"
        id="inspector-panel"
        role="tabpanel"
        aria-label={t(`inspect.${inspectorTab.value}`)}
        tabIndex={-1}
      >
        <TabBody id={key} />
      </div>
    </section>
  );
}

function InspectorTabs({ kind }: { readonly kind: string }) {
  const words: InspectorTab[] = ['why', 'yaml', 'events', 'scheduler', 'packet', 'trace'];
  const tabs = words
    .filter((id) => id !== 'scheduler' || kind === 'Pod' || kind === '')
    .map((id) => ({ id, face: t(`inspect.${id}`) }));
  const active = tabs.some((tab) => tab.id === inspectorTab.value) ? inspectorTab.value : 'why';
  return (
    <Tabs
      label={t('pane.inspector')}
      inner
      tabs={tabs}
      active={active}
      onPick={(id) => {
        inspectorTab.value = id;
      }}
      panel="inspector-panel"
    />
  );
}

function TabBody({ id }: { readonly id: string }) {
  const tab = inspectorTab.value;
  if (tab === 'packet') return <PacketTab id={id} />;
  if (tab === 'trace') return <TraceTab id={id} />;
  if (id === '') return tab === 'why' ? <Trouble /> : <SelectFirst />;
  switch (tab) {
    case 'why':
      return <WhyTab id={id} />;
    case 'yaml':
      return <YamlTab id={id} />;
    case 'events':
      return <EventsTab />;
    case 'scheduler':
      return <SchedulerTab />;
  }
}

function SelectFirst() {
  return (
    <div class="empty">
      <h3>{t('inspect.select')}</h3>
      <p>{t('inspect.select-text')}</p>
    </div>
  );
}

function NothingHead() {
  return (
    <div class="object-head">
      <BackToMap />
      <h2 class="words">{t('inspect.lab')}</h2>
      <span class="grow" />
      <SheetHeights />
    </div>
  );
}

/** On a phone: from the inspector back to the map. */
function BackToMap() {
  return (
    <button
      type="button"
      class="button only-icon narrow"
      aria-label={t('view.map')}
      onClick={() => {
        phoneInspect.value = 'off';
      }}
    >
      <Icon name="map" />
    </button>
  );
}

function ObjectHead({ id, row }: { readonly id: string; readonly row: ObjectRow | undefined }) {
  const [kind = '', namespace = '', ...rest] = id.split('/');
  const name = row?.name ?? (rest.length > 0 ? rest.join('/') : namespace);
  const space = row?.namespace ?? (rest.length > 0 ? namespace : '');
  const inNamespace = space === '' ? '' : ` -n ${space}`;
  return (
    <div class="object-head">
      <BackToMap />
      <span class="kind">{kind}</span>
      <h2 class="cut" lang="en" data-tip={name}>
        {name}
      </h2>
      <span class="quiet cut">{space}</span>
      <span class="grow" />
      {row === undefined ? (
        <span class="badge idle">{t('inspect.gone')}</span>
      ) : (
        row.status !== '' && (
          <span class={`badge ${toneOf(stateOf(row))}`} lang="en">
            <Glyph state={stateOf(row)} small />
            {row.status}
          </span>
        )
      )}
      <SheetHeights />
      <MenuButton label={t('inspect.more')} iconOnly face={<Icon name="more" />}>
        {(close) => {
          const run = (line: string): void => {
            close();
            runCommand(line);
          };
          const named = `${kind.toLowerCase()} ${name}${inNamespace}`;
          return (
            <>
              <MenuItem onPick={() => run(`kubectl describe ${named}`)}>
                <code>kubectl describe</code>
              </MenuItem>
              <MenuItem onPick={() => run(`kubectl edit ${named}`)}>
                <code>kubectl edit</code>
              </MenuItem>
              {kind === 'Pod' && (
                <MenuItem onPick={() => run(`kubectl logs ${name}${inNamespace}`)}>
                  <code>kubectl logs</code>
                </MenuItem>
              )}
              <hr />
              <FaultMenuItems target={id} close={close} />
              <hr />
              <MenuItem
                onPick={() => {
                  close();
                  selected.value = '';
                }}
              >
                {t('inspect.unselect')}
              </MenuItem>
            </>
          );
        }}
      </MenuButton>
    </div>
  );
}

/** On a tablet the inspector is a sheet with three heights. */
function SheetHeights() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a role that no element has in this place
    <span class="segments sheet-heights" role="group" aria-label={t('inspect.height')}>
      <button
        type="button"
        class="button"
        onClick={() => {
          filesOpen.value = true;
        }}
      >
        {t('pane.files')}
      </button>
      {[18, 38, 66].map((height, index) => (
        <button
          key={height}
          type="button"
          class="button"
          aria-pressed={splits.value.sheet === height}
          onClick={() => {
            splits.value = { ...splits.value, sheet: height };
          }}
        >
          {index + 1}
        </button>
      ))}
    </span>
  );
}

const REAL: Readonly<Record<string, TextKey>> = {
  'no node': 'real.no-node',
  'host is on': 'real.host-on',
  'host is off': 'real.host-off',
  'powered on': 'real.powered-on',
  'powered off': 'real.powered-off',
};

/** What the machines really do, in the language of the page. */
function realWords(text: string): string {
  const [, count, what] = /^(\d+) (process|running)/.exec(text) ?? [];
  if (count !== undefined)
    return t(what === 'running' ? 'real.running' : 'real.processes', { count });
  const key = REAL[text];
  return key === undefined ? text : t(key);
}

function Layers({ rows: layers }: { readonly rows: readonly LayerRow[] }) {
  if (layers.length === 0) return null;
  return (
    <table class="layers">
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">{t('layers.what')}</span>
          </th>
          <th scope="col">{t('layers.desired')}</th>
          <th scope="col">{t('layers.observed')}</th>
          <th scope="col">{t('layers.real')}</th>
          <th scope="col">{t('layers.next')}</th>
        </tr>
      </thead>
      <tbody lang="en">
        {layers.map((layer) => (
          <tr key={layer.what}>
            <th scope="row">{layer.what}</th>
            <td>{layer.desired}</td>
            <td>
              <span class="row">
                {layer.desired !== '' && layer.desired !== layer.observed && (
                  <Glyph state="progress" />
                )}
                {layer.observed}
              </span>
            </td>
            <td lang={language.value}>{realWords(layer.real)}</td>
            <td class={layer.next === 'nobody' ? 'fail' : ''}>
              {layer.next === 'nobody' ? t('real.nobody') : layer.next}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
