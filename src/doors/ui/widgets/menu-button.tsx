/** A button that opens a menu below itself. */
import { type ComponentChildren, Fragment } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Menu } from './overlay.tsx';

interface MenuButtonProps {
  readonly label: string;
  readonly class?: string;
  readonly id?: string;
  /** What the button shows. */
  readonly face: ComponentChildren;
  readonly iconOnly?: boolean;
  readonly children: (close: () => void) => ComponentChildren;
}

export function MenuButton({ label, class: extra, id, face, iconOnly, children }: MenuButtonProps) {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLButtonElement>(null);
  const close = (): void => setOpen(false);
  return (
    <Fragment>
      <button
        ref={ref}
        id={id}
        type="button"
        class={`button ${iconOnly === true ? 'only-icon' : ''} ${extra ?? ''}`}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={iconOnly === true ? label : undefined}
        data-tip={label}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && ref.current !== null && (
        <Menu label={label} anchor={ref.current} onClose={close}>
          {children(close)}
        </Menu>
      )}
    </Fragment>
  );
}
