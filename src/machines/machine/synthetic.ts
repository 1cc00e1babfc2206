/** Makes the inodes of synthetic file systems: files whose text is made when it is read, links, folders. */
import { utf8 } from '../../ground/base/bytes.ts';
import type { Result } from '../../ground/base/result.ts';
import { sortedText } from '../../ground/base/text.ts';
import type { Errno } from '../network/errno.ts';
import {
  type Access,
  type DirectorySource,
  type FileSystem,
  Inode,
  type LiveDocument,
} from './files/inode.ts';
import { RegularFile } from './files/open-file.ts';
import type { OpenFile } from './files-types.ts';

export type Maker = (access: Access) => Inode | undefined;

export class Synthetic {
  readonly fs: FileSystem;

  constructor(fs: FileSystem) {
    this.fs = fs;
  }

  file(text: () => string, store?: (text: string) => Result<void, Errno>, owner?: Access): Inode {
    const document: LiveDocument = {
      kind: 'kernel',
      value: undefined,
      render: () => utf8(text()),
      ...(store === undefined ? {} : { store }),
    };
    const mode = store === undefined ? 0o444 : 0o644;
    return new Inode(this.fs, 'file', {
      mode,
      data: document,
      uid: owner?.uid ?? 0,
      gid: owner?.gid ?? 0,
    });
  }

  /** A file without more to say than its text. */
  text(render: () => string): Maker {
    return () => this.file(render);
  }

  link(target: string): Inode {
    return new Inode(this.fs, 'symlink', { mode: 0o777, target });
  }

  /** A link of /proc/<pid>/fd, which leads to the open file itself. */
  descriptor(file: OpenFile, name: string, owner: Access): Inode {
    const link = this.link(name);
    if (file instanceof RegularFile) link.magic = file.inode;
    else {
      link.magic = new Inode(this.fs, 'character', { mode: 0o620, uid: owner.uid, gid: owner.gid });
      link.magic.endpoint = file;
    }
    return link;
  }

  folder(source: DirectorySource, owner?: Access): Inode {
    return new Inode(this.fs, 'directory', {
      mode: 0o555,
      source,
      uid: owner?.uid ?? 0,
      gid: owner?.gid ?? 0,
    });
  }

  /** A folder of named children. */
  table(children: Readonly<Record<string, Maker>>, owner?: Access): Inode {
    const map = new Map(Object.entries(children));
    const names = sortedText(map.keys());
    return this.folder(
      { lookup: (name, access) => map.get(name)?.(access), names: () => names },
      owner,
    );
  }
}
