/** Ids of 64 bits as texts: hex in lists, decimal in JSON and fields. */

/** Lease ids: always 16 hex digits. */
export function leaseText(id: number): string {
  return id.toString(16).padStart(16, '0');
}

/** Reads a lease id in hex; undefined when it is none. */
export function parseLease(text: string): number | undefined {
  return /^[0-9a-fA-F]{1,16}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

/** Sizes in decimal units, as humanize prints them: `25 kB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const rounded = value < 10 ? Math.floor(value * 10 + 0.5) / 10 : Math.floor(value + 0.5);
  return `${rounded < 10 && !Number.isInteger(rounded) ? rounded : Math.floor(rounded) === rounded && value < 10 ? `${rounded}.0` : rounded} ${units[unit]}`;
}
