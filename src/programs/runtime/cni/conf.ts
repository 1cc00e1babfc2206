/** Reading of CNI configuration files. */
import { parseJson } from '../../../ground/lang/json.ts';
import type { CniConfig } from './plugin.ts';

/** The file's JSON object; undefined when it is none. */
export function parseObject(text: string): CniConfig | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok) return undefined;
  const value = parsed.value.value as unknown;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as CniConfig)
    : undefined;
}
