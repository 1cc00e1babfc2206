/** What all application images are made from: an ordinary root, a config, tools by their paths. */
import type { Costs } from '../../machines/machine/costs.ts';
import type { ImageArchive, ImageConfig, ImageFile } from '../../machines/machine/image.ts';
import type { Program } from '../../machines/machine/process.ts';
import {
  type Accounts,
  ALPINE_ACCOUNTS,
  BUSYBOX_ACCOUNTS,
  DEBIAN_ACCOUNTS,
  groupText,
  passwdText,
  UBUNTU_ACCOUNTS,
  withAccount,
} from './accounts.ts';

/** A tool and the path under which an image has it. */
export interface ImageTool {
  readonly path: string;
  readonly program: Program;
}

/** What images are built with: the costs that size them, and tools by the kind of image. */
export interface ImageParts {
  readonly costs: Costs;
  /** Shell and small tools of busybox and Alpine images, under /bin. */
  readonly busybox: readonly ImageTool[];
  /** bash and the usual tools of Debian and Ubuntu images. */
  readonly debian: readonly ImageTool[];
  /** What the package procps has: ps, top, free … */
  readonly procps: readonly ImageTool[];
  readonly curl: Program | undefined;
}

export const PATH_VARIABLE = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function imageConfig(fields: Partial<ImageConfig>): ImageConfig {
  return {
    entrypoint: [],
    command: [],
    environment: [PATH_VARIABLE],
    workingDir: '',
    user: '',
    exposedPorts: [],
    stopSignal: 'SIGTERM',
    ...fields,
  };
}

export type TreeEntry = readonly [string, ImageFile];

export function programs(tools: readonly ImageTool[]): TreeEntry[] {
  return tools.map(({ path, program }) => [path, { content: program, mode: 0o755 }]);
}

/** curl where an image has it. */
export function curlIn(parts: ImageParts): TreeEntry[] {
  return parts.curl === undefined ? [] : programs([{ path: '/usr/bin/curl', program: parts.curl }]);
}

export function text(path: string, content: string, mode = 0o644): TreeEntry {
  return [path, { content, mode }];
}

/** What an image is built upon: what /etc/os-release says, if there is one, and the accounts. */
export interface Base {
  readonly release: string;
  readonly accounts: Accounts;
}

/** Folders and accounts that every small root has; `user` is one account more. */
export function commonRoot({ release, accounts }: Base, user?: string): TreeEntry[] {
  const all = user === undefined ? accounts : withAccount(accounts, user);
  return [
    ['/tmp', { directory: true, mode: 0o1777 }],
    ['/root', { directory: true, mode: 0o700 }],
    ['/var/tmp', { directory: true, mode: 0o1777 }],
    ['/home', { directory: true }],
    ['/run', { directory: true }],
    text('/etc/passwd', passwdText(all)),
    text('/etc/group', groupText(all)),
    ...(release === '' ? [] : [text('/etc/os-release', release)]),
  ];
}

export const BUSYBOX: Base = { release: '', accounts: BUSYBOX_ACCOUNTS };
export const DEBIAN: Base = {
  accounts: DEBIAN_ACCOUNTS,
  release:
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n',
};
export const ALPINE: Base = {
  accounts: ALPINE_ACCOUNTS,
  release:
    'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\nHOME_URL="https://alpinelinux.org/"\nBUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"\n',
};
export const UBUNTU: Base = {
  accounts: UBUNTU_ACCOUNTS,
  release:
    'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION="24.04.3 LTS (Noble Numbat)"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nHOME_URL="https://www.ubuntu.com/"\nSUPPORT_URL="https://help.ubuntu.com/"\nBUG_REPORT_URL="https://bugs.launchpad.net/ubuntu/"\nPRIVACY_POLICY_URL="https://www.ubuntu.com/legal/terms-and-policies/privacy-policy"\nUBUNTU_CODENAME=noble\nLOGO=ubuntu-logo\n',
};

/** An archive; its size is that of the table, by the repository's last name. */
export function archive(
  costs: Costs,
  repository: string,
  tags: readonly string[],
  config: ImageConfig,
  tree: readonly TreeEntry[],
): ImageArchive {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  return {
    repository,
    tags,
    size: costs.imageBytes.get(name) ?? costs.unknownImageBytes,
    config,
    tree: new Map(tree),
  };
}
