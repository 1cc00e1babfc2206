/** A separator between panes: drag, arrows by 5 %, Home and End collapse, Enter restores. */
import { DEFAULT_SPLITS, type Splits, splits } from '../mirror/selection.ts';

interface SashProps {
  readonly of: 'guide' | 'inspector' | 'work';
  readonly label: string;
}

const LIMITS = { guide: [0, 45], inspector: [0, 60], work: [12, 88] } as const;
const STEP = 5;

export function Sash({ of, label }: SashProps) {
  const [min, max] = LIMITS[of];
  const value = splits.value[of];
  const set = (next: number): void => {
    const rounded = Math.round(Math.min(max, Math.max(min, next)) * 10) / 10;
    splits.value = { ...splits.peek(), [of]: rounded } satisfies Splits;
  };
  const onPointerDown = (event: PointerEvent): void => {
    const sash = event.currentTarget as HTMLElement;
    const body = sash.parentElement?.getBoundingClientRect();
    if (body === undefined) return;
    sash.setPointerCapture(event.pointerId);
    const move = (to: PointerEvent): void => {
      if (of === 'work') set((100 * (to.clientY - body.top)) / body.height);
      else if (of === 'guide') set((100 * (to.clientX - body.left)) / body.width);
      else set((100 * (body.right - to.clientX)) / body.width);
    };
    const end = (): void => {
      sash.removeEventListener('pointermove', move);
      sash.removeEventListener('pointerup', end);
    };
    sash.addEventListener('pointermove', move);
    sash.addEventListener('pointerup', end);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const sign = of === 'inspector' ? -1 : 1;
    // What stands now, not what was drawn: keys may come faster than pictures.
    const at = splits.peek()[of];
    const moves: Record<string, number> = {
      ArrowRight: at + sign * STEP,
      ArrowLeft: at - sign * STEP,
      ArrowDown: at + STEP,
      ArrowUp: at - STEP,
      Home: min,
      End: max,
      Enter: DEFAULT_SPLITS[of],
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is no <hr>
    <div
      class={`sash ${of} ${of === 'work' ? 'line' : 'column'}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={of === 'work' ? 'horizontal' : 'vertical'}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onDblClick={() => set(DEFAULT_SPLITS[of])}
    />
  );
}
