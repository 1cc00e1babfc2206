/** Objects as text for people who ask the API with curl. */
import { formatYaml } from '../../../ground/lang/yaml/index.ts';
import type { Value } from '../../../ground/lang/value.ts';

/** The object as YAML, keys as they stand. */
export function formatObjectYaml(object: unknown): string {
  return formatYaml(object as Value);
}
