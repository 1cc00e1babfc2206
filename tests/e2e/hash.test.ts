/**
 * One story everywhere: a lab made in Node (a script typed line by line, with a Service called, a pod
 * deleted, a node without power) is opened from its link in Chromium and Firefox, from a server and as
 * the one file from disk, and its hashes are the same to the last event.
 */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HashAnswer } from '../../src/doors/worker/protocol.ts';
import type { SavedLab } from '../../src/lab/input-types.ts';
import { Lab } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import { packLink } from '../../src/lab/scenarios/packer.ts';
import { whyText } from '../../src/lab/why/index.ts';
import { Typist } from '../support/transcript.ts';
import {
  askWorker,
  type BrowserName,
  fileAddress,
  launch,
  openPage,
  press,
  serveSite,
  until,
} from './browser.ts';

const MANIFESTS = join(import.meta.dirname, '../../src/lab/scenarios/library/first-service/files');
const file = (name: string): string => readFileSync(join(MANIFESTS, name), 'utf8');

const LINES = [
  'kubectl apply -f client.yaml -f backend-v2.yaml -f backend-service.yaml',
  'kubectl rollout status deployment/backend-v2',
  'kubectl wait --for=condition=Ready pod/client',
  'for i in 1 2 3 4 5 6 7 8; do kubectl exec client -- curl -s http://backend/hello; done',
  'kubectl delete $(kubectl get pods -l app=backend -o name | head -n 1)',
  'lab fault power-off node-2; sleep 60; kubectl get nodes',
  'kubectl get pods -o wide',
];

/** The lines typed in Node: the lab as a link holds it, and its hashes. */
function played(seed: number): { readonly saved: SavedLab; readonly hash: HashAnswer } {
  const files = Object.fromEntries(
    ['client.yaml', 'backend-v2.yaml', 'backend-service.yaml'].map((name) => [name, file(name)]),
  );
  const base = { profile: 'modern', nodes: 2, scenario: '', files } as const;
  const lab = new Lab({ base, seed, parts: shippedParts(), commands: { why: whyText } });
  lab.boot();
  const typist = new Typist(lab);
  for (const line of LINES) typist.run(`$ ${line}`);
  const { traceHash, story, loop } = lab;
  return {
    saved: lab.save(),
    hash: { trace: traceHash, story, time: loop.now, events: loop.executed },
  };
}

/** Opens a link in the page and replays it: the worker's own hashes at the stop time. */
async function replayed(page: Page, saved: SavedLab): Promise<HashAnswer> {
  await page.evaluate((link) => {
    location.hash = link;
  }, packLink(saved));
  await until(page, 'the question', () => document.querySelector('.opening .primary') !== null);
  await press(page, 'Start', '.opening');
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const hash = await askWorker<HashAnswer>(page, { verb: 'hash' });
    if (hash.time === saved.stop) return hash;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the replay did not reach the stop time');
}

const seven = played(7);
let site: { readonly url: string; readonly server: Server };
beforeAll(async () => {
  site = await serveSite();
});
afterAll(() => {
  site.server.close();
});

test('Node: the same lines give the same hashes again; another seed gives others', () => {
  expect(played(7).hash).toEqual(seven.hash);
  const other = played(8).hash;
  expect(other.trace).not.toBe(seven.hash.trace);
  expect(other.story).not.toBe(seven.hash.story);
});

test.each<readonly [BrowserName, 'site' | 'file']>([
  ['chromium', 'site'],
  ['chromium', 'file'],
  ['firefox', 'site'],
  ['firefox', 'file'],
])('%s, %s: the hashes of Node', async (name, form) => {
  const browser = await launch(name);
  if (browser === undefined) return;
  try {
    const { page, errors } = await openPage(browser, form === 'site' ? site.url : fileAddress());
    expect(await replayed(page, seven.saved)).toEqual(seven.hash);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
});
