/**
 * Images as registries send them and as a host's store keeps them: manifest and blob messages, digests,
 * and the file by which containerd knows an image. Also what the builder of hosts needs of it.
 */
import { required } from '../../ground/base/assert.ts';
import { hexOf, utf8 } from '../../ground/base/bytes.ts';
import { fnv1a, mixWord } from '../../ground/base/hash.ts';
import { sortedText } from '../../ground/base/text.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import { type LayerNode, layerOf } from '../../machines/machine/files/layer.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Message } from '../../machines/network/chunk.ts';
import { formatReference, type ImageReference, parseReference, repositoryOf } from './reference.ts';
import type { Image } from './wire/messages.ts';

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

/** An archive as the store keeps it, under one reference more than before. */
export function storedImage(
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

export function fileOf(stored: StoredImage): StoredImageFile {
  const render = (): Uint8Array => utf8(`${JSON.stringify(stored.image)}\n`);
  return {
    path: contentPath(stored.image.id),
    content: { kind: 'containerd-image', value: stored, render },
  };
}

/** Where the store's files are. */
export const IMAGES_FOLDER = '/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256';

export function contentPath(id: string): string {
  return `${IMAGES_FOLDER}/${id.replace(/^sha256:/, '')}`;
}

/** A numeric user is a uid, any other a name that is looked up in the container's passwd. */
function userOf(user: string): { readonly uid?: number; readonly username: string } {
  const name = user.split(':')[0] ?? '';
  return /^\d+$/.test(name) ? { uid: Number(name), username: '' } : { username: name };
}
