/** Hands and eyes for the tests of the Lab screen: presses, looks, waits until something is so. */
import { expect } from 'vitest';
import type { Page } from 'puppeteer-core';
import { press, terminalText } from './browser.ts';

const PATIENCE_MS = 15_000;

export const pause = (milliseconds = 300): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Expects what a look will soon give: a screen is drawn after a press, on a slow machine well after it. */
export const soon = <T>(look: () => T | Promise<T>, message?: string) =>
  expect.poll(look, { timeout: PATIENCE_MS, ...(message === undefined ? {} : { message }) });

export class Kit {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  press(name: string, within = 'body'): Promise<void> {
    return press(this.page, name, within);
  }

  /** Opens a menu and picks an entry by the beginning of its text. */
  async pick(menu: string, within: string, entry: RegExp): Promise<string> {
    await this.press(menu, within);
    return this.choose(entry);
  }

  /** Picks an entry of the open menu; gives its text. */
  async choose(entry: RegExp): Promise<string> {
    await this.page.waitForSelector('.menu');
    const text = await this.page.evaluate((source) => {
      const wanted = new RegExp(source);
      const found = [...document.querySelectorAll<HTMLElement>('.menu [role^="menuitem"]')].find(
        (item) => wanted.test((item.textContent ?? '').trim()),
      );
      found?.click();
      return found?.textContent ?? undefined;
    }, entry.source);
    if (text === undefined) throw new Error(`no entry ${entry}`);
    await pause(60);
    return text;
  }

  has(selector: string): Promise<boolean> {
    return this.page.evaluate((one) => document.querySelector(one) !== null, selector);
  }

  text(selector: string): Promise<string> {
    return this.page.evaluate((one) => document.querySelector(one)?.textContent ?? '', selector);
  }

  count(selector: string): Promise<number> {
    return this.page.evaluate((one) => document.querySelectorAll(one).length, selector);
  }

  attribute(selector: string, name: string): Promise<string | null> {
    return this.page.evaluate(
      (one, wanted) => document.querySelector(one)?.getAttribute(wanted) ?? null,
      selector,
      name,
    );
  }

  /** Clicks the first that matches, wherever it is. */
  async click(selector: string): Promise<void> {
    const found = await this.page.evaluate((one) => {
      const element = document.querySelector(one);
      element?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      return element !== null;
    }, selector);
    if (!found) throw new Error(`nothing is ${selector}`);
    await pause(60);
  }

  /** Sets a field as typing would. */
  fill(selector: string, value: string): Promise<void> {
    return this.page.$eval(
      selector,
      (field, text) => {
        const input = field as HTMLInputElement;
        input.focus();
        input.value = text;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        input.dispatchEvent(new Event('change', { bubbles: true }));
      },
      value,
    );
  }

  /** Waits until a look gives what is wanted. */
  async until<T>(what: string, look: () => Promise<T>, wanted: (seen: T) => boolean): Promise<T> {
    const end = Date.now() + PATIENCE_MS;
    let seen = await look();
    while (!wanted(seen) && Date.now() < end) {
      await pause(60);
      seen = await look();
    }
    if (!wanted(seen))
      throw new Error(
        `${what}: ${String(seen)}; the terminal shows:\n${await terminalText(this.page)}`,
      );
    return seen;
  }

  untilText(selector: string, text: RegExp): Promise<string> {
    return this.until(
      `${selector} ${text}`,
      () => this.text(selector),
      (seen) => text.test(seen),
    );
  }

  /** Waits until the shown terminal shows a text. */
  async shows(text: RegExp): Promise<void> {
    await this.until(
      `${text}`,
      () => terminalText(this.page),
      (seen) => text.test(seen) || text.test(seen.replaceAll('\n', '')),
    );
  }

  async select(prefix: string): Promise<void> {
    await this.until('the object', () => this.has(`.map [data-key^="${prefix}"]`), Boolean);
    await this.click(`.map [data-key^="${prefix}"]`);
    await this.untilText('.object-head h2', /\S/);
  }

  /** A press changes an attribute, and a second press changes it back. */
  async toggles(name: string, within: string, attribute = 'aria-pressed'): Promise<void> {
    const look = (): Promise<string | null> =>
      this.page.evaluate(
        (wanted, root, key) => {
          const named = (one: Element): boolean =>
            one.getAttribute('aria-label') === wanted || (one.textContent ?? '').trim() === wanted;
          return (
            [...document.querySelectorAll(`${root} button`)].find(named)?.getAttribute(key) ?? null
          );
        },
        name,
        within,
        attribute,
      );
    const before = await look();
    await this.press(name, within);
    await soon(look, name).not.toBe(before);
    await this.press(name, within);
    await soon(look, name).toBe(before);
  }
}
