/** Tooltips for everything with `data-tip`: after 400 ms of hover, at once on focus, gone with Escape. */
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

const DELAY_MS = 400;
const tip = signal<{ readonly text: string; readonly at: DOMRect } | undefined>(undefined);

export function Tooltip() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let timer: number | undefined;
    const hide = (): void => {
      window.clearTimeout(timer);
      tip.value = undefined;
    };
    const show = (event: Event, delay: number): void => {
      const target = (event.target as Element).closest?.('[data-tip]');
      hide();
      if (target === null || target === undefined) return;
      timer = window.setTimeout(() => {
        const text = target.getAttribute('data-tip') ?? '';
        if (text !== '' && target.isConnected)
          tip.value = { text, at: target.getBoundingClientRect() };
      }, delay);
    };
    // A finger has no hover, and the focus that a menu gives back is no question.
    let touched = false;
    const over = (event: PointerEvent): void => {
      touched = event.pointerType === 'touch';
      if (!touched) show(event, DELAY_MS);
    };
    const focus = (event: FocusEvent): void => {
      const from = event.relatedTarget;
      // Given back by a menu or dialog that closed.
      const returned = !(from instanceof Element) || from.closest('.menu,.dialog') !== null;
      if (touched || returned) return;
      if ((event.target as Element).matches(':focus-visible')) show(event, 0);
    };
    const key = (event: KeyboardEvent): void => {
      touched = false;
      if (event.key === 'Escape') hide();
    };
    document.addEventListener('pointerover', over);
    document.addEventListener('pointerdown', hide);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('keydown', key, true);
    return () => {
      document.removeEventListener('pointerover', over);
      document.removeEventListener('pointerdown', hide);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('keydown', key, true);
    };
  }, []);
  const shown = tip.value;
  useLayoutEffect(() => {
    const box = ref.current;
    if (box === null || shown === undefined) return;
    const size = box.getBoundingClientRect();
    const middle = shown.at.left + shown.at.width / 2 - size.width / 2;
    box.style.left = `${Math.max(8, Math.min(middle, window.innerWidth - size.width - 8))}px`;
    const below = shown.at.bottom + 6;
    box.style.top = `${below + size.height > window.innerHeight ? shown.at.top - size.height - 6 : below}px`;
  });
  if (shown === undefined) return null;
  return (
    <div ref={ref} class="tooltip" role="tooltip">
      {shown.text}
    </div>
  );
}
