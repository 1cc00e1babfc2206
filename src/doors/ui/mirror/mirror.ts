/**
 * The page's copy of what the lab shows: filled by batches only, read by every pane. Rows are kept in one
 * map whose version is a signal, so that a batch of a thousand rows costs one redraw.
 */
import { batch as together, computed, signal } from '@preact/signals';
import type {
  Batch,
  HostRow,
  LaneMark,
  ObjectRow,
  Problem,
  ScenarioState,
} from '../../worker/protocol.ts';

const rowMap = new Map<string, ObjectRow>();
const markList: LaneMark[] = [];
const MARKS_MAX = 40_000;

/** The marks of one lane, oldest first. */
export interface Lane {
  readonly all: readonly LaneMark[];
  readonly warnings: readonly LaneMark[];
}
type GrowingLane = Record<keyof Lane, LaneMark[]>;
const lanes = new Map<LaneMark['lane'], GrowingLane>();

const version = signal(0);
const marksVersion = signal(0);

/** All rows by key; reading it subscribes to every change. No computed: the map stays the same object. */
export const rows = {
  get value(): ReadonlyMap<string, ObjectRow> {
    version.value;
    return rowMap;
  },
};
/** Counts batches that changed a row. */
export const rowsVersion = version;
/** Marks of the lanes, oldest first. */
export const marks = (): readonly LaneMark[] => {
  marksVersion.value;
  return markList;
};

/** The marks of one lane. */
export const laneOf = (lane: LaneMark['lane']): Lane => {
  marksVersion.value;
  return growingLane(lane);
};

/** Simulated microseconds. */
export const time = signal(0);
export const revision = signal(0);
export const running = signal(false);
export const speed = signal(1);
export const quiet = signal(false);
/** Time looked at, or null when live. */
export const looking = signal<number | null>(null);
export const hosts = signal<readonly HostRow[]>([]);
export const faults = signal<Batch['faults']>([]);
/** Removed faults: the past has them. */
export const mended = signal<Batch['mended']>([]);
export const scenarioState = signal<ScenarioState | null>(null);
export const problem = signal<Problem | null>(null);
export const story = signal('');
export const booted = signal(false);
/** Requests that moved, of the last batch. */
export const traffic = signal<Batch['traffic']>([]);
/** Requests per second of each service, smoothed over a second of simulated time. */
export const rates = signal<ReadonlyMap<string, number>>(new Map());

/** The faults that are, or at the moment looked at were, in force. */
export const faultsShown = computed<Batch['faults']>(() => {
  const at = looking.value;
  if (at === null) return faults.value;
  const ended = mended.value.filter((fault) => fault.since <= at && fault.until > at);
  return [...faults.value.filter((fault) => fault.since <= at), ...ended];
});

/** True while the past is looked at. */
export const inPast = computed(() => looking.value !== null);
/** The moment that panes show. */
export const shownTime = computed(() => looking.value ?? time.value);

/** Between two redraws while much changes; milliseconds. */
const SCENE_MS = 100;
/** Rows up to which every batch is drawn at once, at the speed of life. */
const ROWS_FEW = 300;

/** What came since the scene was last drawn. */
const unseen = { rows: false, marks: false };
let last: Batch | undefined;
let sceneAt = Number.NEGATIVE_INFINITY;
let sceneTimer: ReturnType<typeof setTimeout> | undefined;

/**
 * Takes a batch; terminals and edits are other owners' work. What it says is drawn at once in a small lab
 * at the speed of life, ten times a second otherwise.
 */
export function takeBatch(next: Batch): void {
  takeRows(next);
  takeMarks(next.marks);
  countTraffic(next);
  last = next;
  const turned = next.looking !== looking.value || next.running !== running.value;
  // Speed 0 is as fast as it goes.
  const calm = next.speed > 0 && next.speed <= 1 && rowMap.size <= ROWS_FEW;
  const wait = sceneAt + SCENE_MS - performance.now();
  if (calm || turned || !next.running || next.rows.reset || next.problem !== null || wait <= 0)
    showScene(next);
  else sceneTimer ??= setTimeout(() => last !== undefined && showScene(last), wait);
}

/** Lets the panes see what has come. */
function showScene(batch: Batch): void {
  clearTimeout(sceneTimer);
  sceneTimer = undefined;
  sceneAt = performance.now();
  together(() => {
    if (unseen.rows) version.value += 1;
    if (unseen.marks) marksVersion.value += 1;
    unseen.rows = false;
    unseen.marks = false;
    if (counted.length > 0 || rates.value.size > 0) rates.value = ratesOf();
    traffic.value = batch.traffic;
    time.value = batch.time;
    revision.value = batch.revision;
    running.value = batch.running;
    speed.value = batch.speed;
    quiet.value = batch.quiet;
    looking.value = batch.looking;
    if (changed(hosts.value, batch.hosts)) hosts.value = batch.hosts;
    if (changed(faults.value, batch.faults)) faults.value = batch.faults;
    if (changed(mended.value, batch.mended)) mended.value = batch.mended;
    scenarioState.value = batch.scenario;
    if (batch.problem !== null) problem.value = batch.problem;
    story.value = batch.story;
  });
}

/** Forgets everything: another lab takes this one's place. */
export function clearMirror(): void {
  clearTimeout(sceneTimer);
  sceneTimer = undefined;
  last = undefined;
  together(() => {
    rowMap.clear();
    markList.length = 0;
    lanes.clear();
    counted.length = 0;
    version.value += 1;
    marksVersion.value += 1;
    time.value = 0;
    revision.value = 0;
    running.value = false;
    looking.value = null;
    hosts.value = [];
    faults.value = [];
    mended.value = [];
    problem.value = null;
    booted.value = false;
    traffic.value = [];
    rates.value = new Map();
  });
}

function takeRows(next: Batch): void {
  const { set, removed, reset } = next.rows;
  if (reset) rowMap.clear();
  for (const row of set) rowMap.set(row.key, row);
  for (const key of removed) rowMap.delete(key);
  if (reset || set.length > 0 || removed.length > 0) unseen.rows = true;
}

function takeMarks(fresh: readonly LaneMark[]): void {
  if (fresh.length === 0) return;
  for (const mark of fresh) addMark(mark);
  if (markList.length > MARKS_MAX) {
    // The oldest quarter goes at once, so that dropping is rare.
    const kept = markList.splice(0).slice(MARKS_MAX / 4);
    lanes.clear();
    for (const mark of kept) addMark(mark);
  }
  unseen.marks = true;
}

function addMark(mark: LaneMark): void {
  markList.push(mark);
  const lane = growingLane(mark.lane);
  lane.all.push(mark);
  if (mark.warning) lane.warnings.push(mark);
}

function growingLane(name: LaneMark['lane']): GrowingLane {
  let lane = lanes.get(name);
  if (lane === undefined) {
    lane = { all: [], warnings: [] };
    lanes.set(name, lane);
  }
  return lane;
}

const counted: { time: number; service: string; count: number }[] = [];
const SECOND = 1_000_000;

function countTraffic(next: Batch): void {
  for (const flow of next.traffic)
    counted.push({ time: next.time, service: flow.service, count: flow.count });
  while (counted.length > 0 && (counted[0]?.time ?? 0) < next.time - SECOND) counted.shift();
}

function ratesOf(): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const one of counted) sums.set(one.service, (sums.get(one.service) ?? 0) + one.count);
  return sums;
}

function changed(before: readonly object[], after: readonly object[]): boolean {
  if (before.length !== after.length) return true;
  return after.some((row, index) => {
    const old = before[index] as Record<string, unknown>;
    return Object.entries(row).some(([key, value]) => old[key] !== value);
  });
}
