/**
 * The lanes of the time bar: marks of what happened, faults as spans, and the one time cursor. A press or
 * the arrow keys move the cursor into the past; End returns to live.
 */
import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { LaneMark } from '../../worker/protocol.ts';
import { bookmarks, look } from '../actions/lab.ts';
import { stepBack, stepForward } from '../actions/steps.ts';
import { clockText } from '../format.ts';
import * as mirror from '../mirror/mirror.ts';
import { textScale } from '../mirror/selection.ts';
import { t } from '../text.ts';
import { Icon } from '../widgets/icon.tsx';

type LaneName = LaneMark['lane'];
const SHORT: readonly LaneName[] = ['you', 'faults', 'writes', 'events'];
const ALL: readonly LaneName[] = [
  'you',
  'faults',
  'writes',
  'events',
  'scheduler',
  'controllers',
  'kubelets',
  'proxy',
];
const TONES: Readonly<Record<LaneName, string>> = {
  you: 'you',
  faults: 'fault',
  writes: 'control',
  events: 'data',
  scheduler: 'mesh',
  controllers: 'control',
  kubelets: 'storage',
  proxy: 'neutral',
};
/** Height of a lane; it grows with the letters. */
const laneStep = computed(() => Math.round(12 * textScale.value));
/** Width of a small letter, about. */
const LETTER = 6;
const SECOND = 1_000_000;
const WARNINGS_MAX = 200;

const width = signal(900);
const expanded = signal(false);

export function Lanes() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => {
      width.value = Math.max(120, box.clientWidth - 64 - 24 * textScale.value);
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  const lanes = expanded.value ? ALL : SHORT;
  return (
    <div class="lanes" ref={ref}>
      <div class="names" aria-hidden="true">
        {lanes.map((lane, index) => (
          <span key={lane} style={`top:${index * laneStep.value}px`}>
            {t(`lane.${lane}`)}
          </span>
        ))}
      </div>
      <LanePicture lanes={lanes} />
      <button
        type="button"
        class="button only-icon expand"
        aria-label={t('lanes.expand')}
        aria-pressed={expanded.value}
        data-tip={t('lanes.expand')}
        onClick={() => {
          expanded.value = !expanded.value;
        }}
      >
        <Icon name={expanded.value ? 'down' : 'up'} />
      </button>
    </div>
  );
}

function LanePicture({ lanes }: { readonly lanes: readonly LaneName[] }) {
  const end = Math.max(mirror.time.value, SECOND);
  const span = Math.max(end * 1.08, 30 * SECOND);
  const x = (time: number): number => Math.round((time / span) * width.value * 2) / 2;
  const bottom = lanes.length * laneStep.value;
  const now = x(end);
  const cursor = x(mirror.shownTime.value);
  const timeAt = (event: PointerEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return Math.round(((event.clientX - box.left) / box.width) * span);
  };
  return (
    <svg
      height={bottom + 22}
      viewBox={`0 0 ${width.value} ${bottom + 22}`}
      preserveAspectRatio="none"
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a cursor on a picture
      role="slider"
      tabIndex={0}
      aria-label={t('lanes.cursor')}
      aria-valuemin={0}
      aria-valuemax={Math.round(end / 1000)}
      aria-valuenow={Math.round(mirror.shownTime.value / 1000)}
      aria-valuetext={clockText(mirror.shownTime.value)}
      onPointerDown={(event) => look(timeAt(event))}
      onPointerMove={(event) => {
        if (event.buttons === 1) look(timeAt(event));
      }}
      onKeyDown={moveCursor}
    >
      <rect class="future" x={now} y={0} width={Math.max(0, width.value - now)} height={bottom} />
      {lanes.map((lane, index) => (
        <line
          key={lane}
          class="lane"
          x1="0"
          x2={width.value}
          y1={index * laneStep.value + 6}
          y2={index * laneStep.value + 6}
        />
      ))}
      <Axis span={span} x={x} y={bottom} />
      <FaultSpans x={x} end={end} top={lanes.indexOf('faults') * laneStep.value} />
      {lanes.map((lane, index) => (
        <LaneMarks key={lane} lane={lane} x={x} top={index * laneStep.value} />
      ))}
      {bookmarks.value.map((mark) => (
        <path key={mark.time} class="bookmark" d={`M${x(mark.time)} ${bottom}v-8h6l-2 2 2 2h-6`}>
          <title>{mark.name}</title>
        </path>
      ))}
      {mirror.inPast.value && <line class="live" x1={now} x2={now} y1="0" y2={bottom} />}
      <line class="cursor" x1={cursor} x2={cursor} y1="0" y2={bottom + 4} />
      <path class="cursor-head" d={`M${cursor - 4} -4h8v5l-4 4-4-4z`} />
    </svg>
  );
}

function moveCursor(event: KeyboardEvent): void {
  if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') stepBack(event.shiftKey);
  else if (event.key === 'ArrowRight' || event.key === 'ArrowUp') stepForward(event.shiftKey);
  else if (event.key === 'Home') look(0);
  else if (event.key === 'End') look(null);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function Axis(props: {
  readonly span: number;
  readonly x: (time: number) => number;
  readonly y: number;
}) {
  const { span, x, y } = props;
  const steps = [1, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600];
  const step = (steps.find((one) => (span / SECOND / one) * 70 < width.value) ?? 86_400) * SECOND;
  const ticks: number[] = [];
  for (let at = 0; at < span; at += step) ticks.push(at);
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a drawing, not a control
    <g aria-hidden="true">
      {ticks.map((at) => (
        <g key={at} transform={`translate(${x(at)} ${y})`}>
          <line class="lane" y2="14" />
          <text class="axis" x="4" y="12">
            {clockText(at).replace(/\.\d+$/, '')}
          </text>
        </g>
      ))}
    </g>
  );
}

function FaultSpans(props: {
  readonly x: (time: number) => number;
  readonly end: number;
  readonly top: number;
}) {
  const { x, end, top } = props;
  const spans = [
    ...mirror.mended.value,
    ...mirror.faults.value.map((fault) => ({ ...fault, until: end })),
  ].sort((a, b) => a.since - b.since);
  return (
    <>
      {spans.map((fault, index) => {
        const from = x(fault.since);
        // The bars lie over each other: a name has the room up to the next one's beginning.
        const room = Math.min(x(fault.until), x(spans[index + 1]?.since ?? end)) - from - 8;
        return (
          <g key={fault.name}>
            <title>{fault.text}</title>
            <rect
              class="fault-bar"
              x={from}
              y={top + 0.5}
              width={Math.max(2, x(fault.until) - from)}
              height="11"
            />
            {room > fault.text.length * LETTER && (
              <text class="fault-text" x={from + 5} y={top + 9.5}>
                {fault.text}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** One path per lane, at most one stroke per half pixel: thousands of marks cost as many as fit. */
function LaneMarks(props: {
  readonly lane: LaneName;
  readonly x: (time: number) => number;
  readonly top: number;
}) {
  const { lane, x, top } = props;
  const { all, warnings } = mirror.laneOf(lane);
  const drawn = firstPerPixel(all, x);
  const yours = lane === 'you';
  const path = yours ? '' : drawn.map((mark) => `M${x(mark.time)} ${top + 2}v8`).join('');
  return (
    <>
      <path class={`mark ${TONES[lane]}`} d={path} />
      {yours &&
        drawn.map((mark) => (
          <rect key={mark.id} class="you" x={x(mark.time) - 3} y={top + 2} width="7" height="8">
            <title>{`${clockText(mark.time)} ${mark.text}`}</title>
          </rect>
        ))}
      {firstPerPixel(warnings, x)
        .slice(0, WARNINGS_MAX)
        .map((mark) => (
          <path
            key={mark.id}
            class="warning"
            transform={`translate(${x(mark.time)} ${top + 1})`}
            d="M0 0l4.5 9h-9z"
          />
        ))}
    </>
  );
}

/** The first mark of each half pixel, with a leap over those that would fall on the same. */
function firstPerPixel(
  marks: readonly LaneMark[],
  x: (time: number) => number,
): readonly LaneMark[] {
  const found: LaneMark[] = [];
  for (let at = 0; at < marks.length; ) {
    const mark = marks[at];
    if (mark === undefined) break;
    found.push(mark);
    const here = x(mark.time);
    let low = at + 1;
    let high = marks.length;
    for (let leap = 1; low < high; leap *= 2) {
      const probe = Math.min(low + leap, high) - 1;
      if (x(marks[probe]?.time ?? 0) > here) {
        high = probe;
        leap = 0.5;
      } else low = probe + 1;
    }
    at = low;
  }
  return found;
}
