/** Steps of the cursor through what happened: by one mark of the lanes, or by one write. */
import * as mirror from '../mirror/mirror.ts';
import { look } from './lab.ts';

/** Back by one mark of the lanes. */
export function stepBack(writes = false): void {
  const at = mirror.shownTime.value;
  const marks = mirror.marks();
  for (let index = marks.length - 1; index >= 0; index -= 1) {
    const mark = marks[index];
    if (mark !== undefined && mark.time < at && (!writes || mark.lane === 'writes')) {
      look(mark.time);
      return;
    }
  }
  look(0);
}

/** Forward by one mark while in the past. */
export function stepForward(writes = false): void {
  const at = mirror.shownTime.value;
  const next = mirror.marks().find((mark) => mark.time > at && (!writes || mark.lane === 'writes'));
  look(next?.time ?? null);
}
