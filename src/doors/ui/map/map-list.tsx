/** The map's twin for reading and for screen readers: hosts with pods, services with what is behind them. */
import type { ComponentChildren } from 'preact';
import { selected } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Glyph, type GlyphName } from '../widgets/icon.tsx';
import type { ClusterMap } from './map-model.ts';

export function MapList({ map }: { readonly map: ClusterMap }) {
  return (
    <div class="twin">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the pattern of its role asks for it */}
      <ul role="tree" aria-label={t('map.twin')} onKeyDown={moveInTree}>
        {map.rooms.map((room) => (
          <Leaf
            key={room.key}
            id={room.key}
            state={room.state}
            label={room.name}
            word={room.status}
          >
            {room.units.map((unit) => (
              <Leaf
                key={unit.key}
                id={unit.key}
                state={unit.state}
                label={unit.key.split('/').at(-1) ?? unit.name}
                word={unit.status}
              />
            ))}
          </Leaf>
        ))}
        {map.waiting.map((unit) => (
          <Leaf
            key={unit.key}
            id={unit.key}
            state={unit.state}
            label={unit.key.split('/').at(-1) ?? unit.name}
            word={unit.status}
          />
        ))}
        {map.links.map((link) => (
          // biome-ignore lint/a11y/useFocusableInteractive: there is nothing to choose
          <li key={link.id} role="treeitem" aria-selected="false" class="link-fault" lang="en">
            <Glyph state={link.cut ? 'fail' : 'warn'} />
            <span class="mono">{`${link.from} ↔ ${link.to}`}</span>
            <span class="quiet">{link.text}</span>
          </li>
        ))}
        {map.services.map((service) => (
          <Leaf
            key={service.key}
            id={service.key}
            state={service.pods.length === 0 ? 'warn' : 'ok'}
            label={`svc/${service.name}`}
            word={t('map.endpoints', { count: service.pods.length })}
          >
            {service.pods.map((pod) => (
              <Leaf key={pod} id={pod} state="ok" label={pod.split('/').at(-1) ?? pod} word="" />
            ))}
          </Leaf>
        ))}
      </ul>
    </div>
  );
}

interface LeafProps {
  readonly id: string;
  readonly state: GlyphName;
  readonly label: string;
  readonly word: string;
  readonly children?: ComponentChildren;
}

function Leaf({ id, state, label, word, children }: LeafProps) {
  const has = Array.isArray(children) && children.length > 0;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the focus is on what it holds
    <li
      role="treeitem"
      aria-selected={selected.value === id}
      aria-expanded={has ? true : undefined}
    >
      <button
        type="button"
        onClick={() => {
          selected.value = id;
        }}
      >
        <Glyph state={state} />
        <span class="mono">{label}</span>
        <span class="quiet">{word}</span>
      </button>
      {/* biome-ignore lint/a11y/useSemanticElements: a tree's branch */}
      {has && <ul role="group">{children}</ul>}
    </li>
  );
}

function moveInTree(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const all = [...(event.currentTarget as Element).querySelectorAll('button')];
  const at = all.indexOf(document.activeElement as HTMLButtonElement);
  all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
}
