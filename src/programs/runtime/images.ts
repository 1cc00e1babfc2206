/**
 * The image store: what this host has unpacked, and how it gets more. A pull resolves the tag at the
 * registry, fetches manifest and blob over the network, and unpacks; one at a time, as the kubelet's
 * default asks for.
 *
 * The registry is a program on another host (`lab/image-registry`) that speaks HTTPS on port 443 under
 * the names that images have (`registry-1.docker.io` for `docker.io`, else the domain itself):
 *
 *     GET /v2/<path>/manifests/<tag or digest>   200, body a Message of protocol `oci-manifest` whose
 *         `value` is a RegistryManifest; 404 for a tag or repository that it does not have
 *     GET /v2/<path>/blobs/<digest>              200, body a Message of protocol `image-archive` whose
 *         `value` is the ImageArchive, by reference; 404
 *
 * (containerd v2.1 core/remotes/docker; layers, media types and credentials are not modelled: an image
 * is one blob.)
 */
import { SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Semaphore, type Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import { isBytes } from '../../machines/network/chunk.ts';
import { fetchFrom } from './registry-client.ts';
import { formatReference, type ImageReference, parseReference, registryHost } from './reference.ts';
import {
  type ArchiveMessage,
  contentPath,
  digestOf,
  fileOf,
  IMAGES_FOLDER,
  type ManifestMessage,
  type RegistryManifest,
  type StoredImage,
  storedImage,
} from './stored-image.ts';
import type { CriError, Image } from './wire/messages.ts';
import { rpcError } from './wire/rpc.ts';

const UNPACKED_RATIO = 2.6;
const NAMES_MAX = 1000;

export class ImageStore {
  readonly #process: Process;
  readonly #byId = new Map<string, StoredImage>();
  readonly #byReference = new Map<string, StoredImage>();
  readonly #names = new Map<string, string>();
  readonly #pulling = new Semaphore('an image pull', 1);

  constructor(process: Process) {
    this.#process = process;
    this.#recover();
  }

  /** By id, tag or digest, as written by a user. */
  find(reference: string): StoredImage | undefined {
    const byId = this.#byId.get(reference) ?? this.#byId.get(`sha256:${reference}`);
    if (byId !== undefined) return byId;
    const name = this.#nameOf(reference);
    return name === undefined ? undefined : this.#byReference.get(name);
  }

  /** The whole name that a user's text stands for; the same few texts are asked again and again. */
  #nameOf(text: string): string | undefined {
    let name = this.#names.get(text);
    if (name !== undefined) return name;
    const parsed = parseReference(text);
    if (parsed === undefined) return undefined;
    name = formatReference(parsed);
    if (this.#names.size >= NAMES_MAX) this.#names.clear();
    this.#names.set(text, name);
    return name;
  }

  list(): readonly Image[] {
    return [...this.#byId.values()].map((stored) => stored.image);
  }

  usedBytes(): number {
    let sum = 0;
    for (const stored of this.#byId.values())
      sum += Math.floor(stored.archive.size * UNPACKED_RATIO);
    return sum;
  }

  remove(reference: string): void {
    const stored = this.find(reference);
    if (stored === undefined) return;
    this.#byId.delete(stored.image.id);
    for (const [key, value] of this.#byReference) {
      if (value.image.id === stored.image.id) this.#byReference.delete(key);
    }
    this.#process.files.removeAll(contentPath(stored.image.id));
  }

  /** Puts an image into the store without a pull (`ctr images import`; images that a host ships with). */
  add(archive: ImageArchive, reference: ImageReference): StoredImage {
    const known = this.#byReference.get(formatReference(reference));
    if (known?.archive === archive && this.#process.files.exists(contentPath(known.image.id)))
      return known;
    const stored = storedImage(archive, reference, this.#byId.get(digestOf(archive)));
    const { image } = stored;
    const digest = image.id;
    this.#byId.set(digest, stored);
    for (const name of image.repoTags) this.#byReference.set(name, stored);
    for (const name of image.repoDigests) this.#byReference.set(name, stored);
    this.#save(stored);
    return stored;
  }

  /** Pulls as CRI's PullImage; the answer is the image's id. */
  *pull(text: string): Task<Result<string, CriError>> {
    const reference = parseReference(text);
    if (reference === undefined) {
      return err(
        rpcError(
          'InvalidArgument',
          `failed to parse image reference ${JSON.stringify(text)}: invalid reference format`,
        ),
      );
    }
    yield* this.#pulling.acquire();
    const result = yield* this.#pullLocked(reference);
    this.#pulling.release();
    return result;
  }

  *#pullLocked(reference: ImageReference): Task<Result<string, CriError>> {
    const name = formatReference(reference);
    const head = `failed to pull and unpack image "${name}": `;
    const host = registryHost(reference);
    const path = `/v2/${reference.path}/manifests/${reference.digest === '' ? reference.tag : reference.digest}`;
    const resolving = `${head}failed to resolve image: `;
    const manifest = yield* fetchFrom(this.#process, host, 'HEAD', path);
    if (!manifest.ok) return err(rpcError('Unknown', resolving + manifest.error));
    const answer = manifest.value;
    if (answer.status === 404) return err(rpcError('NotFound', `${resolving}${name}: not found`));
    if (answer.status !== 200 || answer.body === undefined || isBytes(answer.body)) {
      return err(
        rpcError(
          'Unknown',
          `${resolving}unexpected status from HEAD request to https://${host}${path}: ${answer.status}`,
        ),
      );
    }
    const described = (answer.body as ManifestMessage).value;
    if (!this.#byId.has(described.digest)) {
      const fetched = yield* this.#fetch(reference, described, host);
      if (!fetched.ok) return err(rpcError('Unknown', head + fetched.error));
      return ok(this.add(fetched.value, reference).image.id);
    }
    return ok(
      this.add((this.#byId.get(described.digest) as StoredImage).archive, reference).image.id,
    );
  }

  /** The blob at the host's rate, then unpacked. */
  *#fetch(
    reference: ImageReference,
    manifest: RegistryManifest,
    host: string,
  ): Task<Result<ImageArchive, string>> {
    const process = this.#process;
    const path = `/v2/${reference.path}/blobs/${manifest.digest}`;
    const begun = process.clock.monotonic();
    const blob = yield* fetchFrom(process, host, 'GET', path);
    if (!blob.ok) return err(`failed to copy: httpReadSeeker: failed open: ${blob.error}`);
    if (blob.value.status !== 200 || blob.value.body === undefined || isBytes(blob.value.body)) {
      return err(
        `failed to copy: httpReadSeeker: failed open: unexpected status code https://${host}${path}: ${blob.value.status}`,
      );
    }
    const archive = (blob.value.body as ArchiveMessage).value;
    // The link is faster than what a registry gives one client: the rest of the time is its rate.
    const due = begun + Math.floor((archive.size / process.costs.pullBytesPerSecond) * SECOND);
    yield* process.sleep(Math.max(0, due - process.clock.monotonic()));
    yield* process.sleep(
      Math.floor(((archive.size * UNPACKED_RATIO) / process.costs.unpackBytesPerSecond) * SECOND),
    );
    return ok(archive);
  }

  #save(stored: StoredImage): void {
    const { path, content } = fileOf(stored);
    this.#process.files.mkdir(IMAGES_FOLDER, { parents: true });
    this.#process.files.write(path, content);
  }

  #recover(): void {
    const names = this.#process.files.list(IMAGES_FOLDER);
    if (!names.ok) return;
    for (const name of names.value) {
      const content = this.#process.files.readContent(`${IMAGES_FOLDER}/${name}`);
      if (!content.ok || !('kind' in content.value) || content.value.kind !== 'containerd-image')
        continue;
      const stored = content.value.value as StoredImage;
      this.#byId.set(stored.image.id, stored);
      for (const tag of [...stored.image.repoTags, ...stored.image.repoDigests])
        this.#byReference.set(tag, stored);
    }
  }
}
