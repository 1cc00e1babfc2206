// Finds Chromium and Firefox for the browser tests, and installs Debian's when it may (root, apt).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CANDIDATES = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
};
const PACKAGES = ['chromium', 'firefox-esr', 'openssl', 'jq'];

/** Path of a browser, or undefined. DRYDOCK_CHROMIUM and DRYDOCK_FIREFOX come first. */
export function findBrowser(name) {
  const named = process.env[`DRYDOCK_${name.toUpperCase()}`];
  return [named, ...CANDIDATES[name]].find((path) => path !== undefined && existsSync(path));
}

export function missingBrowsers() {
  return Object.keys(CANDIDATES).filter((name) => findBrowser(name) === undefined);
}

/** Installs what is missing where that is possible; says what it does. */
export function installBrowsers() {
  const root = process.getuid?.() === 0;
  if (missingBrowsers().length === 0 || !root || !existsSync('/usr/bin/apt-get')) return;
  console.log(`installing ${PACKAGES.join(' ')} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: 'inherit', env };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], options);
}
