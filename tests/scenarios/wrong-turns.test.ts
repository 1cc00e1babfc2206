/** What a learner does wrong in the first scenario: the check says why, the right hint is due, a send tells why it failed. */
import { beforeAll, describe, expect, it } from 'vitest';
import { libraryScenario } from '../../src/lab/scenarios/library/index.ts';
import { Walk } from '../support/scenario.ts';

let walk: Walk;

const due = (id: string): boolean => walk.state.hints.some((hint) => hint.id === id && hint.due);

function show(step: number): void {
  walk.run.show(step, true);
  walk.quiet();
}

/** The answers to the newest send, as text. */
function sent(from: string, url: string): readonly string[] {
  walk.lab.push({ kind: 'send', from, url, times: 2 });
  walk.quiet();
  const { samples } = walk.lab.cluster.sender;
  const sample = samples
    .filter((one) => one.from === from && one.url === url && one.times === 2)
    .at(-1);
  if (sample === undefined) return [];
  if (sample.refused !== '') return [sample.refused];
  return sample.answers.map(({ status, error }) => (error === '' ? String(status) : error));
}

beforeAll(() => {
  const loaded = libraryScenario('first-service');
  if (loaded?.ok !== true) throw new Error('no scenario');
  walk = new Walk(loaded.value);
});

describe('wrong turns', () => {
  it('other labels: the hint where they matter', () => {
    show(1);
    expect(due('expose-other-label')).toBe(false);
    walk.type("sed 's/app: backend/app: shop/' backend-v2.yaml | kubectl apply -f -");
    walk.quiet();
    expect(due('expose-other-label')).toBe(true);
  });

  it('a Service that matches nothing: its connections are refused, as the check says', () => {
    walk.type('kubectl apply -f backend-service.yaml');
    walk.quiet();
    expect(walk.task('service').passed).toBe(true);
    expect(walk.task('endpoints')).toMatchObject({
      passed: false,
      values: { seen: '0', wanted: '>= 3' },
    });
    expect(sent('pod/client', 'http://backend/hello')).toEqual([
      'Connection refused',
      'Connection refused',
    ]);
    show(2);
    walk.type('curl -s http://backend/hello');
    walk.type('echo kubectl exec client -- curl -s http://backend/hello');
    walk.type('kubectl exec client -- curl -s http://nowhere/backend');
    walk.quiet();
    expect(walk.task('called')).toMatchObject({
      passed: false,
      feedback: 'check.not-called',
      values: { service: 'backend' },
    });
    walk.type('name=backend; kubectl exec client -- curl -s "http://$name/hello"');
    walk.quiet();
    expect(walk.task('called').passed).toBe(true);
    expect(walk.task('answered')).toMatchObject({
      feedback: 'check.unanswered',
      values: {
        failed: '20',
        times: '20',
        url: 'http://backend/hello',
        error: 'Connection refused',
      },
    });
    walk.type('kubectl delete deployment backend-v2');
    walk.type('kubectl apply -f backend-v2.yaml');
    expect(walk.pass(['endpoints', 'answered'])).toBe(true);
  });

  it('too few replicas: nothing heals what is not wanted', () => {
    show(6);
    expect(due('kill-scaled')).toBe(true);
    walk.type('kubectl scale deployment backend-v2 --replicas 10');
    walk.quiet();
    expect(due('kill-scaled')).toBe(false);
  });

  it('a tag that the registry has not', () => {
    show(4);
    expect(due('roll-out-bad-tag')).toBe(false);
    walk.type(
      'kubectl patch deployment backend-v2 -p \'{"spec":{"template":{"spec":{"containers":[{"name":"backend","image":"xiaorui/backend:v9"}]}}}}\'',
    );
    walk.run.run({ until: walk.lab.loop.now + 20_000_000 }, true);
    expect(due('roll-out-bad-tag')).toBe(true);
    expect(walk.state.failed).toBe('');
  });
});

describe('a send', () => {
  it('tells what it met', () => {
    expect(sent('pod/client', 'http://nowhere/')).toEqual(
      Array(2).fill('nowhere: Name or service not known'),
    );
    expect(sent('pod/client', 'http://backend/abort')).toEqual(['555', '555']);
    expect(sent('pod/nobody', 'http://backend/')).toEqual(['pod default/nobody is not there']);
    expect(sent('pod/kube-system/etcd-cp-1', 'http://192.168.0.10:1/')).toEqual(
      Array(2).fill('Connection refused'),
    );
    walk.type('lab fault power-off node-1');
    expect(sent('pod/client', 'http://backend/')).toEqual(['node-1 has no power']);
  });
});
