/** The page's first script: checks what the browser can do, begins the simulation, then the page. */
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
import { beginEarly } from './mirror/early-worker.ts';

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
    beginEarly();
    void import('./page.tsx').then((page) => page.openPage(root));
  }
}
