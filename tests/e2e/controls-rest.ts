/**
 * The other controls of the Lab screen, pane by pane: each test presses them once and looks at what they
 * do. Registered by `controls.test`, on its page.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { terminalText, typeLine } from './browser.ts';
import { type Kit, pause, soon } from './kit.ts';

/** `kit` gives undefined where there is no browser. */
export function restOfControls(kit: () => Kit | undefined): void {
  const each = (name: string, run: (kit: Kit) => Promise<void>): void => {
    test(name, async () => {
      const hands = kit();
      if (hands !== undefined) await run(hands);
    });
  };
  each('inspector: edit, copy, earlier revisions, attempts, what it narrows', inspectorYaml);
  each('inspector: the menu of an object runs what it says', inspectorMenu);
  each('inspector: recorded packets', inspectorPackets);
  each('inspector: nothing selected lists what is not healthy', inspectorTrouble);
  each('map and objects: heads order, namespaces, empty lists', objectHeads);
  each('map: a cut link is hatched, and mended from the menu', cutLink);
  each('terminal: shells elsewhere, tabs, search, a line from the transcript', terminals);
  each('terminal: the last shell exits, and a new one is opened', lastShell);
  each('files: diff, dry run, save, hide, impossible names', files);
  each('time: speeds, until, the past and its bar', timeBar);
  each('share: link, view, copies and downloads', share);
  each('open: files and links', open);
  each('menus: everything in them', menus);
  each('sashes', sashes);
  each('a new lab: seed, size, version', newLab);
  each('a lesson: hints, solve, back and next, reset', lesson);
}

async function inspectorYaml(kit: Kit): Promise<void> {
  const { page } = kit;
  await page.click('#look-menu');
  await kit.choose(/^100 %/);
  // What the faults before have left must not stand in the way of shells and requests.
  await typeLine(page, 'lab fault delete --all', /"fault-1" deleted/);
  await typeLine(page, 'kubectl wait --for=condition=Ready node/node-3', /condition met/);
  await kit.select('Pod/default/web-');
  await kit.click('[data-tab="yaml"]');
  await kit.untilText('#inspector-panel', /apiVersion:/);
  await kit.press('Copy', '.pane-inspector');
  await kit.until(
    'copied',
    () => page.evaluate(() => navigator.clipboard.readText()),
    (text) => /^apiVersion: v1\nkind: Pod\n/.test(text),
  );
  await kit.press('Edit', '.pane-inspector');
  await kit.shows(/\$ kubectl edit pod web-\S+ -n +default/);
  await kit.until(
    'the editor',
    () => kit.text('.pane-files .head'),
    (text) => /Save and close/.test(text),
  );
  await kit.press('Save and close', '.pane-files');
  await kit.shows(/Edit cancelled, no changes made\./);
  const past = await page.$$eval('.pane-inspector .toolbar select option', (all) =>
    all.map((one) => (one as HTMLOptionElement).value),
  );
  expect(past.length).toBeGreaterThan(2);
  await kit.fill('.pane-inspector .toolbar select', past.at(-1) ?? '');
  await kit.until(
    'the past',
    () => kit.attribute('.app', 'data-time'),
    (time) => time === 'past',
  );
  await page.keyboard.press('Escape');
  await kit.fill('.pane-inspector .toolbar select', '');
  await kit.until(
    'live',
    () => kit.attribute('.app', 'data-time'),
    (time) => time === 'live',
  );
  await kit.click('[data-tab="scheduler"]');
  await kit.untilText('#inspector-panel', /Attempt 1/);
  await kit.click('#inspector-panel .segments button');
  await soon(() => kit.attribute('#inspector-panel .segments button', 'aria-pressed')).toBe('true');
  await kit.click('[data-tab="trace"]');
  // What was written stands with what it was learnt from: the runtime's answer, in its words.
  await kit.untilText(
    '#inspector-panel',
    /cri [^#]*containerStatuses\[nginx\][^#]*CONTAINER_RUNNING/,
  );
  const rows = await kit.count('#inspector-panel tbody tr');
  const [only = ''] = /Only \S+/.exec(await kit.text('#inspector-panel .toolbar')) ?? [];
  await kit.press(only, '#inspector-panel');
  await soon(() => kit.count('#inspector-panel tbody tr')).toBeGreaterThan(rows);
  await kit.untilText('#inspector-panel .toolbar', /records? of the last minute/);
  await kit.press(only, '#inspector-panel');
  await kit.untilText('#inspector-panel .toolbar', /^\d+ recordsOnly/);
  await kit.until(
    'the first record',
    () => kit.has('#inspector-panel tr:last-child td:last-child .evidence'),
    Boolean,
  );
  // A cause leads back to the line that was typed.
  await kit.click('#inspector-panel tr:last-child td:last-child .evidence');
  await kit.untilText('#inspector-panel tbody tr:last-child', /learner.*kubectl/);
  await soon(() => kit.count('#inspector-panel tr[aria-selected="true"]')).toBe(1);
  await kit.press('All records', '#inspector-panel');
  await kit.untilText('#inspector-panel .toolbar', /Only web-/);
  await kit.click('#inspector-panel td:first-child .evidence');
  await kit.until(
    'the past',
    () => kit.attribute('.app', 'data-time'),
    (time) => time === 'past',
  );
  await kit.press('Return to live Esc', '.past-bar');
  await kit.until(
    'live',
    () => kit.attribute('.app', 'data-time'),
    (time) => time === 'live',
  );
  await kit.press('Run', '.time');
  await kit.click('[data-tab="why"]');
}

async function inspectorMenu(kit: Kit): Promise<void> {
  const more = (entry: RegExp): Promise<string> =>
    kit.pick('More for this object', '.pane-inspector', entry);
  await kit.select('Pod/default/web-');
  await more(/^kubectl edit/);
  await kit.until(
    'the editor',
    () => kit.text('.pane-files .head'),
    (text) => /Save and close/.test(text),
  );
  await kit.press('Close file', '.pane-files');
  await kit.shows(/kubectl edit pod [\s\S]*Edit cancelled, no changes made\./);
  await more(/^kubectl logs/);
  await kit.shows(/start worker process/);
  await more(/^Cut node-\d – /);
  await kit.shows(/created: cut node-\d /);
  await more(/^Mend: cut/);
  await kit.shows(/\$ lab fault delete fault-\d+\n/);
  await more(/^Kill the pod/);
  await kit.shows(/pod "web-\S+" deleted/);
  await kit.select('Node/node-2');
  await more(/^Power off node-2/);
  await kit.shows(/created: power-off node-2/);
  await more(/^(Mend: power-off node-2)/);
  await kit.shows(/\$ lab fault delete fault-\d+\n/);
  await more(/^Stop kube-scheduler/);
  await kit.shows(/\$ ssh cp-1 mv \S+kube-scheduler.yaml \/root\//);
  await kit.until(
    'no scheduler',
    () => kit.has('.map [data-key="Pod/kube-system/kube-scheduler-cp-1"]'),
    (has) => !has,
  );
  await more(/^Start kube-scheduler again/);
  await kit.shows(/\$ ssh cp-1 mv \/root\/kube-scheduler.yaml /);
  await more(/^Select nothing/);
  await soon(() => kit.has('.object-head .kind')).toBe(false);
}

async function inspectorPackets(kit: Kit): Promise<void> {
  const { page } = kit;
  await typeLine(page, 'kubectl expose deployment web --port=80', /web exposed/);
  await kit.until('the service', () => kit.has('.map [data-key="Service/default/web"]'), Boolean);
  await kit.select('Service/default/web');
  await kit.click('[data-tab="packet"]');
  await kit.untilText('#inspector-panel', /Run it/);
  // Without a request, which would be recorded: the rules are on the nodes a second later.
  await typeLine(
    page,
    "for n in 1 2 3; do until ssh node-$n iptables-save | grep -q 'default/web ->'; do sleep 1; done; done; echo rea''dy",
    /^ready$/m,
  );
  await kit.press('Run it', '#inspector-panel');
  await kit.shows(/Welcome to nginx!<\/h1>/);
  await kit.until('a walk', () => kit.has('#inspector-panel table.packet'), Boolean);
  const rules = await kit.count('#inspector-panel tr.missed');
  expect(rules).toBeGreaterThan(0);
  await kit.press('Rejected rules', '#inspector-panel');
  await soon(() => kit.count('#inspector-panel tr.missed')).toBe(0);
  await kit.press('Rejected rules', '#inspector-panel');
  const walks = await page.$$eval('#inspector-panel select option', (all) =>
    all.map((one) => (one as HTMLOptionElement).value),
  );
  await kit.fill('#inspector-panel select', walks.at(-1) ?? '');
  await pause(100);
  expect(
    await page.$eval('#inspector-panel select', (one) => (one as HTMLSelectElement).value),
  ).toBe(walks.at(-1));
}

async function inspectorTrouble(kit: Kit): Promise<void> {
  const { page } = kit;
  await typeLine(page, 'kubectl create deployment sick --image=nginx:none', /sick created/);
  for (const part of ['.name', '.link']) {
    await kit
      .pick('More for this object', '.pane-inspector', /^Select nothing/)
      .catch(() => undefined);
    await kit.click('[data-tab="why"]');
    await kit.until('trouble', () => kit.has(`.trouble ${part}`), Boolean);
    await kit.click(`.trouble ${part}`);
    await soon(() => kit.text('.object-head h2')).toMatch(/sick|node-/);
  }
  await kit.until('evidence', () => kit.has('.why .evidence'), Boolean);
  await kit.click('.why .evidence');
  await pause();
  await page.keyboard.press('Escape');
  await typeLine(page, 'kubectl delete deployment sick', /"sick" deleted/);
}

async function objectHeads(kit: Kit): Promise<void> {
  const { page } = kit;
  await kit.press('Objects', '.pane-view');
  // A kind that is not listed is said to be none, and where it can be had.
  await kit.fill('#object-kind', 'leases');
  await kit.untilText('.unknown-kind', /“leases” is not listed here\. Kinds: pod, node/);
  await kit.press('kubectl get leases -A', '.unknown-kind');
  await kit.shows(/kube-node-lease +node-1/);
  // A narrow pane leaves columns out; this wide it has all.
  await kit.press('Maximize', '.pane-view');
  for (const [kind, heads] of [
    ['pods', ['Ready', 'Status', 'Restarts', 'Age', 'Name']],
    ['nodes', ['Roles', 'Version']],
  ] as const) {
    await kit.fill('#object-kind', kind);
    for (const head of heads) {
      const sorted = (): Promise<string> =>
        page.$$eval(
          '.pane-view th',
          (all, name) =>
            all.find((one) => one.textContent === name)?.getAttribute('aria-sort') ?? '',
          head,
        );
      const before = await sorted();
      await kit.press(head, '.pane-view');
      await soon(sorted, head).not.toBe(before);
    }
  }
  await kit.press('Maximize', '.pane-view');
  await kit.click('.pane-view tbody tr[data-key="Node/cp-1"]');
  await kit.untilText('.object-head h2', /cp-1/);
  await kit.fill('#object-kind', 'pods');
  await kit.fill('.pane-view .filter select', 'kube-system');
  await kit.until(
    'one namespace',
    () => kit.text('.pane-view tbody'),
    (text) => /coredns/.test(text) && !/web-/.test(text),
  );
  await kit.fill('#object-filter', 'no such thing');
  await kit.press('Clear the filter', '.pane-view');
  await soon(() => kit.has('.pane-view tbody tr[data-key]')).toBe(true);
  await kit.fill('.pane-view .filter select', 'kube-public');
  await kit.press('kubectl run web --image=nginx', '.pane-view');
  await kit.shows(/pod\/web created/);
  await kit.fill('.pane-view .filter select', '');
  await kit.press('Owner tree', '.pane-view');
  await kit.click('.pane-view .twin button');
  await kit.press('Owner tree', '.pane-view');
  await kit.press('Map', '.pane-view');
  await kit.press('List', '.pane-view');
  await kit.click('.pane-view .twin button');
  await kit.untilText('.object-head h2', /cp-1/);
  await kit.press('List', '.pane-view');
}

async function cutLink(kit: Kit): Promise<void> {
  await kit.page.click('#fault-menu');
  const named = await kit.choose(/^Cut \S+ – \S+/);
  const [, from = '', to = ''] = /^Cut (\S+) – (\S+)/.exec(named) ?? [];
  await kit.shows(new RegExp(`\\$ lab fault cut ${from} ${to}\n`));
  await kit.until(
    'the hatch',
    () => kit.attribute('.map .link-fault', 'aria-label'),
    (text) => text === `cut ${from} ${to}`,
  );
  await soon(() => kit.attribute('.map .link-fault .band', 'stroke')).toBe('url(#link-hatch)');
  await kit.press('List', '.pane-view');
  await soon(() => kit.text('.twin .link-fault')).toContain(`${from} ↔ ${to}`);
  await kit.press('List', '.pane-view');
  await kit.page.click('#fault-menu');
  await kit.choose(/^Mend: cut /);
  await kit.until(
    'mended',
    () => kit.has('.map .link-fault'),
    (has) => !has,
  );
  await kit.page.click('#fault-menu');
  await kit.choose(/^Stop kube-controller-manager/);
  await kit.shows(/\$ ssh cp-1 mv \S+kube-controller-manager.yaml \/root\//);
  await kit.page.click('#fault-menu');
  await kit.until(
    'it is gone',
    () => kit.text('.menu'),
    (text) => /Start kube-controller-manager/.test(text),
  );
  await kit.choose(/^Start kube-controller-manager/);
}

async function terminals(kit: Kit): Promise<void> {
  const { page } = kit;
  await kit.pick('New terminal', '.pane-work', /^Shell on the workstation/);
  await kit.until(
    'a second tab',
    () => kit.count('.pane-work [role="tab"]'),
    (count) => count === 2,
  );
  await kit.shows(/\$\s*$/);
  await kit.pick('New terminal', '.pane-work', /^node-1/);
  await kit.shows(/\$ ssh node-1\n[\s\S]*root@node-1:~#/);
  await typeLine(page, 'exit', /workstation:~\$\s*$/);
  await kit.until(
    'a pod that runs',
    async () => {
      await kit.press('New terminal', '.pane-work');
      const text = await kit.text('.menu');
      await page.keyboard.press('Escape');
      return text;
    },
    (text) => /web-/.test(text),
  );
  await kit.pick('New terminal', '.pane-work', /^web-/);
  await kit.shows(/\$ kubectl exec -it web-\S+ -n +default -- +sh/);
  await kit.shows(/# \s*$/);
  await typeLine(page, 'exit', /workstation:~\$\s*$/);
  await kit.click('.pane-work [role="tab"]:first-child');
  await soon(() => kit.attribute('.pane-work [role="tab"]', 'aria-selected')).toBe('true');
  await kit.press('Search in the terminal', '.pane-work');
  await kit.fill('.terminal-search input', 'kubectl');
  await kit.press('Next match', '.terminal-search');
  await kit.press('Previous match', '.terminal-search');
  await kit.fill('.terminal-search input', 'never printed');
  await kit.press('Next match', '.terminal-search');
  await kit.untilText('.terminal-search', /No match/);
  await kit.press('Search in the terminal', '.pane-work');
  await kit.press('Transcript', '.pane-work');
  for (const [line, status] of [
    ['test -f no.such.file', 'exit 1'],
    ['echo done', 'exit 0'],
  ] as const) {
    await kit.fill('.transcript form input', line);
    await kit.press('Run', '.transcript');
    await kit.until(
      'its status',
      () => page.$$eval('.transcript h3', (all) => all.at(-1)?.textContent ?? ''),
      (text) => text.includes(line) && text.endsWith(status),
    );
  }
  await kit.press('Transcript', '.pane-work');
  await kit.toggles('Maximize', '.pane-work');
}

async function lastShell(kit: Kit): Promise<void> {
  for (let left = await kit.count('.pane-work [role="tab"]'); left > 0; left -= 1) {
    await kit.page.click('.screen:not([hidden])');
    await kit.page.keyboard.type('exit\n');
    await kit.until(
      'one less',
      () => kit.count('.pane-work [role="tab"]'),
      (count) => count < left,
    );
  }
  await kit.press('Shell on the workstation', '#terminal-panel');
  await kit.shows(/workstation:~\$\s*$/);
}

async function files(kit: Kit): Promise<void> {
  const { page } = kit;
  const make = async (name: string): Promise<void> => {
    await kit.fill('.pane-files form input', name);
    await kit.press('New file', '.pane-files');
    await page.waitForSelector('.plain-editor textarea, .monaco-host:not([hidden])');
  };
  await kit.untilText('.file-list', /cm\.yaml/);
  await kit.click('.file-list button');
  await page.waitForSelector('.monaco-host:not([hidden]) .monaco-editor');
  await kit.press('Diff', '.pane-files');
  await kit.shows(/\$ kubectl diff -f cm\.yaml\n/);
  await kit.press('Dry run', '.pane-files');
  await kit.shows(/configmap\/made-here (unchanged|configured) \(server dry run\)/);
  await page.click('.monaco-editor .view-lines');
  await page.keyboard.type('# a comment\n');
  await kit.until('not saved', () => kit.has('.pane-files .unsaved'), Boolean);
  await kit.press('Save', '.pane-files');
  await kit.until(
    'saved',
    () => kit.has('.pane-files .unsaved'),
    (unsaved) => !unsaved,
  );
  await kit.click('.pane-files [role="tab"]');
  await soon(() => kit.has('.file-list')).toBe(true);
  await make('cm.yaml/below.yaml');
  await page.click('.monaco-host:not([hidden]) .view-lines, .plain-editor textarea');
  await page.keyboard.type('x');
  await kit.until('not saved', () => kit.has('.pane-files .unsaved'), Boolean);
  await kit.press('Save', '.pane-files');
  await kit.untilText('.toast', /No file can be named cm\.yaml\/below\.yaml/);
  await kit.press('Close', '.toast');
  await soon(() => kit.has('.toast')).toBe(false);
  await kit.press('Close file', '.pane-files');
  await kit.press('Close file', '.pane-files');
  await kit.press('Hide files', '.pane-files');
  await soon(() => kit.has('.pane-files')).toBe(false);
  await kit.pick('Menu', '.top', /^Files/);
  await soon(() => kit.has('.pane-files')).toBe(true);
}

async function timeBar(kit: Kit): Promise<void> {
  const { page } = kit;
  for (const speed of ['0.25×', '5×']) {
    await kit.press(speed, '.time');
    await kit.untilText('.segments [aria-checked="true"]', new RegExp(`^${speed}$`));
  }
  await kit.press('1×', '.time');
  await kit.press('Until…', '.time');
  await kit.fill('.dialog .text-field', 'later');
  await kit.untilText('.dialog', /Write a later time/);
  await kit.press('Close', '.dialog');
  await kit.press('Back by one event', '.time');
  await kit.until('the past', () => kit.has('.past-bar'), Boolean);
  const marks = await kit.count('.lanes .bookmark');
  await kit.press('Mark M', '.past-bar');
  await soon(() => kit.count('.lanes .bookmark')).toBe(marks + 1);
  await kit.press('Fork here F', '.past-bar');
  await kit.press('Close', '.dialog .actions');
  await soon(() => kit.has('.dialog')).toBe(false);
  await page.keyboard.press('Escape');
  await kit.until(
    'live',
    () => kit.has('.past-bar'),
    (past) => !past,
  );
  await kit.press('Run', '.time');
}

async function share(kit: Kit): Promise<void> {
  const { page } = kit;
  const session = await page.createCDPSession();
  const names: string[] = [];
  await session.send('Browser.setDownloadBehavior', { behavior: 'deny', eventsEnabled: true });
  session.on('Browser.downloadWillBegin', ({ suggestedFilename }) => names.push(suggestedFilename));
  const link = (): Promise<string> =>
    page.$eval('.dialog .text-field', (field) => (field as HTMLInputElement).value);
  await kit.press('Share', '.top');
  const whole = await kit.until(
    'the link',
    () => link().catch(() => ''),
    (text) => /#1/.test(text),
  );
  await page.click('.dialog .text-field');
  await kit.press('Copy link', '.dialog');
  await soon(() => page.evaluate(() => navigator.clipboard.readText())).toBe(whole);
  await page.click('.dialog input[type="checkbox"]');
  await kit.until('a shorter link', link, (text) => text.length < whole.length);
  await kit.click('.dialog .tiles button:first-child');
  await kit.click('.dialog .tiles button:last-child');
  await kit.until(
    'two downloads',
    async () => names.length,
    (count) => count === 2,
  );
  expect(names[0]).toMatch(/^lab-7-[\d-]+\.k8slab$/);
  expect(names[1]).toBe('drydock.html');
  await kit.press('Close', '.dialog');
  await session.detach();
}

async function open(kit: Kit): Promise<void> {
  const { page } = kit;
  const folder = mkdtempSync(join(tmpdir(), 'drydock-'));
  writeFileSync(join(folder, 'dropped.yaml'), 'kind: ConfigMap\n');
  await kit.press('Open', '.top');
  const field = await page.$('.dialog input[type="file"]');
  await (field as { uploadFile(path: string): Promise<void> } | null)?.uploadFile(
    join(folder, 'dropped.yaml'),
  );
  await kit.untilText('.toast', /dropped\.yaml is in the workstation’s home/);
  await kit.untilText('.file-list', /dropped\.yaml/);
  await kit.press('Open file…', '.pane-guide');
  await kit.fill('.dialog textarea', 'https://example.com/#1abc');
  await kit.press('Read the link', '.dialog');
  await kit.until('the refusal', () => kit.has('[role="alertdialog"]'), Boolean);
  await kit.press('Open file…', '[role="alertdialog"]');
  await soon(() => kit.has('.dialog textarea')).toBe(true);
  await kit.fill('.dialog textarea', 'hello');
  await kit.press('Read the link', '.dialog');
  await kit.untilText('[role="alertdialog"]', /not a Drydock link|Drydock/);
  await kit.press('Close', '[role="alertdialog"]');
  await soon(() => kit.has('[role="alertdialog"]')).toBe(false);
}

async function menus(kit: Kit): Promise<void> {
  const { page } = kit;
  for (const [entry, shown] of [
    ['New lab', 'New lab'],
    ['Open', 'Open'],
    ['Share', 'Share this lab'],
    ['Find or run', 'Find or run'],
    ['Help', 'Help'],
  ] as const) {
    const label = await kit
      .pick('Menu', '.top', new RegExp(`^${entry}`))
      .catch(() => kit.choose(/Ctrl K/));
    await kit.until(
      label,
      () => kit.attribute('.dialog', 'aria-label'),
      (text) => text !== null,
    );
    await soon(() => kit.attribute('.dialog', 'aria-label')).toBe(
      shown === 'Find or run' ? await kit.attribute('.palette', 'aria-label') : shown,
    );
    await page.keyboard.press('Escape');
  }
  await kit.pick('Menu', '.top', /^Save lab/);
  await kit.untilText('.status', /Saved at/);
  await kit.pick('Menu', '.top', /^Download offline copy/);
  for (const setting of [/^Pause while/, /^Single-letter/]) {
    for (const _ of [1, 2]) await kit.pick('Menu', '.top', setting);
    await kit.press('Menu', '.top');
    expect(
      await page.$$eval(
        '.menu [role="menuitemradio"]',
        (all, source) =>
          all
            .find((one) => new RegExp(source).test(one.textContent ?? ''))
            ?.getAttribute('aria-checked'),
        setting.source,
      ),
    ).toBe('true');
    await page.keyboard.press('Escape');
  }
  const root = (name: string): Promise<string | null> => kit.attribute('html', name);
  await page.click('#look-menu');
  await kit.choose(/^Light/);
  await soon(() => root('data-theme')).toBe('light');
  await page.click('#look-menu');
  await kit.choose(/^As the system/);
  await soon(() => root('data-theme')).toBeNull();
  await page.click('#look-menu');
  await kit.choose(/^More contrast/);
  await soon(() => root('data-contrast')).toBe('more');
  await page.click('#look-menu');
  await kit.choose(/^More contrast/);
  await page.click('#look-menu');
  await kit.choose(/^100 %/);
  await page.click('#language-menu');
  await kit.choose(/^English/);
  await soon(() => root('lang')).toBe('en');
  await page.click('.top .find');
  await page.waitForSelector('.palette input');
  await page.keyboard.type('service web');
  await kit.click('.palette [role="option"]');
  await kit.untilText('.object-head', /Service.*web/);
  await kit.press('Lessons and new labs', '.pane-guide');
  await soon(() => kit.attribute('.dialog', 'aria-label')).toBe('New lab');
  await page.keyboard.press('Escape');
  await soon(() => kit.has('.dialog')).toBe(false);
}

async function sashes(kit: Kit): Promise<void> {
  for (const [sash, key] of [
    ['inspector', 'ArrowLeft'],
    ['work', 'ArrowUp'],
  ] as const) {
    const value = (): Promise<string | null> => kit.attribute(`.sash.${sash}`, 'aria-valuenow');
    const before = await value();
    await kit.page.focus(`.sash.${sash}`);
    await kit.page.keyboard.press(key);
    await kit.until(`${sash} moves`, value, (now) => now !== before);
    await kit.page.keyboard.press('Enter');
    await kit.until(`${sash} moves back`, value, (now) => now === before);
  }
}

/** Until a lab has booted again. */
const anew = (kit: Kit): Promise<unknown> =>
  kit.until(
    'the boot',
    () => kit.attribute('.app', 'data-running'),
    (running) => running === 'yes',
  );

async function newLab(kit: Kit): Promise<void> {
  await kit.press('seed 7', '.status');
  await kit.fill('#new-seed', '11');
  await kit.fill('#new-nodes', '0');
  await soon(() => kit.has('.dialog .primary:disabled')).toBe(true);
  await kit.fill('#new-nodes', '1');
  await kit.fill('#new-profile', 'seed-era');
  await kit.fill('#new-profile', 'modern');
  await kit.press('Start', '.dialog');
  await kit.untilText('.status', /seed 11/);
  await anew(kit);
  await kit.until(
    'two hosts',
    () => kit.count('.map .room'),
    (count) => count === 2,
  );
}

async function lesson(kit: Kit): Promise<void> {
  await kit.press('Lessons and new labs', '.pane-guide');
  await kit.until('a lesson', () => kit.has('.dialog .tiles button'), Boolean);
  await kit.click('.dialog .tiles button');
  await kit.untilText('.pane-guide h2', /Deploy a backend/);
  await anew(kit);
  for (const hint of [1, 2, 3]) {
    await kit.click(`.pane-guide .hints li:nth-child(${hint}) button`);
    await soon(() => kit.count('.pane-guide .hints [aria-expanded="true"]')).toBe(hint);
  }
  await kit.click('.pane-guide .hints li:nth-child(3) button');
  await soon(() => kit.count('.pane-guide .hints [aria-expanded="true"]')).toBe(2);
  await kit.press('Solve…', '.pane-guide');
  await kit.press('Run them', '.pane-guide');
  await kit.shows(/deployment\.apps\/backend-v2 created/);
  await kit.untilText('.pane-guide .checks', /passed at/);
  await kit.press('Next', '.pane-guide');
  await kit.untilText('.pane-guide h2', /Give it a name/);
  await kit.press('Back', '.pane-guide');
  await kit.untilText('.pane-guide h2', /Deploy a backend/);
  await kit.press('Reset step', '.pane-guide');
  await kit.untilText('.toast', /dropped/);
  await soon(() => kit.text('.pane-guide .checks')).not.toMatch(/passed at/);
  await soon(() => terminalText(kit.page)).not.toMatch(/backend-v2 created/);
}
