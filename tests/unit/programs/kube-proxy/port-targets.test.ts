/** Targets kept up slice by slice equal those merged anew, and the edits lead from one list to the next. */
import { expect, test } from 'vitest';
import type { EndpointSlice } from '../../../../src/ground/api/types.ts';
import { RandomStream } from '../../../../src/ground/base/random.ts';
import { sortedText } from '../../../../src/ground/base/text.ts';
import { PortTargets } from '../../../../src/programs/kube-proxy/port-targets.ts';

type Endpoint = EndpointSlice['endpoints'][number];

const STATES: readonly Endpoint['conditions'][] = [
  { ready: true },
  { ready: false },
  { ready: false, serving: true, terminating: true },
  {},
];

function drawSlice(random: RandomStream, name: string): EndpointSlice {
  const calm = random.below(4) === 0 ? 1 : 0;
  const endpoints = Array.from({ length: random.below(6) }, () => ({
    addresses: [`10.0.0.${random.below(12)}`],
    conditions: STATES[1 + calm * random.below(2)] ?? {},
    ...(random.below(3) > 0 ? { conditions: STATES[random.below(4)] ?? {} } : {}),
  }));
  const port = 80 + random.below(2);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'web', port }],
  };
}

/** What upstream's merge of all slices gives. */
function merged(slices: Iterable<EndpointSlice>): readonly string[] {
  const ready = new Set<string>();
  const leaving = new Set<string>();
  for (const slice of slices) {
    for (const { addresses, conditions } of slice.endpoints) {
      const text = `${addresses[0]}:${slice.ports?.[0]?.port}`;
      if (conditions?.ready !== false) ready.add(text);
      else if (conditions.serving === true && conditions.terminating === true) leaving.add(text);
    }
  }
  return sortedText(ready.size > 0 ? ready : leaving);
}

test('a change costs what changed and gives what a merge gives', () => {
  const random = new RandomStream(41, 'slices');
  const targets = new PortTargets('web', (text) => text);
  const slices = new Map<string, EndpointSlice>();
  let last: readonly string[] = [];
  let turned = 0;
  for (let round = 0; round < 2000; round += 1) {
    const name = `s${random.below(3)}`;
    const next = random.below(5) === 0 ? undefined : drawSlice(random, name);
    targets.change(slices.get(name), next);
    if (next === undefined) slices.delete(name);
    else slices.set(name, next);
    if (random.below(3) === 0) continue;
    const { targets: list, edits } = targets.take();
    const texts = list.map((target) => target.text);
    expect(texts).toEqual(merged(slices.values()));
    const led = new Set(last);
    for (const { text } of edits.removed) expect(led.delete(text)).toBe(true);
    for (const { text } of edits.added) expect(led.has(text)).toBe(false);
    for (const { text } of edits.added) led.add(text);
    expect(sortedText(led)).toEqual(texts);
    if (edits.removed.length > 0 && edits.added.length > 0) turned += 1;
    last = texts;
  }
  expect(turned).toBeGreaterThan(100);
});
