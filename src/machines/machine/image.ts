/**
 * Container images: a file tree, a config, and what a registry says of them. Built by `images` (the
 * applications) and `lab/image-registry` (the cluster's own components), served by the registry on the
 * gateway host, unpacked by `runtime`. Trees are shared between all containers that use an image; a
 * container writes into a layer of its own.
 */
import type { Content } from './files-types.ts';

/** A file of an image's tree. A folder is made for every path that needs one. */
export type ImageFile =
  | {
      readonly content: Content | string;
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly link: string }
  | {
      readonly directory: true;
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
    };

export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly workingDir: string;
  /** `1000`, `1000:1000`, a name of its passwd file, or empty for root. */
  readonly user: string;
  readonly exposedPorts: readonly string[];
  readonly stopSignal: 'SIGTERM' | 'SIGQUIT' | 'SIGINT';
}

export interface ImageArchive {
  /** Full repository: `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tags: readonly string[];
  /** Compressed bytes; unpacked is taken as 2.6 times that. */
  readonly size: number;
  readonly config: ImageConfig;
  /** Path → file, made once per archive and shared. */
  readonly tree: ReadonlyMap<string, ImageFile>;
  /** The stand-in for repositories that the registry does not know. */
  readonly generic?: boolean;
}
