/** busybox and images that are busybox with one tool more: sttts/busybox-curl of the seeds, curlimages/curl. */
import type { ImageArchive } from '../../machines/machine/image.ts';
import {
  ALPINE,
  archive,
  BUSYBOX,
  commonRoot,
  curlIn,
  type ImageParts,
  imageConfig,
  programs,
} from './image.ts';

export function busyboxImage(parts: ImageParts): ImageArchive {
  const tree = [...commonRoot(BUSYBOX), ...programs(parts.busybox)];
  return archive(
    parts.costs,
    'docker.io/library/busybox',
    ['latest', '1', '1.37', '1.36', '1.28', 'stable', 'glibc', 'musl'],
    imageConfig({ command: ['sh'] }),
    tree,
  );
}

export function busyboxCurlImage(parts: ImageParts): ImageArchive {
  const tree = [...commonRoot(BUSYBOX), ...programs(parts.busybox), ...curlIn(parts)];
  return archive(
    parts.costs,
    'docker.io/sttts/busybox-curl',
    ['latest'],
    imageConfig({ command: ['sh'] }),
    tree,
  );
}

export function curlImage(parts: ImageParts): ImageArchive {
  const user = 'curl_user:100:101:Linux User,,,:/home/curl_user:/sbin/nologin';
  const tree = [...commonRoot(ALPINE, user), ...programs(parts.busybox), ...curlIn(parts)];
  const config = imageConfig({
    entrypoint: ['/entrypoint.sh'],
    command: ['curl'],
    user: 'curl_user',
  });
  // Options alone are curl's own.
  const entry = `#!/bin/sh
set -e
case "$1" in
  -*) set -- curl "$@" ;;
esac
exec "$@"
`;
  return archive(
    parts.costs,
    'docker.io/curlimages/curl',
    ['latest', '8.15.0', '8.14.1', '8.10.1'],
    config,
    [...tree, ['/entrypoint.sh', { content: entry, mode: 0o755 }]],
  );
}

export function alpineImage(parts: ImageParts): ImageArchive {
  const tree = [...commonRoot(ALPINE), ...programs(parts.busybox)];
  return archive(
    parts.costs,
    'docker.io/library/alpine',
    ['latest', '3', '3.22', '3.20'],
    imageConfig({ command: ['/bin/sh'] }),
    tree,
  );
}
