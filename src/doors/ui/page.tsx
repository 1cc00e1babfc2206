/** The page's own code: opens a lab and draws it. */
import { render } from 'preact';
import { App } from './shell/app.tsx';
import { start } from './shell/start.ts';

export function openPage(root: HTMLElement): void {
  void start().then(() => render(<App />, root));
}
