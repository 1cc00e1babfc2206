/**
 * What busybox's applets say where GNU's tools say it otherwise (libbb/xfuncs_printf.c, coreutils/*.c,
 * 1.36). A root with /bin/busybox is one of busybox.
 */
import type { Process } from '../../machines/machine/process.ts';

const BUSYBOX = '/bin/busybox';

/** The first line of everything that busybox says about its own use. */
export const BUSYBOX_BANNER = 'BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.';

export function isBusybox(process: Process): boolean {
  return process.files.exists(BUSYBOX);
}

/** Applets that open their operands by name and say so; the others name the file alone. */
const OPENERS = new Set([
  'cat',
  'tail',
  'sort',
  'cksum',
  'md5sum',
  'sha1sum',
  'sha256sum',
  'sha512sum',
]);

type Rule = readonly [RegExp, string];

const EVERYWHERE: readonly Rule[] = [
  [/^cannot create directory '(.*)': /, "can't create directory '$1': "],
  [/^cannot stat '(.*)': /, "can't stat '$1': "],
  [/^cannot statx '(.*)': /, "can't stat '$1': "],
  [/^cannot create regular file '(.*)': /, "can't create '$1': "],
  [/^cannot open '(.*)' for reading: /, "can't open '$1': "],
  [/^failed to remove '(.*)': /, "'$1': "],
  [/^cannot (?:access|touch) '(.*)': /, '$1: '],
];
const BY_APPLET: ReadonlyMap<string, readonly Rule[]> = new Map([
  [
    'rm',
    [
      [/^cannot remove '(.*)': Is a directory$/, "'$1' is a directory"],
      [/^cannot remove '(.*)': /, "can't remove '$1': "],
    ],
  ],
  ['sort', [[/^cannot read: (.*): /, "can't open '$1': "]]],
  ['find', [[/^['‘](.*)['’]: /, '$1: ']]],
  ['mv', [[/^cannot stat '(.*)': /, "can't rename '$1': "]]],
  [
    'head',
    [
      [/^cannot open '(.*)' for reading: /, '$1: '],
      [/^error reading '(.*)': /, '$1: '],
    ],
  ],
]);

/** A complaint in the applet's words. */
export function busyboxWords(applet: string, message: string): string {
  for (const [pattern, words] of [...(BY_APPLET.get(applet) ?? []), ...EVERYWHERE])
    if (pattern.test(message)) return message.replace(pattern, words);
  if (!OPENERS.has(applet)) return message;
  return message.replace(
    /^([^:']+): (No such file or directory|Permission denied)$/,
    "can't open '$1': $2",
  );
}
