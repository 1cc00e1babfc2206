/** Menus and dialogs: they take focus, keep it, give it back, and close on Escape. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../text.ts';
import { Icon } from './icon.tsx';

const FOCUSABLE =
  'button:not([disabled]),[href],input:not([disabled]),select,textarea,[tabindex]:not([tabindex="-1"])';

interface MenuProps {
  readonly label: string;
  /** The element it hangs from. */
  readonly anchor: HTMLElement;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A menu below its anchor, kept inside the window. Arrow keys, Home, End and Escape work. */
export function Menu({ label, anchor, onClose, children }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = ref.current;
    if (menu === null) return;
    const at = anchor.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - size.width - 8))}px`;
    const below = at.bottom + 2;
    const top = below + size.height > window.innerHeight ? at.top - size.height - 2 : below;
    menu.style.top = `${Math.max(8, top)}px`;
    itemsOf(menu)[0]?.focus();
    const outside = (event: Event): void => {
      const target = event.target as Node;
      if (!menu.contains(target) && !anchor.contains(target)) onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      if (menu.contains(document.activeElement) || document.activeElement === document.body)
        anchor.focus();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const items = itemsOf(ref.current);
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') onClose();
    else if (to === undefined) return;
    else items[(to + items.length) % items.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={ref} class="menu" role="menu" aria-label={label} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [
    ...(menu?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not([aria-disabled="true"])') ??
      []),
  ];
}

interface MenuItemProps {
  readonly onPick: () => void;
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly aside?: string;
  readonly onPoint?: () => void;
  readonly children: ComponentChildren;
}

export function MenuItem({ onPick, checked, disabled, aside, onPoint, children }: MenuItemProps) {
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: its role has it
    <button
      type="button"
      role={checked === undefined ? 'menuitem' : 'menuitemradio'}
      aria-checked={checked}
      aria-disabled={disabled === true ? true : undefined}
      tabIndex={-1}
      onFocus={onPoint}
      onPointerEnter={onPoint}
      onClick={() => {
        if (disabled !== true) onPick();
      }}
    >
      {checked !== undefined && <Icon name={checked ? 'check' : 'blank'} />}
      {children}
      {aside !== undefined && <span class="aside">{aside}</span>}
    </button>
  );
}

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly class?: string;
  readonly bare?: boolean;
  readonly children: ComponentChildren;
}

/** A dialog over the page; `bare` leaves its heading unseen. */
export function Dialog({ title, onClose, class: extra, bare, children }: DialogProps) {
  const ref = useRef<HTMLDivElement>(null);
  // At once and not after the next picture: an Escape may come with the very next key.
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const first =
      ref.current?.querySelector<HTMLElement>('[data-first]') ?? focusablesOf(ref.current)[0];
    first?.focus();
    return () => before?.focus();
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
    if (event.key !== 'Tab') return;
    const all = focusablesOf(ref.current);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0])?.focus();
  };
  return (
    <div
      class="scrim"
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div
        ref={ref}
        class={`dialog ${extra ?? ''}`}
        role="dialog"
        aria-modal="true"
        aria-label={title}
        onKeyDown={onKeyDown}
      >
        {bare !== true && (
          <header>
            <h2>{title}</h2>
            <button
              type="button"
              class="button only-icon"
              aria-label={t('close')}
              onClick={onClose}
            >
              <Icon name="close" />
            </button>
          </header>
        )}
        {children}
      </div>
    </div>
  );
}

function focusablesOf(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].filter(
    (one) => one.offsetParent !== null || one === document.activeElement,
  );
}
