/** The application images that the lab's registries serve. */
import type { ImageArchive } from '../../machines/machine/image.ts';
import { MODERN_COSTS } from '../../machines/machine/costs.ts';
import type { Program } from '../../machines/machine/process.ts';
import { alpineImage, busyboxCurlImage, busyboxImage, curlImage } from './busybox.ts';
import { genericImage } from './generic.ts';
import { httpdImage } from './httpd.ts';
import type { ImageParts, ImageTool } from './image.ts';
import { nginxImages } from './nginx.ts';
import { ubuntuImage } from './ubuntu.ts';
import { xiaoruiImages } from './xiaorui.ts';

export type { ImageParts, ImageTool } from './image.ts';

/** What the slim images of Debian and Ubuntu leave out: their packages are not "essential". */
const NOT_IN_SLIM = new Set(
  (
    'jq gawk ps top killall pgrep pkill free watch uptime xxd hexdump vi vim nano editor less column curl dig host ' +
    'hostnamectl journalctl lsof nc netcat netstat nslookup openssl ping scp ss ssh systemctl timedatectl traceroute wget sudo'
  ).split(' '),
);

/** ubuntu has procps, which debian's image has not. */
const PROCPS = new Set(
  ['ps', 'top', 'pgrep', 'pkill', 'free', 'watch', 'uptime'].map((name) => `/usr/bin/${name}`),
);

function isInSlim({ path }: ImageTool): boolean {
  return path.startsWith('/usr/bin/') && !NOT_IN_SLIM.has(path.slice('/usr/bin/'.length));
}

/** What the images are made with. */
export interface ImageSources {
  /** A host's tools by path; images of distributions have some of them. */
  readonly tools: readonly ImageTool[];
  /** busybox's own tools, under /bin. */
  readonly busybox: readonly ImageTool[];
  /** bash; small images use it under the name sh. */
  readonly shell: Program;
  /** busybox's own shell. */
  readonly ash: Program;
}

/** What the registries have besides the cluster's own images and `pause`; the stand-in last. */
export function applicationImages({
  tools,
  busybox,
  shell,
  ash,
}: ImageSources): readonly ImageArchive[] {
  const parts: ImageParts = {
    costs: MODERN_COSTS,
    busybox: [{ path: '/bin/sh', program: ash }, { path: '/bin/ash', program: ash }, ...busybox],
    debian: [
      { path: '/bin/bash', program: shell },
      { path: '/bin/sh', program: shell },
      ...tools.filter(isInSlim),
    ],
    procps: tools.filter(({ path }) => PROCPS.has(path)),
    curl: tools.find((tool) => tool.path.endsWith('/curl'))?.program,
  };
  return [
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
