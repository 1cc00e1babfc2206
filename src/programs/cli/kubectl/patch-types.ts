/** The three kinds of patches by the names that flags give them. */
import { JSON_PATCH, MERGE, STRATEGIC } from './api.ts';

export const PATCH_TYPES: ReadonlyMap<string, string> = new Map([
  ['json', JSON_PATCH],
  ['merge', MERGE],
  ['strategic', STRATEGIC],
]);
