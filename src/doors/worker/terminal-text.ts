/**
 * What a terminal shows and the page has not got yet: the program's output with the lines that the
 * person sent put in where the lab took them. A real terminal driver echoes; this one stands outside
 * simulated time, so the door does it, live and in a replay alike.
 */
import type { LabInput } from '../../lab/input-types.ts';
import type { TerminalOutput } from './protocol.ts';

type Echo = NonNullable<TerminalOutput['echoed']>[number];
type Finished = TerminalOutput['finished'][number];

const SHOWN_KEYS: ReadonlyMap<string, string> = new Map([
  ['\x03', '^C'],
  ['\x1a', '^Z'],
  ['\x1c', '^\\'],
]);

export class TerminalText {
  #text = '';
  #echoed: Echo[] = [];
  #finished: Finished[] = [];

  get empty(): boolean {
    return this.#text === '';
  }

  /** Takes what was printed, and the statuses of commands that ended in it. */
  print(text: string, statuses: readonly number[]): void {
    this.#text += text;
    for (const status of statuses) this.#finished.push({ at: this.#text.length, status });
  }

  /** Puts in what the person sent, at the end of what was printed. */
  echo(input: LabInput, raw: boolean, time: number): void {
    if (input.kind === 'line') {
      this.#echoed.push({ at: this.#text.length, line: input.text, time, keys: false });
      this.#text += `${input.text}\n`;
    } else if (input.kind === 'keys' && !raw) {
      const shown = SHOWN_KEYS.get(input.text);
      if (shown === undefined) return;
      this.#echoed.push({ at: this.#text.length, line: shown, time, keys: true });
      this.#text += shown;
    }
  }

  /** Up to about `max` characters; an echoed line is never cut in two. */
  take(max: number): Required<Pick<TerminalOutput, 'text' | 'echoed' | 'finished'>> {
    let end = Math.min(max, this.#text.length);
    for (const echo of this.#echoed) {
      const after = echo.at + echo.line.length + 1;
      if (echo.at < end && after > end) end = echo.at === 0 ? after : echo.at;
    }
    const text = this.#text.slice(0, end);
    const echoed = this.#echoed.filter((echo) => echo.at < end);
    const finished = this.#finished.filter((one) => one.at <= end);
    this.#finished = this.#finished
      .slice(finished.length)
      .map((one) => ({ ...one, at: one.at - end }));
    this.#text = this.#text.slice(end);
    this.#echoed = this.#echoed
      .slice(echoed.length)
      .map((echo) => ({ ...echo, at: echo.at - end }));
    return { text, echoed, finished };
  }
}
