/**
 * Keeps count of controls inside the page: every one that can be seen in any state of a run, and every
 * one that was used. What is seen and never used is a control without a test. Controls of a list whose
 * members come from the cluster (pods in a menu, rows of a table) count as one.
 */
import type { Page } from 'puppeteer-core';

interface Recorded {
  readonly seen: Set<string>;
  readonly used: Set<string>;
}

type WithRecord = Window & { controls?: Recorded };

/** Begins to count, in this page and after each reload. */
export async function recordControls(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(record);
}

/** What several pages have shown together. */
export class ControlRecord {
  readonly #seen = new Set<string>();
  readonly #used = new Set<string>();

  /** Adds what a page has shown since it was loaded. */
  async add(page: Page): Promise<void> {
    const { seen, used } = await page.evaluate(() => {
      const { controls } = window as WithRecord;
      return { seen: [...(controls?.seen ?? [])], used: [...(controls?.used ?? [])] };
    });
    for (const key of seen) this.#seen.add(key);
    for (const key of used) this.#used.add(key);
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Seen in some state, and never used. */
  get unused(): readonly string[] {
    return [...this.#seen].filter((key) => !this.#used.has(key)).sort();
  }
}

/** Runs in the page: nothing outside of it can be named here. */
function record(): void {
  const CONTROLS =
    'button,input,select,textarea,a[href],[role="slider"],[role="separator"],[role="option"],[data-key]';
  const PLACES =
    '[role="menu"],[role="dialog"],[role="alertdialog"],.toast,.notice,.past-bar,.status,.mini-bar,.tab-bar,.history-list,[data-pane]';
  /** Lists whose members are the cluster's, the lesson's or the learner's. */
  const LISTS = '.trouble,.twin,.file-list,.history-list,.checks,.chips';
  const seen = new Set<string>();
  const used = new Set<string>();
  (window as WithRecord).controls = { seen, used };

  const plain = (text: string): string =>
    text
      .replace(/\b[a-z][a-z0-9-]*-[a-z0-9]{5}\b/g, '…')
      .replace(/\d+/g, '#')
      .replace(/^Only .*/, 'Only …')
      .trim()
      .slice(0, 50);
  const placeOf = (one: Element): string => {
    const place = one.closest(PLACES);
    return (
      place?.getAttribute('data-pane') ??
      place?.getAttribute('aria-label') ??
      place?.className ??
      'page'
    );
  };
  const nameOf = (one: Element): string => {
    const label = (one as HTMLInputElement).labels?.[0];
    const text = label?.querySelector('.unseen,span:not([aria-hidden])') ?? label ?? one;
    return plain(one.getAttribute('aria-label') ?? text.textContent ?? '');
  };
  /** The heading over an item of a menu that lists what the cluster has. */
  const groupOf = (one: Element): string | undefined => {
    for (let at = one.previousElementSibling; at !== null; at = at.previousElementSibling) {
      if (at.tagName === 'HR') return undefined;
      if (at.tagName === 'H3') return plain(at.textContent ?? '');
    }
    return undefined;
  };
  const keyOf = (one: Element): string => {
    if (one.closest('.xterm') !== null) return 'terminal: its screen';
    if (one.closest('.monaco-host,.plain-editor') !== null) return 'files: the editor';
    const place = plain(placeOf(one));
    const key = one.closest('[data-key]')?.getAttribute('data-key') ?? undefined;
    if (key !== undefined) return `${place}: object ${key.split('/')[0]}`;
    const list = one.closest(LISTS);
    if (list !== null) return `${place}: ${list.className} ${one.className}`.trim();
    if (one.matches('.run')) return `${place}: command`;
    if (one.matches('.evidence')) return `${place}: evidence`;
    if (one.matches('[role="option"]')) return `${place}: choice`;
    const tabs = one.closest('[role="tablist"]')?.getAttribute('aria-label');
    if (tabs === 'Terminals' || tabs === 'Files') return `${tabs}: tab`;
    if (one.closest('.menu .narrow, .menu')?.querySelector('.runs, .aside') !== null) {
      const group = one.closest('.menu') === null ? undefined : groupOf(one);
      if (group !== undefined) return `${place}: ${group}`;
    }
    return `${place}: ${nameOf(one)}`;
  };
  const english = (): boolean => document.documentElement.lang !== 'zh-CN';
  const look = (): void => {
    if (!english()) return;
    for (const one of document.querySelectorAll<HTMLInputElement>(CONTROLS))
      if (!one.disabled && one.getClientRects().length > 0) seen.add(keyOf(one));
  };
  const use = (event: Event): void => {
    look();
    const one = (event.target as Element | null)?.closest(CONTROLS);
    if (one !== null && one !== undefined) used.add(keyOf(one));
  };
  for (const kind of ['click', 'input', 'change', 'keydown', 'pointerdown'])
    document.addEventListener(kind, use, true);
  window.setInterval(look, 100);
}
