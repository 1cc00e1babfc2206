/**
 * What a controller has asked for and not yet seen in its cache (k8s.io/kubernetes/pkg/controller
 * ControllerExpectations, v1.34). Until the watch has shown every creation and deletion of the last
 * sync, or five minutes have passed, the controller must not count its pods again: it would create
 * them twice.
 */
import { type Micros, MINUTE } from '../../ground/base/event-loop.ts';

const EXPIRES: Micros = 5 * MINUTE;

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly since: Micros;
}

export class Expectations {
  readonly #expected = new Map<string, Expected>();

  expectCreations(key: string, count: number, now: Micros): void {
    this.#expected.set(key, { creations: count, deletions: new Set(), since: now });
  }

  expectDeletions(key: string, objects: readonly string[], now: Micros): void {
    this.#expected.set(key, { creations: 0, deletions: new Set(objects), since: now });
  }

  creationObserved(key: string): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined) expected.creations -= 1;
  }

  deletionObserved(key: string, object: string): void {
    this.#expected.get(key)?.deletions.delete(object);
  }

  /** True when a sync may create and delete. */
  satisfied(key: string, now: Micros): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined) return true;
    const fulfilled = expected.creations <= 0 && expected.deletions.size === 0;
    return fulfilled || now - expected.since > EXPIRES;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }
}
