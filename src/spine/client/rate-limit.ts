/**
 * The token bucket of client-go (k8s.io/client-go/util/flowcontrol, golang.org/x/time/rate): so many
 * tokens a second, at most `burst` saved up. Taking one may leave a debt, which is the time to wait.
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';

export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #last: Micros = 0;

  /** `perSecond` of 0 or less: no limit. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes a token and says how long to wait before using it, in microseconds. */
  reserve(now: Micros): Micros {
    if (this.#perSecond <= 0) return 0;
    const gained = ((now - this.#last) / SECOND) * this.#perSecond;
    this.#last = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained) - 1;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * SECOND);
  }

  /** Takes a token if one is there. */
  take(now: Micros): boolean {
    if (this.#perSecond <= 0) return true;
    const gained = ((now - this.#last) / SECOND) * this.#perSecond;
    this.#last = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How long until `take` can succeed, in microseconds, if nobody else takes one. */
  timeToToken(now: Micros): Micros {
    const tokens = this.#tokens + ((now - this.#last) / SECOND) * this.#perSecond;
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / this.#perSecond) * SECOND) + 1;
  }
}
