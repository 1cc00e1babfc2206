/**
 * Sees to it that a container's image is on the node: pull policy, events, back-off
 * (k8s.io/kubernetes/pkg/kubelet/images/image_manager.go, v1.34; one pull at a time).
 */
import type { Container, Pod } from '../../ground/api/types.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Semaphore, type Task } from '../../ground/base/task.ts';
import { formatRpcError } from '../runtime/wire/index.ts';
import { Backoff } from './backoff.ts';
import { type Core, podEvent } from './core.ts';
import { goDuration } from './duration.ts';
import { imageNameFault } from './image-name.ts';

/** Why an image is not there; the reason is that of the waiting container. */
export interface ImageError {
  readonly reason:
    | 'ErrImagePull'
    | 'ImagePullBackOff'
    | 'ErrImageNeverPull'
    | 'InvalidImageName'
    | 'ImageInspectError';
  readonly message: string;
}

export class ImagePuller {
  readonly #core: Core;
  readonly #backoff = new Backoff();
  readonly #failedAt = new Map<string, Micros>();
  readonly #messages = new Map<string, string>();
  readonly #serial = new Semaphore('an image pull', 1);

  constructor(core: Core) {
    this.#core = core;
  }

  /** The image's id once it is there. */
  *ensure(pod: Pod, container: Container, isInit: boolean): Task<Result<string, ImageError>> {
    const { cri } = this.#core;
    const image = container.image ?? '';
    const say = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
      podEvent(this.#core, pod, container.name, type, reason, message, isInit);
    const fault = imageNameFault(image);
    if (fault !== undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${fault}`;
      say('Warning', 'InspectFailed', message);
      return err({ reason: 'InvalidImageName', message });
    }
    const status = yield* cri.call('ImageStatus', { image });
    if (!status.ok) {
      const message = `Failed to inspect image "${image}": ${formatRpcError(status.error)}`;
      say('Warning', 'InspectFailed', message);
      return err({ reason: 'ImageInspectError', message });
    }
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    const present = status.value.image;
    if (present !== undefined && policy !== 'Always') {
      say('Normal', 'Pulled', `Container image "${image}" already present on machine`);
      return ok(present.id);
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      say('Warning', 'ErrImageNeverPull', message);
      return err({ reason: 'ErrImageNeverPull', message });
    }
    return yield* this.#pull(pod, image, say);
  }

  *#pull(
    pod: Pod,
    image: string,
    say: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
  ): Task<Result<string, ImageError>> {
    const { process, cri } = this.#core;
    const key = `${pod.metadata.uid}_${image}`;
    const now = process.clock.monotonic();
    const since = this.#failedAt.get(key) ?? 0;
    const left = this.#failedAt.has(key) ? this.#backoff.remaining(key, since, now) : 0;
    if (left > 0) {
      say('Normal', 'BackOff', `Back-off pulling image "${image}"`);
      const cause = this.#messages.get(key);
      const message =
        cause === undefined
          ? `Back-off pulling image "${image}"`
          : `Back-off pulling image "${image}": ErrImagePull: ${cause}`;
      return err({ reason: 'ImagePullBackOff', message });
    }
    say('Normal', 'Pulling', `Pulling image "${image}"`);
    const asked = process.clock.monotonic();
    yield* this.#serial.acquire();
    const begun = process.clock.monotonic();
    const pulled = yield* cri.call('PullImage', { image });
    this.#serial.release();
    const ended = process.clock.monotonic();
    if (!pulled.ok) {
      // The code of an unknown error says nothing and is left out (cri-client remote_image.go).
      const message =
        pulled.error.codeName === 'Unknown' ? pulled.error.message : formatRpcError(pulled.error);
      say('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      this.#backoff.next(key, ended, ended);
      this.#failedAt.set(key, ended);
      this.#messages.set(key, message);
      return err({ reason: 'ErrImagePull', message });
    }
    this.#failedAt.delete(key);
    this.#messages.delete(key);
    const status = yield* cri.call('ImageStatus', { image });
    const stored = status.ok ? status.value.image : undefined;
    const size = stored?.size ?? 0;
    say(
      'Normal',
      'Pulled',
      `Successfully pulled image "${image}" in ${goDuration(ended - begun)} (${goDuration(ended - asked)} including waiting). Image size: ${size} bytes.`,
    );
    if (stored?.generic === true) {
      say(
        'Warning',
        'ImageStandIn',
        `Image "${image}" is not known here: a stand-in runs that listens on the declared ports`,
      );
    }
    return ok(pulled.value.imageRef);
  }

  forget(uid: string): void {
    this.#backoff.forget(uid);
    for (const key of this.#failedAt.keys()) if (key.startsWith(uid)) this.#failedAt.delete(key);
    for (const key of this.#messages.keys()) if (key.startsWith(uid)) this.#messages.delete(key);
  }
}
