/** The application images that the lab's registries serve. */
import type { ImageArchive } from '../../machines/machine/image.ts';
import { MODERN_COSTS } from '../../machines/machine/costs.ts';
import type { Program } from '../../machines/machine/process.ts';
import { alpineImage, busyboxCurlImage, busyboxImage, curlImage } from './busybox.ts';
import { genericImage } from './generic.ts';
import { httpdImage } from './httpd.ts';
import type { ImageParts, ImageTool } from './image.ts';
import { nginxImages } from './nginx.ts';
import { pauseImage } from './pause.ts';
import { ubuntuImage } from './ubuntu.ts';
import { xiaoruiImages } from './xiaorui.ts';

export type { ImageParts, ImageTool } from './image.ts';

/** A tool of the host under busybox's path for it. */
function inBin({ path, program }: ImageTool): ImageTool {
  return { path: `/bin/${path.slice(path.lastIndexOf('/') + 1)}`, program };
}

/** What the images are made with. */
export interface ImageSources {
  /** Host tools by path; images get them under their own. */
  readonly tools: readonly ImageTool[];
  /** bash; small images use it under the name sh. */
  readonly shell: Program;
  /** busybox's own shell. */
  readonly ash: Program;
}

/** Everything that the registries have besides the cluster's own images: pause first, the stand-in last. */
export function applicationImages({ tools, shell, ash }: ImageSources): readonly ImageArchive[] {
  const parts: ImageParts = {
    costs: MODERN_COSTS,
    busybox: [
      { path: '/bin/sh', program: ash },
      { path: '/bin/ash', program: ash },
      ...tools.map(inBin),
    ],
    debian: [{ path: '/bin/bash', program: shell }, { path: '/bin/sh', program: shell }, ...tools],
    curl: tools.find((tool) => tool.path.endsWith('/curl'))?.program,
  };
  return [
    pauseImage(parts),
    busyboxImage(parts),
    busyboxCurlImage(parts),
    curlImage(parts),
    alpineImage(parts),
    ...nginxImages(parts),
    httpdImage(parts),
    ubuntuImage(parts),
    ...xiaoruiImages(parts),
    genericImage(parts),
  ];
}
