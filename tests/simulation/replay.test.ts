/**
 * The replay law: the same base, seed and inputs give the same events, through a link and through a
 * file; another seed gives another story because it draws otherwise, not because it is hashed in.
 */
import { expect, test } from 'vitest';
import { Lab, replay } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import { packFile, packLink, unpackFile, unpackLink } from '../../src/lab/scenarios/packer.ts';
import { bootLab, Typist } from '../support/transcript.ts';

const LINES = [
  'echo one > a.txt; cat a.txt',
  'lab fault power-off node-2',
  'lab tick 70s',
  'lab fault get',
];

function played(seed: number): Lab {
  const typist = new Typist(bootLab({ seed, nodes: 2, profile: 'modern' }));
  for (const line of LINES) typist.run(`$ ${line}`);
  return typist.lab;
}

test('a lab replays to the same hashes, through a link and through a file', () => {
  const lab = played(7);
  const saved = lab.save();
  const link = unpackLink(packLink(saved));
  const file = unpackFile(packFile(saved, 'test'));
  if (!link.ok || !file.ok) throw new Error('the link or the file could not be read');
  for (const one of [saved, link.value, file.value]) {
    const again = replay(one, shippedParts());
    expect([again.traceHash, again.story, again.loop.executed]).toEqual([
      lab.traceHash,
      lab.story,
      lab.loop.executed,
    ]);
  }
});

test('a lab saved between two events of one instant replays to that very event', () => {
  const lab = bootLab({ seed: 7, nodes: 2, profile: 'modern' });
  lab.push({ kind: 'open-terminal', terminal: 1, columns: 80, rows: 24 });
  lab.push({ kind: 'line', terminal: 1, text: 'kubectl get nodes' });
  let within = 0;
  for (let step = 0; step < 60; step += 1) {
    lab.run({ events: 1 });
    if (!lab.loop.withinInstant) continue;
    within += 1;
    if (within % 16 !== 1) continue;
    const link = unpackLink(packLink(lab.save()));
    if (!link.ok) throw new Error('the link could not be read');
    const again = replay(link.value, shippedParts());
    expect([again.loop.executed, again.traceHash]).toEqual([lab.loop.executed, lab.traceHash]);
    expect(again.loop.withinInstant).toBe(true);
  }
  expect(within).toBeGreaterThan(16);
});

test('another seed is another story', () => {
  expect(played(7).traceHash).not.toBe(played(8).traceHash);
});

test('the seed is not hashed in: two seeds go together event by event until the first draw', () => {
  const base = { profile: 'modern', nodes: 2, scenario: '', files: {} } as const;
  const labs = [7, 8].map((seed) => new Lab({ base, seed, parts: shippedParts() }));
  const [one, two] = labs as [Lab, Lab];
  let last: [string, string] = ['', ''];
  one.recorder.listen((record) => {
    last = [`${record.component} ${record.verb} ${record.object}`, last[1]];
  });
  two.recorder.listen((record) => {
    last = [last[0], `${record.component} ${record.verb} ${record.object}`];
  });
  while (one.traceHash === two.traceHash && one.loop.executed < 10_000)
    for (const lab of labs) lab.run({ events: 1 });
  expect(one.loop.executed).toBeGreaterThan(100);
  expect(one.loop.now).toBe(two.loop.now);
  // What parts them is a name that was drawn: the id of the first sandbox.
  const drawn = /[0-9a-f]{13}$/;
  expect(last[0]).toMatch(drawn);
  expect(last[0]).not.toBe(last[1]);
  expect(last[0].replace(drawn, '')).toBe(last[1].replace(drawn, ''));
});

/** What a seed decides in the same work: pods' names, nodes of equal worth, the endpoint of each call. */
function drawnBy(seed: number) {
  const typist = new Typist(bootLab({ seed, nodes: 3, profile: 'modern' }));
  const lines = (command: string): readonly string[] =>
    typist.run(`$ ${command}`).trimEnd().split('\n');
  lines('kubectl create deployment web --image=xiaorui/backend --replicas=4');
  lines('kubectl rollout status deployment/web');
  lines('kubectl expose deployment web --port=80 --target-port=3000');
  lines('sleep 2');
  const pods = lines('kubectl get pods -l app=web -o name');
  const address = lines('kubectl get service web -o jsonpath=\'{.spec.clusterIP}{"\\n"}\'')[0];
  const answers = lines(
    `ssh node-1 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -s http://${address}/hello; echo; done'`,
  );
  const scheduled = lines(
    'kubectl get events --field-selector reason=Scheduled --sort-by=.metadata.creationTimestamp -o jsonpath=\'{range .items[*]}{.message}{"\\n"}{end}\' | grep default/web',
  );
  return {
    suffixes: pods.map((pod) => pod.slice(-5)),
    replicaSets: [...new Set(pods.map((pod) => pod.slice(0, -6)))],
    nodes: scheduled.map((message) => message.slice(-6)),
    // Each answering pod by the turn in which it first answered: the draws without the names.
    draws: answers.map((answer) => answers.indexOf(answer)),
  };
}

test('another seed draws other names, other ties and other endpoints; what is computed stays', () => {
  const seven = drawnBy(7);
  const eight = drawnBy(8);
  expect(seven.suffixes).toHaveLength(4);
  expect(eight.suffixes.filter((name) => seven.suffixes.includes(name))).toEqual([]);
  expect(eight.replicaSets).toEqual(seven.replicaSets);
  expect(seven.nodes).toHaveLength(4);
  expect(eight.nodes).not.toEqual(seven.nodes);
  expect(new Set(seven.draws).size).toBeGreaterThan(1);
  expect(eight.draws).not.toEqual(seven.draws);
});

test.each([
  ['#1', 'link.cut'],
  ['#9abc', 'link.newer'],
  ['#hello', 'link.foreign'],
  ['https://example.com/', 'link.foreign'],
])('what cannot be read is said by name: %s', (text, key) => {
  const result = unpackLink(text);
  expect(result.ok ? '' : result.error.key).toBe(key);
});

test('a link that was cut off or altered says so', () => {
  const link = packLink(
    new Lab({
      base: {
        profile: 'modern',
        nodes: 1,
        scenario: '',
        files: { 'a.yaml': 'kind: Pod\n'.repeat(50) },
      },
      seed: 7,
      parts: shippedParts(),
    }).save(),
  );
  const cuts = [9, 10, 11, 12, 40].map((by) => unpackLink(link.slice(0, -by)));
  const altered = unpackLink(
    `${link.slice(0, 40)}${link[40] === 'A' ? 'B' : 'A'}${link.slice(41)}`,
  );
  for (const cut of cuts) expect(cut.ok ? '' : cut.error.key).toBe('link.cut');
  expect(altered.ok ? '' : altered.error.key).toBe('link.altered');
});
