// The whole test suite, cheapest first. Ends with one plain line of counts; exits non-zero on any
// failure. Each stage runs even when an earlier one failed, so that one run shows everything.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { installBrowsers, missingBrowsers } from './browsers.mjs';

let passed = 0;
let failed = 0;
let skipped = 0;

function command(title, program, args) {
  console.log(`\n== ${title}`);
  const result = spawnSync(program, args, {
    stdio: 'inherit',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  if (result.status === 0) passed += 1;
  else failed += 1;
  return result.status === 0;
}

function tests(title, folders) {
  console.log(`\n== ${title}`);
  const report = '.cache/report.json';
  mkdirSync('.cache', { recursive: true });
  rmSync(report, { force: true });
  const args = [
    'vitest',
    'run',
    ...folders,
    '--reporter=default',
    '--reporter=json',
    `--outputFile=${report}`,
    '--passWithNoTests',
  ];
  const result = spawnSync('npx', args, {
    stdio: 'inherit',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  try {
    const counts = JSON.parse(readFileSync(report, 'utf8'));
    passed += counts.numPassedTests;
    failed += counts.numFailedTests;
    skipped += counts.numPendingTests;
    if (result.status !== 0 && counts.numFailedTests === 0) failed += 1;
  } catch {
    console.log('no report from the test runner');
    failed += 1;
  }
}

const noBrowser = process.env.DRYDOCK_NO_BROWSER === '1' && process.env.CI === undefined;
if (!noBrowser) installBrowsers();

tests('tidy', ['tests/tidy']);
command('types: engine', 'npx', ['tsc', '-p', 'tsconfig.json']);
command('types: doors and tests', 'npx', ['tsc', '-p', 'tsconfig.doors.json']);
command('types: cores', 'npx', ['tsc', '-p', 'assembly/tsconfig.json']);
command('format and lint', 'npx', ['biome', 'check', '.']);
tests('unit, property and parity', ['tests/unit', 'tests/property', 'tests/parity']);
tests('transcripts, scenarios and simulation', [
  'tests/golden',
  'tests/scenarios',
  'tests/simulation',
]);
const built =
  command('build: site', 'npx', ['vite', 'build', '--logLevel', 'warn']) &&
  command('build: single file', 'npx', ['vite', 'build', '--mode', 'single', '--logLevel', 'warn']);
if (built) {
  const missing = missingBrowsers();
  if (missing.length === 0) tests('browsers', ['tests/e2e']);
  else if (noBrowser) console.log(`not run: browser tests (${missing.join(', ')} not installed)`);
  else {
    failed += 1;
    console.log(
      `missing: ${missing.join(', ')}; install with: apt-get update && apt-get install -y --no-install-recommends chromium firefox-esr openssl jq`,
    );
  }
}

if (skipped > 0) console.log(`\n${skipped} skipped (see above for what the machine lacks)`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
