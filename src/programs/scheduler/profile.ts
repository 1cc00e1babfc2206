/**
 * Differences between the profiles, as data: the modern defaults of 1.34 and the seed era's
 * priorities on the 0–10 scale (facts of kube-scheduler 1.4–1.15; SelectorSpread and
 * InterPodAffinity come with their own plugins later).
 */
import type { Weights } from './core.ts';

export interface SchedulerProfile {
  readonly seedEra: boolean;
  readonly weights: Weights;
  /** Names shown for the score plugins: today's, or the seed era's priorities. */
  readonly names: {
    readonly taint: string;
    readonly affinity: string;
    readonly fit: string;
    readonly balanced: string;
    readonly image: string;
  };
  /** ImageLocality is in the defaults. */
  readonly scoresImages: boolean;
}

export const MODERN_SCHEDULER: SchedulerProfile = {
  seedEra: false,
  weights: { taint: 3, affinity: 2, fit: 1, balanced: 1, image: 1, scoreMax: 100 },
  names: {
    taint: 'TaintToleration',
    affinity: 'NodeAffinity',
    fit: 'NodeResourcesFit',
    balanced: 'NodeResourcesBalancedAllocation',
    image: 'ImageLocality',
  },
  scoresImages: true,
};

export const SEED_ERA_SCHEDULER: SchedulerProfile = {
  seedEra: true,
  weights: { taint: 1, affinity: 1, fit: 1, balanced: 1, image: 1, scoreMax: 10 },
  names: {
    taint: 'TaintTolerationPriority',
    affinity: 'NodeAffinityPriority',
    fit: 'LeastRequestedPriority',
    balanced: 'BalancedResourceAllocation',
    image: 'ImageLocalityPriority',
  },
  scoresImages: false,
};
