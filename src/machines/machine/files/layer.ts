/**
 * An image's tree as a file system layer: made once for each image, never changed, shared by all
 * containers that use it (the lower directory of overlayfs). Inodes of a container are made from it
 * when a path is first looked up, with the content by reference.
 */
import { utf8 } from '../../../ground/base/bytes.ts';
import type { Content } from '../files-types.ts';
import type { ImageFile } from '../image.ts';
import { type FileSystem, Inode } from './inode.ts';

const LAYER_TIME = 0;

export class LayerNode {
  readonly #file: ImageFile;
  readonly #content: Content | undefined;
  /** Of a folder. */
  readonly children: Map<string, LayerNode> | undefined;

  constructor(file: ImageFile) {
    this.#file = file;
    if ('content' in file) {
      this.#content = typeof file.content === 'string' ? utf8(file.content) : file.content;
    }
    if ('directory' in file) this.children = new Map();
  }

  /** The inode of a container for this node. Costs nothing on disk until it is written. */
  make(fs: FileSystem): Inode {
    const file = this.#file;
    if ('link' in file) {
      return new Inode(fs, 'symlink', { mode: 0o777, target: file.link, modified: LAYER_TIME });
    }
    const owner = { uid: file.uid ?? 0, gid: file.gid ?? 0, modified: LAYER_TIME };
    if ('directory' in file) {
      return new Inode(fs, 'directory', { mode: file.mode ?? 0o755, ...owner, lower: this });
    }
    const content = this.#content as Content;
    const mode = file.mode ?? ('main' in content ? 0o755 : 0o644);
    return new Inode(fs, 'file', { mode, ...owner, data: content });
  }
}

/** The layer of an image's tree; folders that no entry names are made with mode 0755. */
export function layerOf(tree: ReadonlyMap<string, ImageFile>): LayerNode {
  const root = new LayerNode({ directory: true });
  const folders = [...tree].filter(([, file]) => 'directory' in file);
  const others = [...tree].filter(([, file]) => !('directory' in file));
  for (const [path, file] of [...folders.sort(byDepth), ...others]) {
    const parts = path.split('/').filter((part) => part !== '');
    const name = parts.pop();
    if (name === undefined) continue;
    let folder = root;
    for (const part of parts) {
      let next = folder.children?.get(part);
      if (next === undefined) {
        next = new LayerNode({ directory: true });
        folder.children?.set(part, next);
      }
      folder = next;
    }
    folder.children?.set(name, new LayerNode(file));
  }
  return root;
}

function byDepth(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0].length - b[0].length;
}
