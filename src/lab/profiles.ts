/**
 * What a profile sets: versions, ranges, and which variant of each component's data is used. The
 * components own their differences; a profile only names them.
 */
import { type Costs, MODERN_COSTS } from '../machines/machine/costs.ts';
import {
  MODERN_SCHEDULER,
  SEED_ERA_SCHEDULER,
  type SchedulerProfile,
} from '../programs/scheduler/profile.ts';

export interface Profile {
  readonly name: 'modern' | 'seed-era';
  readonly kubernetes: string;
  readonly etcdTag: string;
  readonly corednsTag: string;
  readonly podRange: string;
  readonly serviceRange: string;
  readonly costs: Costs;
  readonly scheduler: SchedulerProfile;
  readonly seedEra: boolean;
}

const SHARED = {
  kubernetes: 'v1.34.0',
  etcdTag: '3.6.4-0',
  corednsTag: 'v1.12.1',
  podRange: '10.244.0.0/16',
  serviceRange: '10.96.0.0/12',
  costs: MODERN_COSTS,
} as const;

export const PROFILES: Readonly<Record<Profile['name'], Profile>> = {
  modern: { ...SHARED, name: 'modern', scheduler: MODERN_SCHEDULER, seedEra: false },
  'seed-era': { ...SHARED, name: 'seed-era', scheduler: SEED_ERA_SCHEDULER, seedEra: true },
};
