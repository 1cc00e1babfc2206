/** Names of unix sockets: a socket file in the mount view, whose inode stands for the listener. */
import { err, ok } from '../../../ground/base/result.ts';
import type { UnixPaths } from '../../network/socket-table.ts';
import type { ProcessFiles } from './files.ts';
import { type Access, mayAccess } from './inode.ts';
import type { MountView } from '../mounts.ts';

interface SocketUser extends Access {
  readonly view: MountView;
  readonly cwd: string;
  readonly files: ProcessFiles;
}

export function unixPathsOf(user: SocketUser): UnixPaths {
  return {
    bind(path) {
      const made = user.files.makeNode(path, 'socket', 0o777);
      if (made.ok) return made;
      return err(made.error === 'EEXIST' ? 'EADDRINUSE' : made.error);
    },
    lookup(path) {
      const found = user.view.walk(path, user, user.cwd);
      if (!found.ok) return found;
      const { inode } = found.value;
      if (inode.type !== 'socket') return err('ECONNREFUSED');
      return mayAccess(inode, user, 2) ? ok(inode) : err('EACCES');
    },
  };
}
