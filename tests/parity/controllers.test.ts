/**
 * Controller facts as tables: deployment sums (pkg/controller/deployment/util), the ranking of pods for
 * deletion (pkg/controller ActivePodsWithRanks), tolerations of taints (pkg/controller/tainteviction)
 * and zone states (pkg/controller/nodelifecycle), Kubernetes v1.34.
 */
import { describe, expect, test } from 'vitest';
import type { Deployment, Node, Pod, ReplicaSet } from '../../src/ground/api/types.ts';
import {
  fenceposts,
  newSetReplicas,
  proportionalSizes,
  scaleDownOld,
} from '../../src/programs/controllers/deployment-sums.ts';
import { zoneState } from '../../src/programs/controllers/node-health.ts';
import { comparePodsForDeletion } from '../../src/programs/controllers/pods.ts';
import { toleratedSeconds } from '../../src/programs/controllers/taint-eviction.ts';
import { safeEncode } from '../../src/programs/controllers/template-hash.ts';

function deploy(
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: {},
      template: {},
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    },
  };
}

/** A ReplicaSet by name, size, available pods, and what it was told the Deployment may have at most. */
function set(name: string, replicas: number, available = replicas, most?: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      creationTimestamp: `2026-03-02T09:00:0${name.length}Z`,
      ...(most === undefined
        ? {}
        : { annotations: { 'deployment.kubernetes.io/max-replicas': `${most}` } }),
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
}

describe('deployment sums', () => {
  test.each([
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [4, '25%', '25%', 1, 1],
    [10, 0, 0, 0, 1],
    [10, '0%', '0%', 0, 1],
    [3, 2, '50%', 2, 1],
    [0, '25%', '25%', 0, 1],
  ])('%i replicas, surge %s, unavailable %s', (replicas, surge, unavailable, up, down) => {
    expect(fenceposts(deploy(replicas, surge, unavailable))).toEqual({
      surge: up,
      unavailable: down,
    });
  });

  test.each([
    // replicas, surge, old, new, wanted new
    [10, '25%', 10, 0, 3],
    [10, '25%', 8, 3, 5],
    [10, '25%', 13, 0, 0],
    [10, '25%', 0, 0, 10],
    [4, 1, 4, 1, 1],
    [4, 1, 3, 1, 2],
  ])('new set of %i (surge %s) with %i old and %i new', (replicas, surge, old, size, wanted) => {
    const fresh = set('n', size);
    expect(newSetReplicas(deploy(replicas, surge, '25%'), [set('o', old), fresh], fresh)).toBe(
      wanted,
    );
  });

  test.each([
    // old sizes/available, new size/available, expected old sizes
    ['all healthy, nothing new yet', [[10, 10]], [0, 0], [8]],
    ['new pods not available', [[8, 8]], [5, 0], [8]],
    ['new pods available', [[8, 8]], [5, 5], [3]],
    ['unhealthy old ones go first', [[8, 3]], [5, 5], [3]],
    [
      'oldest first',
      [
        [2, 2],
        [3, 3],
      ],
      [10, 10],
      [0, 0],
    ],
    [
      'only as many as stay available',
      [
        [4, 4],
        [4, 4],
      ],
      [5, 2],
      [2, 4],
    ],
  ] as const)('scaling down: %s', (_, old, [size, available], expected) => {
    const sets = old.map(([each, ready], index) => set('o'.repeat(index + 1), each, ready));
    const fresh = set('new', size, available);
    const steps = scaleDownOld(deploy(10, '25%', '25%'), fresh, sets);
    const sizes = sets.map(
      (each) => steps.find((step) => step.set === each)?.replicas ?? each.spec?.replicas,
    );
    expect(sizes).toEqual(expected);
  });

  test.each([
    // wanted, sets [size, max annotation], expected in order of sets
    [
      10,
      [
        [5, 10],
        [5, 10],
      ],
      [5, 5],
    ],
    [
      20,
      [
        [10, 10],
        [0, 10],
      ],
      [20, 0],
    ],
    [
      12,
      [
        [8, 10],
        [2, 10],
      ],
      [10, 2],
    ],
    [
      20,
      [
        [6, 12],
        [6, 12],
      ],
      [10, 10],
    ],
    [
      5,
      [
        [8, 10],
        [2, 10],
      ],
      [4, 1],
    ],
    [
      0,
      [
        [8, 10],
        [2, 10],
      ],
      [0, 0],
    ],
  ] as const)('proportional scaling to %i', (wanted, sizes, expected) => {
    const sets = sizes.map(([size, most], index) => set('s'.repeat(index + 1), size, size, most));
    const result = proportionalSizes(deploy(wanted, 0, 1), sets);
    expect(sets.map((each) => result.find((step) => step.set === each)?.replicas ?? 0)).toEqual(
      expected,
    );
  });
});

const NOW = Date.UTC(2026, 2, 2, 12) * 1000;
const ago = (seconds: number): string =>
  new Date(NOW / 1000 - seconds * 1000).toISOString().replace('.000', '');

interface Shape {
  node?: string;
  phase?: string;
  ready?: number;
  cost?: string;
  restarts?: number;
  created?: number;
}

function pod(uid: string, shape: Shape): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      uid,
      creationTimestamp: ago(shape.created ?? 1000),
      ...(shape.cost === undefined
        ? {}
        : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': shape.cost } }),
    },
    spec: { containers: [], ...(shape.node === undefined ? {} : { nodeName: shape.node }) },
    status: {
      phase: shape.phase ?? 'Running',
      conditions:
        shape.ready === undefined
          ? []
          : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(shape.ready) }],
      containerStatuses: [
        { name: 'c', image: '', imageID: '', ready: true, restartCount: shape.restarts ?? 0 },
      ],
    },
  };
}

describe('ranking for deletion: the first goes first', () => {
  const n = { node: 'n1' };
  const crowd = new Map([
    ['n1', 1],
    ['n2', 3],
  ]);
  test.each<[string, Shape, Shape]>([
    ['unassigned before assigned', { ready: 10 }, { ...n, phase: 'Pending' }],
    ['pending before unknown', { ...n, phase: 'Pending' }, { ...n, phase: 'Unknown' }],
    ['unknown before running', { ...n, phase: 'Unknown' }, n],
    ['not ready before ready', n, { ...n, ready: 10 }],
    ['lower cost first', { ...n, ready: 900, cost: '-1' }, { ...n, ready: 10 }],
    [
      'a malformed cost counts as 0',
      { ...n, ready: 10, cost: '007' },
      { ...n, ready: 900, cost: '5' },
    ],
    ['crowded node first', { node: 'n2', ready: 900 }, { ...n, ready: 10 }],
    ['ready for a shorter time', { ...n, ready: 10 }, { ...n, ready: 900 }],
    ['more restarts', { ...n, ready: 10, restarts: 2 }, { ...n, ready: 10 }],
    ['created later', { ...n, ready: 10, created: 20 }, { ...n, ready: 10, created: 900 }],
  ])('%s', (_, first, second) => {
    const compare = comparePodsForDeletion(crowd, NOW);
    // The UIDs speak against it, so that only the rule can decide.
    expect(compare(pod('z', first), pod('a', second))).toBeLessThan(0);
    expect(compare(pod('a', second), pod('z', first))).toBeGreaterThan(0);
  });

  test('times in one power of two are equal: the UID decides', () => {
    const compare = comparePodsForDeletion(crowd, NOW);
    const pods = [pod('b', { ...n, ready: 100 }), pod('a', { ...n, ready: 110 })];
    expect(pods.sort(compare).map((each) => each.metadata.uid)).toEqual(['a', 'b']);
  });
});

describe('tolerations', () => {
  const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
  test.each([
    ['none', [], 0],
    ['five minutes', [{ ...unreachable, operator: 'Exists', tolerationSeconds: 300 }], 300],
    ['for ever', [{ operator: 'Exists' }], undefined],
    [
      'the shortest',
      [{ operator: 'Exists' }, { ...unreachable, operator: 'Exists', tolerationSeconds: 7 }],
      7,
    ],
    ['another effect', [{ ...unreachable, effect: 'NoSchedule', operator: 'Exists' }], 0],
    ['another value', [{ ...unreachable, value: 'x' }], 0],
    ['negative', [{ ...unreachable, tolerationSeconds: -5 }], 0],
  ] as const)('%s', (_, tolerations, seconds) => {
    expect(toleratedSeconds(tolerations, [unreachable])).toBe(seconds);
  });
});

describe('zones', () => {
  const node = (ready: boolean): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
  });
  test.each([
    [3, 0, 'Normal'],
    [0, 1, 'FullDisruption'],
    [1, 2, 'Normal'],
    [2, 3, 'PartialDisruption'],
    [3, 3, 'Normal'],
    [4, 5, 'PartialDisruption'],
  ])('%i ready and %i not: %s', (ready, not, state) => {
    const nodes = [...Array(ready).fill(node(true)), ...Array(not).fill(node(false))];
    expect(zoneState(nodes, 0.55)).toBe(state);
  });
});

test('safe encoding of a hash', () => {
  // Digit d has code 48 + d, and 48 mod 27 is 21: the alphabet from there on.
  expect(safeEncode('0123456789')).toBe('456789bcdf');
});
