/**
 * How simulated time follows the page's: a pure calculation over real milliseconds handed in. At speed
 * s a real millisecond is s simulated ones; time that could not be caught up in a slice is dropped, so
 * a slow machine slows the lab instead of piling up work. Speed 0 is as fast as it goes.
 */
export class Pacing {
  #speed = 1;
  #realMs: number | undefined;

  get speed(): number {
    return this.#speed;
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
  }

  /** Forgets the last look: after a pause no time is owed. */
  reset(): void {
    this.#realMs = undefined;
  }

  /** Simulated microseconds due since the last call; Infinity at full speed. */
  due(nowMs: number, sliceMs: number): number {
    const last = this.#realMs ?? nowMs - sliceMs;
    this.#realMs = nowMs;
    if (this.#speed === 0) return Number.POSITIVE_INFINITY;
    const elapsed = Math.min(nowMs - last, MISSED_MS_MAX);
    return Math.floor(elapsed * 1000 * this.#speed);
  }
}

/** Real time that is caught up after a hiccup; more is dropped. */
const MISSED_MS_MAX = 250;
