/** xterm's theme from the tokens: read again when theme, contrast or time change. */
import type { ITheme } from '@xterm/xterm';

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

export function terminalColours(element: HTMLElement): ITheme {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const colours: Record<string, string> = {
    background: token('--term-bg'),
    foreground: token('--term-fg'),
    cursor: token('--term-cursor'),
    cursorAccent: token('--term-bg'),
    selectionBackground: token('--term-selection'),
  };
  for (const name of NAMES) {
    colours[name] = token(`--ansi-${name}`);
    const bright = `bright${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;
    colours[bright] = token(`--ansi-bright-${name}`);
  }
  return colours;
}
