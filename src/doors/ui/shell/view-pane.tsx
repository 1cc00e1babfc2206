/** The pane under the terminal: the map or the objects. */
import { listTwin, maximized, type ViewTab, viewTab } from '../mirror/selection.ts';
import { MapView } from '../map/map-view.tsx';
import { ObjectsView } from '../objects/objects-table.tsx';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';
import { Tabs } from '../widgets/tabs.tsx';

export function ViewPane() {
  const tabs: readonly { id: ViewTab; face: string }[] = [
    { id: 'map', face: t('view.map') },
    { id: 'objects', face: t('view.objects') },
  ];
  return (
    <section class="pane pane-view" aria-label={t('pane.view')} data-pane="map">
      <div class="head">
        <Tabs
          label={t('pane.view')}
          tabs={tabs}
          active={viewTab.value}
          onPick={(id) => {
            viewTab.value = id;
          }}
          panel="view-panel"
        />
        <div class="acts">
          {viewTab.value === 'map' && (
            <button
              type="button"
              class="button"
              aria-pressed={listTwin.value}
              data-tip="T"
              onClick={() => {
                listTwin.value = !listTwin.value;
              }}
            >
              <Icon name="table" />
              {t('view.list')}
            </button>
          )}
          <button
            type="button"
            class="button only-icon"
            aria-label={t('maximize')}
            data-tip={t('maximize')}
            aria-pressed={maximized.value === 'view'}
            onClick={() => {
              maximized.value = maximized.value === 'view' ? '' : 'view';
            }}
          >
            <Icon name="max" />
          </button>
        </div>
      </div>
      {viewTab.value === 'map' ? <MapView /> : <ObjectsView />}
    </section>
  );
}
