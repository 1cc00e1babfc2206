/** A row of tabs: one stop for Tab, arrows move, Home and End jump. */
import type { ComponentChildren } from 'preact';

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly id: T; readonly face: ComponentChildren }[];
  readonly active: T;
  readonly onPick: (id: T) => void;
  /** Inner tabs have the line below. */
  readonly inner?: boolean;
  /** Id of the element that the tabs fill. */
  readonly panel: string;
}

export function Tabs<T extends string>({
  label,
  tabs,
  active,
  onPick,
  inner,
  panel,
}: TabsProps<T>) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.id === active);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    if (next === undefined) return;
    onPick(next.id);
    const list = event.currentTarget as HTMLElement;
    list.querySelector<HTMLElement>(`[data-tab="${CSS.escape(next.id)}"]`)?.focus();
  };
  return (
    <div
      class={inner === true ? 'inner-tabs' : 'tabs'}
      role="tablist"
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          class={inner === true ? 'inner-tab' : 'tab'}
          data-tab={tab.id}
          aria-selected={tab.id === active}
          aria-controls={panel}
          tabIndex={tab.id === active ? 0 : -1}
          onClick={() => onPick(tab.id)}
        >
          {tab.face}
        </button>
      ))}
    </div>
  );
}
