/** The map drawn: SVG up to 60 hosts, squares above; its list twin; dots only while the model moves. */
import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { HostRow } from '../../worker/protocol.ts';
import { clockText } from '../format.ts';
import * as mirror from '../mirror/mirror.ts';
import { listTwin, pointed, selected, textScale } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Glyph, glyphShape, toneOf } from '../widgets/icon.tsx';
import {
  layOut,
  type MapEdge,
  type MapLayout,
  type Placed,
  type PlacedLink,
} from './map-layout.ts';
import { MapList } from './map-list.tsx';
import { clusterMap, type MapRoom, type MapService, type MapUnit } from './map-model.ts';
import { TrafficDots } from './traffic-dots.tsx';

const ROOMS_DRAWN_MAX = 60;
/** Pods without a node that are named under the picture. */
const WAITING_MAX = 6;
/** Room for the words cpu and mem. */
const LABEL = 33;
const size = signal({ width: 600, height: 260 });

const theMap = computed(() =>
  clusterMap(mirror.rows.value, hostsShown(), mirror.faultsShown.value, mirror.rates.value),
);

/** Has the place in the order of Tab while nothing is selected. */
const firstRoom = computed(() => theMap.value.rooms[0]?.key);

/** In the past a host had power unless a fault had taken it. */
function hostsShown(): readonly HostRow[] {
  const at = mirror.looking.value;
  if (at === null) return mirror.hosts.value;
  const off = mirror.faultsShown.value;
  return mirror.hosts.value.map((host) => ({
    ...host,
    powered: !off.some((fault) => fault.text === `power-off ${host.name}`),
  }));
}

/** Laid out for letters of the usual size, and drawn larger with the text of the page. */
const layout = computed(() => {
  const { width, height } = size.value;
  return layOut(theMap.value, width / textScale.value, height / textScale.value);
});

export function MapView() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    const measure = (): void => {
      if (box.clientWidth > 0) size.value = { width: box.clientWidth, height: box.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    measure();
    return () => observer.disconnect();
  }, []);
  return (
    <>
      <div
        class="scroll map-scroll"
        ref={ref}
        id="view-panel"
        role="tabpanel"
        aria-label={t('view.map')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
        tabIndex={0}
      >
        <MapBody />
      </div>
      <WithoutNode />
      <Legend />
    </>
  );
}

function MapBody() {
  const map = theMap.value;
  if (
    map.rooms.length === 0 ||
    (!mirror.booted.value && mirror.looking.value === null && map.pods === 0)
  )
    return <Starting />;
  if (listTwin.value) return <MapList map={map} />;
  if (map.rooms.length > ROOMS_DRAWN_MAX) return <Squares rooms={map.rooms} />;
  return <Picture layout={layout.value} />;
}

/** Pods that no node has: they stand in no room of the picture. */
function WithoutNode() {
  const { waiting } = theMap.value;
  if (waiting.length === 0 || listTwin.value) return null;
  return (
    <div class="without-node">
      <span class="quiet">{t('map.waiting')}</span>
      {waiting.slice(0, WAITING_MAX).map((unit) => (
        <button
          key={unit.key}
          type="button"
          class="waiting-pod"
          aria-pressed={selected.value === unit.key}
          lang="en"
          data-key={unit.key}
          onClick={() => {
            selected.value = unit.key;
          }}
        >
          <Glyph state={unit.state} small />
          {unit.key.split('/').at(-1)}
        </button>
      ))}
      {waiting.length > WAITING_MAX && (
        <span class="quiet">{t('trouble.more', { count: waiting.length - WAITING_MAX })}</span>
      )}
    </div>
  );
}

/** The cluster comes up: which hosts are there, at which simulated time. */
function Starting() {
  const rooms = theMap.value.rooms;
  const ready = rooms.filter((room) => room.status === 'Ready').length;
  return (
    <div class="map-state">
      <h3>{t('map.starting')}</h3>
      <div class="meter">
        <i style={`width:${rooms.length === 0 ? 5 : Math.max(5, (100 * ready) / rooms.length)}%`} />
      </div>
      <p class="middle">
        {t('map.starting-text', { ready, total: rooms.length, time: clockText(mirror.time.value) })}
      </p>
    </div>
  );
}

function Picture({ layout: plan }: { readonly layout: MapLayout }) {
  const unwell = plan.rooms.filter((room) => room.it.state !== 'ok').map((room) => room.it.name);
  const label = t('map.label', {
    count: plan.rooms.length,
    unwell: unwell.length === 0 ? t('map.all-ready') : unwell.join(', '),
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a role that no element has in this place
    <svg
      class="map"
      width={plan.width * textScale.value}
      height={plan.height * textScale.value}
      viewBox={`0 0 ${plan.width} ${plan.height}`}
      role="list"
      aria-label={label}
      onKeyDown={moveFocus}
    >
      <defs>
        <pattern
          id="map-hatch"
          width="7"
          height="7"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <line x1="0" y1="0" x2="0" y2="7" stroke="var(--line-2)" stroke-width="1.4" />
        </pattern>
        <pattern
          id="link-hatch"
          width="5"
          height="5"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <line x1="0" y1="0" x2="0" y2="5" stroke="var(--fail-line)" stroke-width="2.4" />
        </pattern>
      </defs>
      {plan.rooms.map((room) => (
        <Room key={room.it.key} place={room} hidden={plan.hidden.get(room.it.key) ?? 0} />
      ))}
      <Edges edges={plan.edges} />
      {plan.services.map((service) => (
        <Service key={service.it.key} place={service} />
      ))}
      {plan.units.map((unit) => (
        <Unit key={unit.it.key} {...unit} />
      ))}
      {plan.links.map((link) => (
        <FaultyLink key={link.it.id} link={link} />
      ))}
      <TrafficDots edges={plan.edges} />
    </svg>
  );
}

function FaultyLink({ link: { it, path } }: { readonly link: PlacedLink }) {
  const item = { role: 'listitem' as const, 'aria-label': it.text };
  return (
    <g class="link-fault" {...item}>
      <title>{it.text}</title>
      <path class="band" d={path} stroke="url(#link-hatch)" />
      <path class={`host-link${it.cut ? ' cut' : ''}`} d={path} />
    </g>
  );
}

function Edges({ edges }: { readonly edges: readonly MapEdge[] }) {
  const lit = selected.value === '' ? pointed.value : selected.value;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a drawing, not a control
    <g aria-hidden="true">
      {edges.map((edge) => (
        <path
          key={edge.id}
          class={`edge${edge.broken ? ' broken' : ''}${lit === edge.service || lit === edge.pod ? ' lit' : ''}`}
          d={edge.path}
        />
      ))}
    </g>
  );
}

interface ItemProps {
  readonly id: string;
  readonly label: string;
}

/** What makes a group of the picture an item that can be pointed at, focused and chosen. */
function itemProps({ id, label }: ItemProps) {
  return {
    role: 'listitem' as const,
    tabIndex: selected.value === id || (selected.value === '' && id === firstRoom.value) ? 0 : -1,
    'data-key': id,
    'aria-label': label,
    'aria-current': selected.value === id ? ('true' as const) : undefined,
    onClick: () => {
      selected.value = id;
    },
    onFocus: () => {
      pointed.value = id;
    },
    onPointerEnter: () => {
      pointed.value = id;
    },
    onPointerLeave: () => {
      pointed.value = '';
    },
  };
}

function Room({ place, hidden }: { readonly place: Placed<MapRoom>; readonly hidden: number }) {
  const { it, x, y, width, height } = place;
  const dead = !it.powered || it.state === 'off';
  const bar = Math.max(12, (width - 86) / 2);
  const word = it.status === '' ? t('map.joining') : it.status;
  return (
    <g
      class={`room${dead ? ' dead' : ''}`}
      {...itemProps({
        id: it.key,
        label: `Node ${it.name}, ${word}${it.powered ? '' : `, ${t('map.no-power')}`}`,
      })}
    >
      <rect x={x + 0.5} y={y + 0.5} width={width - 1} height={height - 1} rx="3" class="wall" />
      {dead && (
        <rect
          x={x + 1}
          y={y + 1}
          width={width - 2}
          height={height - 2}
          fill="url(#map-hatch)"
          opacity=".55"
        />
      )}
      <rect x={x + 1} y={y + 1} width={width - 2} height={37} rx="2" class="room-head" />
      <line x1={x} x2={x + width} y1={y + 38.5} y2={y + 38.5} class="thin" />
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: its group has the name */}
      <svg x={x + 8} y={y + 7} width="12" height="12" class={`glyph ${toneOf(it.state)}`}>
        {glyphShape(it.state)}
      </svg>
      <text x={x + 25} y={y + 17} class="name">
        {it.name}
      </text>
      <text
        x={x + width - 8}
        y={y + 17}
        text-anchor="end"
        class={`aside${dead || it.status.startsWith('NotReady') ? ' fail' : ''}`}
      >
        {width > 120 ? word : ''}
      </text>
      <Level x={x + 8} y={y + 31} name="cpu" width={bar} percent={it.cpu} />
      <Level x={x + 8 + bar + 36} y={y + 31} name="mem" width={bar} percent={it.memory} />
      {hidden > 0 && (
        <text x={x + 10} y={y + height - 8} class="axis">
          {t('map.more', { count: hidden })}
        </text>
      )}
      {selected.value === it.key && (
        <rect x={x - 2} y={y - 2} width={width + 4} height={height + 4} rx="4" class="ring" />
      )}
      <rect x={x + 2} y={y + 2} width={width - 4} height={height - 4} rx="3" class="focus-ring" />
    </g>
  );
}

function Level(props: {
  readonly x: number;
  readonly y: number;
  readonly name: string;
  readonly width: number;
  readonly percent: number;
}) {
  const { x, y, name, width, percent } = props;
  return (
    <>
      <text x={x} y={y} class="axis">
        {name}
      </text>
      <rect x={x + LABEL} y={y - 5} width={width} height="4" class="track" />
      <rect
        x={x + LABEL}
        y={y - 5}
        width={(width * Math.min(100, percent)) / 100}
        height="4"
        class="level"
      />
    </>
  );
}

interface UnitProps {
  readonly it: MapUnit;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Drawn at its own origin, and flat in its properties: to move costs one attribute, to stay nothing. */
function Unit({ it, x, y, width, height }: UnitProps) {
  const room = Math.floor((width - 26) / 6.2);
  const name = it.name.length > room ? `${it.name.slice(0, Math.max(3, room - 1))}…` : it.name;
  const wide = 22 + name.length * 6.5;
  return (
    <g
      class={`unit ${it.system ? 'system' : toneOf(it.state)}`}
      transform={`translate(${x} ${y})`}
      {...itemProps({
        id: it.key,
        label: `Pod ${it.key.split('/').at(-1) ?? it.name}, ${it.status}`,
      })}
    >
      <title>{`${it.key.split('/').at(-1) ?? ''} · ${it.status}`}</title>
      <rect x="0.5" y="0.5" width={width - 1} height={height} rx="3" class="box" />
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: its group has the name */}
      <svg
        x="6"
        y="5"
        width="11"
        height="11"
        viewBox="0 0 12 12"
        class={`glyph ${it.system ? 'control' : toneOf(it.state)}`}
      >
        {glyphShape(it.state)}
      </svg>
      <text x="22" y="14.5">
        {name}
        {it.suffix !== '' && wide + it.suffix.length * 6.4 < width && (
          <tspan dx="6" class="suffix">
            {it.suffix}
          </tspan>
        )}
      </text>
      {selected.value === it.key && (
        <rect x="-2" y="-2" width={width + 4} height={height + 5} rx="4" class="ring" />
      )}
      <rect width={width} height={height + 1} rx="3" class="focus-ring" />
    </g>
  );
}

function Service({ place }: { readonly place: Placed<MapService> }) {
  const { it, x, y, width, height } = place;
  const none = it.pods.length === 0;
  const aside = none
    ? t('map.none-ready')
    : it.rate > 0
      ? t('map.rate', { rate: it.rate })
      : t('map.endpoints', { count: it.pods.length });
  return (
    <g
      class={`service${none ? ' none' : ''}`}
      {...itemProps({ id: it.key, label: `Service ${it.name}, ${aside}` })}
    >
      <rect x={x + 0.5} y={y + 0.5} width={width - 1} height={height - 1} rx="3" class="box" />
      <text x={x + 10} y={y + 16} class="name">
        {it.name.length > 16 ? `${it.name.slice(0, 15)}…` : it.name}
      </text>
      <text x={x + width - 8} y={y + 16} text-anchor="end" class={`aside${none ? ' fail' : ''}`}>
        {aside}
      </text>
      <text x={x + 10} y={y + 30} class="axis mono">
        {it.address === 'None'
          ? t('map.headless')
          : `${it.address}${it.ports === '' ? '' : `:${it.ports}`}`}
      </text>
      {selected.value === it.key && (
        <rect x={x - 2} y={y - 2} width={width + 4} height={height + 4} rx="4" class="ring" />
      )}
      <rect x={x + 1} y={y + 1} width={width - 2} height={height - 2} rx="3" class="focus-ring" />
    </g>
  );
}

/** Arrows go to the nearest item in that direction; Enter and Space select. */
function moveFocus(event: KeyboardEvent): void {
  const from = (event.target as Element).closest<SVGGElement>('[data-key]');
  if (from === null) return;
  if (event.key === 'Enter' || event.key === ' ') {
    selected.value = from.dataset['key'] ?? '';
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    event.key
  ];
  if (way === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const [dx = 0, dy = 0] = way;
  const middle = (box: DOMRect): readonly [number, number] => [
    box.left + box.width / 2,
    box.top + Math.min(10, box.height / 2),
  ];
  const [x, y] = middle(from.getBoundingClientRect());
  let best: SVGGElement | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const other of from.ownerSVGElement?.querySelectorAll<SVGGElement>('[data-key]') ?? []) {
    const [ox, oy] = middle(other.getBoundingClientRect());
    const along = (ox - x) * dx + (oy - y) * dy;
    if (other === from || along <= 1) continue;
    const cost = along + 3 * Math.abs((ox - x) * dy + (oy - y) * dx);
    if (cost < least) {
      least = cost;
      best = other;
    }
  }
  best?.focus();
}

/** Above 60 hosts: a square each, pods as strokes, nothing moves. */
function Squares({ rooms }: { readonly rooms: readonly MapRoom[] }) {
  return (
    <div class="rooms">
      {rooms.map((room) => (
        <button
          key={room.key}
          type="button"
          class={room.powered ? '' : 'dead'}
          aria-label={`${room.name}, ${room.status}, ${t('map.pods', { count: room.units.length })}`}
          data-tip={room.name}
          onClick={() => {
            selected.value = room.key;
          }}
        >
          {room.units.slice(0, 24).map((unit) => (
            <i key={unit.key} class={toneOf(unit.state)} />
          ))}
        </button>
      ))}
    </div>
  );
}

function Legend() {
  const states = ['ok', 'progress', 'warn', 'fail', 'terminating', 'stale'] as const;
  return (
    <div class="legend">
      {states.map((state) => (
        <span key={state}>
          <Glyph state={state} small />
          {t(`state.${state}`)}
        </span>
      ))}
      <span class="grow" />
      <span>
        <svg class="sample" viewBox="0 0 18 8" aria-hidden="true">
          <path d="M0 4H18" stroke="var(--data-line)" stroke-width="1.4" />
          <circle cx="9" cy="4" r="2.4" fill="var(--data-fill)" />
        </svg>
        {t('map.request')}
      </span>
    </div>
  );
}
