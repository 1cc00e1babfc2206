/** Places on the map: rooms in rows, services above them, and the way of each edge. Pure geometry. */
import type { ClusterMap, MapLink, MapRoom, MapService, MapUnit } from './map-model.ts';

export interface Placed<T> {
  readonly it: T;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface MapEdge {
  readonly id: string;
  readonly service: string;
  readonly pod: string;
  readonly path: string;
  /** The pod is not ready: no request goes this way. */
  readonly broken: boolean;
}

export interface PlacedLink {
  readonly it: MapLink;
  readonly path: string;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly rooms: readonly Placed<MapRoom>[];
  readonly units: readonly Placed<MapUnit>[];
  readonly services: readonly Placed<MapService>[];
  readonly edges: readonly MapEdge[];
  readonly links: readonly PlacedLink[];
  readonly hidden: ReadonlyMap<string, number>;
}

const EDGE = 10;
/** Room under the hosts for links that are drawn. */
const LINKS = 12;
const GAP = 18;
const ROOM_MIN = 128;
const HEAD = 38;
const UNIT = 20;
const UNIT_STEP = 24;
const SERVICE = 38;
const UNITS_MAX = 12;

export function layOut(map: ClusterMap, width: number, least: number): MapLayout {
  const inner = Math.max(ROOM_MIN, width - 2 * EDGE);
  const columns = Math.max(
    1,
    Math.min(map.rooms.length || 1, Math.floor((inner + GAP) / (ROOM_MIN + GAP))),
  );
  const room = Math.floor((inner - GAP * (columns - 1)) / columns);
  const services = placeServices(map.services, columns, room);
  const serviceRows = Math.ceil(services.length / columns);
  let y = EDGE + serviceRows * (SERVICE + 8) + (services.length > 0 ? 24 : 0);
  const below = map.links.length > 0 ? LINKS : 0;
  const rooms: Placed<MapRoom>[] = [];
  const units: Placed<MapUnit>[] = [];
  const hidden = new Map<string, number>();
  const rowCount = Math.ceil(map.rooms.length / columns);
  for (let at = 0; at < map.rooms.length; at += columns) {
    const row = map.rooms.slice(at, at + columns);
    const tallest = Math.max(3, ...row.map((one) => Math.min(one.units.length, UNITS_MAX)));
    const natural = HEAD + 6 + tallest * UNIT_STEP + 20;
    const height = rowCount === 1 ? Math.max(natural, least - y - EDGE - below) : natural;
    const fits = Math.max(1, Math.floor((height - HEAD - 26) / UNIT_STEP));
    row.forEach((one, index) => {
      const x = EDGE + index * (room + GAP);
      rooms.push({ it: one, x, y, width: room, height });
      const shown = one.units.length > fits ? one.units.slice(0, fits) : one.units;
      hidden.set(one.key, one.units.length - shown.length + one.others);
      shown.forEach((unit, place) => {
        units.push({
          it: unit,
          x: x + 8,
          y: y + HEAD + 7 + place * UNIT_STEP,
          width: room - 16,
          height: UNIT,
        });
      });
    });
    y += height + GAP + below;
  }
  return {
    width,
    height: y - GAP + EDGE,
    rooms,
    units,
    services,
    edges: edgesOf(services, units, rooms),
    links: linksOf(map.links, rooms),
    hidden,
  };
}

/** From under one host along the gap below it to the other: from below, or from the left of a lower row. */
function linksOf(
  links: readonly MapLink[],
  rooms: readonly Placed<MapRoom>[],
): readonly PlacedLink[] {
  const places = new Map(rooms.map((room) => [room.it.name, room]));
  return links.flatMap((it, index) => {
    const ends = [places.get(it.from), places.get(it.to)].filter((one) => one !== undefined);
    const [a, b] = ends.sort((one, other) => one.y - other.y || one.x - other.x);
    if (a === undefined || b === undefined) return [];
    const lane = (index % 4) * 8;
    const turn = a.y + a.height + 9 + (index % 3) * 4;
    const start = `M${a.x + a.width / 2 + lane} ${a.y + a.height}V${turn}`;
    const path =
      a.y === b.y
        ? `${start}H${b.x + b.width / 2 - lane}V${b.y + b.height}`
        : `${start}H${b.x - 9}V${b.y + 19}H${b.x}`;
    return [{ it, path }];
  });
}

function placeServices(
  services: readonly MapService[],
  columns: number,
  width: number,
): Placed<MapService>[] {
  return services.map((it, index) => ({
    it,
    x: EDGE + (index % columns) * (width + GAP),
    y: EDGE + Math.floor(index / columns) * (SERVICE + 8),
    width,
    height: SERVICE,
  }));
}

/** From under the service along the gap left of the room to the pod's side. */
function edgesOf(
  services: readonly Placed<MapService>[],
  units: readonly Placed<MapUnit>[],
  rooms: readonly Placed<MapRoom>[],
): MapEdge[] {
  const places = new Map(units.map((unit) => [unit.it.key, unit]));
  const top = Math.min(...rooms.map((room) => room.y));
  const edges: MapEdge[] = [];
  services.forEach((service, index) => {
    const lane = (index % 5) * 3;
    const x = service.x + Math.min(service.width / 2, 60) + lane;
    const bottom = service.y + service.height;
    const reach = (pod: string, broken: boolean): void => {
      const unit = places.get(pod);
      if (unit === undefined) return;
      const turn = top - 16 + lane;
      const side = unit.x - 14 + lane;
      const path = `M${x} ${bottom}V${turn}H${side}V${unit.y + UNIT / 2}H${unit.x}`;
      edges.push({ id: `${service.it.key}>${pod}`, service: service.it.key, pod, path, broken });
    };
    for (const pod of service.it.unready) reach(pod, true);
    for (const pod of service.it.pods) reach(pod, false);
  });
  return edges;
}
