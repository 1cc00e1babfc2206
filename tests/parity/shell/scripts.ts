/**
 * Scripts whose output must be the machine's own, byte for byte: one per line of thought, grouped by
 * what they are about. Separated by a line of `%%`; each runs in an empty folder of its own.
 */
export function parseScripts(text: string): string[] {
  return text
    .split('\n%%\n')
    .map((script) => script.replace(/^\n+|\n+$/g, ''))
    .filter((script) => script !== '');
}
