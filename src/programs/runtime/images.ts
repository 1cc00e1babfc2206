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
import { required } from '../../ground/base/assert.ts';
import { hexOf, utf8 } from '../../ground/base/bytes.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { fnv1a, mixWord } from '../../ground/base/hash.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Semaphore, type Task } from '../../ground/base/task.ts';
import { sortedText } from '../../ground/base/text.ts';
import { type LayerNode, layerOf } from '../../machines/machine/files/layer.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Message } from '../../machines/network/chunk.ts';
import { isBytes } from '../../machines/network/chunk.ts';
import { fetchFrom } from './registry-client.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  registryHost,
  repositoryOf,
} from './reference.ts';
import type { CriError, Image } from './wire/messages.ts';
import { rpcError } from './wire/rpc.ts';

/** What a manifest says. */
export interface RegistryManifest {
  /** `sha256:…` of the manifest: the image's digest. */
  readonly digest: string;
  /** Compressed bytes of the blob. */
  readonly size: number;
}

export interface ManifestMessage extends Message {
  readonly protocol: 'oci-manifest';
  readonly value: RegistryManifest;
}

export interface ArchiveMessage extends Message {
  readonly protocol: 'image-archive';
  readonly value: ImageArchive;
}

/** What a store keeps of an image. */
export interface StoredImage {
  readonly archive: ImageArchive;
  readonly image: Image;
  /** The tree, unpacked once for all containers. */
  readonly layer: LayerNode;
}

/** The digest that a registry gives an archive: made from what it is, the same on every run. */
export function digestOf(archive: ImageArchive): string {
  let word = fnv1a(`${archive.repository} ${archive.tags.join(' ')} ${archive.size}`);
  const bytes = new Uint8Array(32);
  for (let index = 0; index < 32; index += 1) {
    word = mixWord(word, index);
    bytes[index] = word & 255;
  }
  return `sha256:${hexOf(bytes)}`;
}

/** A manifest as a registry answers it. */
export function manifestMessage(archive: ImageArchive): ManifestMessage {
  const value = { digest: digestOf(archive), size: archive.size };
  return {
    protocol: 'oci-manifest',
    value,
    wireSize: 1200,
    render: () => utf8(`{"schemaVersion":2,"digest":"${value.digest}","size":${value.size}}\n`),
  };
}

/** A blob as a registry answers it. */
export function archiveMessage(archive: ImageArchive): ArchiveMessage {
  return {
    protocol: 'image-archive',
    value: archive,
    wireSize: archive.size,
    render: () => utf8(`(image ${archive.repository}, ${archive.size} bytes)\n`),
  };
}

const UNPACKED_RATIO = 2.6;

/** A file of the image store: what a host that has pulled the image holds on its disk. */
export interface StoredImageFile {
  readonly path: string;
  readonly content: Document;
}

/** The file by which a host's store knows an image that was pulled before the lab began. */
export function storedImageFile(archive: ImageArchive, reference: string): StoredImageFile {
  const parsed = required(parseReference(reference), `${reference} is an image reference`);
  return fileOf(storedImage(archive, parsed, undefined));
}

function storedImage(
  archive: ImageArchive,
  reference: ImageReference,
  previous: StoredImage | undefined,
): StoredImage {
  const digest = digestOf(archive);
  const tags = new Set(previous?.image.repoTags);
  const digests = new Set(previous?.image.repoDigests);
  if (reference.tag !== '') tags.add(formatReference({ ...reference, digest: '' }));
  digests.add(`${repositoryOf(reference)}@${digest}`);
  const image: Image = {
    id: digest,
    repoTags: sortedText(tags),
    repoDigests: sortedText(digests),
    size: archive.size,
    ...userOf(archive.config.user),
    ...(archive.generic === true ? { generic: true } : {}),
  };
  return { archive, image, layer: previous?.layer ?? layerOf(archive.tree) };
}

function fileOf(stored: StoredImage): StoredImageFile {
  const render = (): Uint8Array => utf8(`${JSON.stringify(stored.image)}\n`);
  return {
    path: contentPath(stored.image.id),
    content: { kind: 'containerd-image', value: stored, render },
  };
}

export class ImageStore {
  readonly #process: Process;
  readonly #byId = new Map<string, StoredImage>();
  readonly #byReference = new Map<string, StoredImage>();
  readonly #pulling = new Semaphore('an image pull', 1);

  constructor(process: Process) {
    this.#process = process;
    this.#recover();
  }

  /** By id, tag or digest, as written by a user. */
  find(reference: string): StoredImage | undefined {
    const byId = this.#byId.get(reference) ?? this.#byId.get(`sha256:${reference}`);
    if (byId !== undefined) return byId;
    const parsed = parseReference(reference);
    return parsed === undefined ? undefined : this.#byReference.get(formatReference(parsed));
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
    const resolving = `${head}failed to resolve reference "${name}": `;
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

const IMAGES_FOLDER = '/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256';

function contentPath(id: string): string {
  return `${IMAGES_FOLDER}/${id.replace(/^sha256:/, '')}`;
}

/** A numeric user is a uid, any other a name that is looked up in the container's passwd. */
function userOf(user: string): { readonly uid?: number; readonly username: string } {
  const name = user.split(':')[0] ?? '';
  return /^\d+$/.test(name) ? { uid: Number(name), username: '' } : { username: name };
}
