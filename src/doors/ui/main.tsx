/** The page: checks what the browser can do, restores choices, opens a lab, draws. */
import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/panes.css';
import './styles/lab.css';
import './styles/terminal.css';
import './styles/map.css';
import './styles/inspector.css';
import './styles/guide.css';
import './styles/files.css';
import './styles/phone.css';
import { start } from './shell/start.ts';
import { App } from './shell/app.tsx';

const root = document.getElementById('app');

/** Below the promised baseline the page says so in one sentence, in both languages. */
function missing(): boolean {
  return (
    typeof WebAssembly !== 'object' ||
    typeof Worker !== 'function' ||
    typeof ResizeObserver !== 'function' ||
    !('at' in Array.prototype)
  );
}

if (root !== null) {
  if (missing()) {
    root.textContent =
      'This browser is too old for Drydock: Chromium 109, Firefox 115 or newer is needed. / 此浏览器版本过旧：Drydock 需要 Chromium 109、Firefox 115 或更新版本。';
  } else {
    void start().then(() => render(<App />, root));
  }
}
