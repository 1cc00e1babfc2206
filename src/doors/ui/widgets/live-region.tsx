/** One polite live region, at most one line per two seconds, the newest wins; and an assertive one. */
import { signal } from '@preact/signals';

const polite = signal('');
const urgent = signal('');
const GAP_MS = 2000;

let waiting: string | undefined;
let timer: number | undefined;

/** Says a line to assistive technology when it is its turn. */
export function say(text: string): void {
  waiting = text;
  if (timer !== undefined) return;
  polite.value = text;
  waiting = undefined;
  timer = window.setTimeout(next, GAP_MS);
}

function next(): void {
  timer = undefined;
  if (waiting !== undefined) say(waiting);
}

/** Says at once: a passed task, a failed apply. */
export function sayUrgently(text: string): void {
  urgent.value = text;
}

export function LiveRegions() {
  return (
    <>
      <div class="unseen" role="status" aria-live="polite">
        {polite.value}
      </div>
      <div class="unseen" role="alert" aria-live="assertive">
        {urgent.value}
      </div>
    </>
  );
}
