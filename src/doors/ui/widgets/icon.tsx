/** Line icons and state glyphs, drawn in place: no sprite to load, no font. */
import type { StateWord } from '../../worker/protocol.ts';

const ICONS = {
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  play: 'M4.5 3v10l8-5z',
  pause: 'M4.8 3v10M11.2 3v10',
  step: 'M3 8h7M7 4.5 10.5 8 7 11.5M13.2 4v8',
  write: 'M3 12.8h10M4 10l.4-2.4L10 2l2 2-5.6 5.6z',
  quiet: 'm2.5 4 4 4-4 4M7 4l4 4-4 4M13.5 4v8',
  back: 'M13 8H6M9 4.5 5.5 8 9 11.5M2.8 4v8',
  flag: 'M4 14V2.5h8l-2 3 2 3H4',
  share: 'M6.5 9.5 9.5 6.5M7 4.5 9 2.6a3 3 0 0 1 4.3 4.3l-2 2M9 11.5l-2 1.9A3 3 0 0 1 2.7 9.1l2-2',
  save: 'M8 2.5v7M5 7l3 3 3-3M2.5 11v2.5h11V11',
  open: 'M2 12.5v-9h4l1.5 2H13v2M2 12.5 4 7.5h10.5l-2 5z',
  theme: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2',
  text: 'M2 12.5 5.6 3.5l3.6 9M3.2 9.6h4.8M10 12.5l2.2-5.6 2.2 5.6M10.7 10.8h3',
  help: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.3v.1',
  bolt: 'M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z',
  close: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  check: 'm3.5 8.5 3 3 6-7',
  blank: 'M0 0',
  down: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  up: 'm4.5 9.5 3.5-3.5 3.5 3.5',
  right: 'm6.5 4.5 3.5 3.5-3.5 3.5',
  max: 'M9.5 3H13v3.5M6.5 13H3V9.5M13 3 9 7M3 13l4-4',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3',
  reset: 'M3 8a5 5 0 1 0 1.6-3.7M3 2.5V5h2.8',
  book: 'M2.5 3h4A1.5 1.5 0 0 1 8 4.5V13a1.5 1.5 0 0 0-1.5-1.2h-4zM13.5 3h-4A1.5 1.5 0 0 0 8 4.5V13a1.5 1.5 0 0 1 1.5-1.2h4z',
  terminal: 'M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.2h3',
  map: 'M2.5 2.5h4.6v4.6H2.5zM8.9 2.5h4.6v4.6H8.9zM2.5 8.9h4.6v4.6H2.5zM8.9 8.9h4.6v4.6H8.9z',
  clock: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M8 4.5V8l2.4 1.6',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  table: 'M2 3h12v10H2zM2 6.4h12M2 9.7h12M6.2 6.4V13',
  file: 'M4 2h5.5L12.5 5v9H4zM9.5 2v3h3',
  tree: 'M3 2.5h4v3H3zM9 7h4v3H9zM9 11.5h4v3H9zM5 5.5V13h4M5 8.5h4',
} as const;

export type IconName = keyof typeof ICONS;
const FILLED: ReadonlySet<string> = new Set(['play']);
/** Half of the theme's disc is solid. */
const HALF = 'M8 2.2a5.8 5.8 0 0 1 0 11.6z';

export function Icon({ name, tone }: { readonly name: IconName; readonly tone?: string }) {
  return (
    <svg
      class={tone === undefined ? 'icon' : `icon ${tone}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <path
        d={ICONS[name]}
        fill={FILLED.has(name) ? 'currentColor' : undefined}
        stroke-width={name === 'pause' ? 2.4 : name === 'more' ? 2.2 : undefined}
      />
      {name === 'theme' && <path d={HALF} fill="currentColor" />}
    </svg>
  );
}

export type GlyphName = StateWord | 'todo';

/** The colour family of a state: glyph, wash and word use it. */
export function toneOf(state: GlyphName): 'ok' | 'progress' | 'warn' | 'fail' | 'idle' {
  switch (state) {
    case 'ok':
    case 'done':
      return 'ok';
    case 'progress':
    case 'pending':
      return 'progress';
    case 'warn':
      return 'warn';
    case 'fail':
    case 'off':
      return 'fail';
    case 'terminating':
    case 'stale':
    case 'todo':
      return 'idle';
  }
}

/** The shape of a state, 12 × 12, in the current colour. */
export function glyphShape(state: GlyphName) {
  const ring = { cx: 6, cy: 6, r: 4.4, fill: 'none', stroke: 'currentColor' };
  switch (state) {
    case 'ok':
      return <circle cx="6" cy="6" r="4.6" fill="currentColor" />;
    case 'progress':
      return (
        <>
          <circle {...ring} stroke-width="1.4" />
          <path d="M6 1.6a4.4 4.4 0 0 1 0 8.8z" fill="currentColor" />
        </>
      );
    case 'pending':
      return <circle {...ring} stroke-width="1.5" stroke-dasharray="2.1 1.35" />;
    case 'warn':
      return <path d="M6 1 11.4 10.6H.6z" fill="currentColor" />;
    case 'fail':
      return (
        <path
          d="M3 3 9 9M9 3 3 9"
          stroke="currentColor"
          stroke-width="2.2"
          stroke-linecap="square"
        />
      );
    case 'terminating':
      return (
        <>
          <circle {...ring} stroke-width="1.4" />
          <path d="M3.6 6h4.8" stroke="currentColor" stroke-width="1.6" />
        </>
      );
    case 'done':
      return (
        <path d="m1.8 6.4 2.8 2.9 5.6-6.2" fill="none" stroke="currentColor" stroke-width="1.8" />
      );
    case 'stale':
      return (
        <path
          d="M6 .9 11.1 6 6 11.1.9 6zM6 4v2.4M6 8v.1"
          fill="none"
          stroke="currentColor"
          stroke-width="1.4"
        />
      );
    case 'off':
      return (
        <>
          <path d="M6 1v4.6" stroke="currentColor" stroke-width="1.7" />
          <path
            d="M3.4 2.8a4.4 4.4 0 1 0 5.2 0"
            stroke="currentColor"
            stroke-width="1.5"
            fill="none"
          />
        </>
      );
    case 'todo':
      return <circle {...ring} stroke-width="1.2" />;
  }
}

export function Glyph({ state, small }: { readonly state: GlyphName; readonly small?: boolean }) {
  return (
    <svg
      class={`glyph ${toneOf(state)}${small === true ? ' small' : ''}`}
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      {glyphShape(state)}
    </svg>
  );
}
