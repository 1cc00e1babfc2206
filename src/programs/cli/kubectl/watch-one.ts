/** One object through time: what it is now and what it becomes, until a test holds (k8s.io/client-go/tools/watch UntilWithoutRetry, v0.34). */
import { ok } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import type { Micros } from '../../../ground/base/event-loop.ts';
import type { Api, Loose } from './api.ts';
import { apiFailure, isNotFound, type Outcome } from './failure.ts';
import type { Mapping } from './mapper.ts';

export interface Watched {
  readonly mapping: Mapping;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Waits until `test` answers other than undefined for the object (undefined: it is not there).
 * `left` is the time that remains, in microseconds; the answer is undefined when none is left.
 */
export function* untilOne<T>(
  api: Api,
  one: Watched,
  left: () => Micros,
  test: (object: Loose | undefined) => T | undefined,
): Task<Outcome<T | undefined>> {
  const { mapping, name, namespace } = one;
  for (;;) {
    const now = yield* api.items(mapping, namespace, { fieldSelector: `metadata.name=${name}` });
    if (!now.ok) return { ok: false, error: apiFailure(now.error) };
    const first = now.value[0];
    const at = test(first);
    if (at !== undefined) return ok(at);
    if (left() <= 0) return ok(undefined);
    const fieldSelector = `metadata.name=${name}`;
    const resourceVersion = first?.metadata.resourceVersion;
    const watch = yield* api.watch(
      mapping,
      namespace,
      resourceVersion === undefined ? { fieldSelector } : { fieldSelector, resourceVersion },
    );
    if (!watch.ok) {
      if (isNotFound(watch.error)) return ok(undefined);
      return { ok: false, error: apiFailure(watch.error) };
    }
    for (;;) {
      const ready = yield* anyOf([watch.value.readable], left());
      if (ready.index < 0) {
        watch.value.stop();
        return ok(undefined);
      }
      const event = yield* watch.value.receive();
      // The stream ended or its revision is gone: the object is read again.
      if (event === undefined || event.type === 'ERROR') break;
      const found = test(event.type === 'DELETED' ? undefined : event.object);
      if (found === undefined) continue;
      watch.value.stop();
      return ok(found);
    }
  }
}
