/** Users and groups as /etc/passwd and /etc/group have them. */
import type { Files } from './files-types.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export const PASSWD = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;

export const GROUP = `root:x:0:
daemon:x:1:
sudo:x:27:
nogroup:x:65534:
`;

/** Reads a passwd file; lines that are not entries are passed over, as getpwent does. */
function parsePasswd(text: string): readonly User[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home, shell] = line.split(':');
    if (name === undefined || name === '' || uid === undefined || !/^\d+$/.test(uid)) return [];
    return [
      { name, uid: Number(uid), gid: Number(gid ?? uid), home: home ?? '/', shell: shell ?? '' },
    ];
  });
}

function parseGroup(text: string): readonly Group[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    if (name === undefined || name === '' || gid === undefined || !/^\d+$/.test(gid)) return [];
    return [
      { name, gid: Number(gid), members: (members ?? '').split(',').filter((m) => m !== '') },
    ];
  });
}

/** A user by name or number, from the passwd file of a mount view. */
export function findUser(files: Files, nameOrUid: string | number): User | undefined {
  const text = files.readText('/etc/passwd');
  if (!text.ok) return undefined;
  return parsePasswd(text.value).find((user) => user.name === nameOrUid || user.uid === nameOrUid);
}

/** The groups of a user beside its own, by number. */
export function groupsOf(files: Files, user: User): readonly number[] {
  const text = files.readText('/etc/group');
  if (!text.ok) return [];
  return parseGroup(text.value)
    .filter((group) => group.members.includes(user.name))
    .map((group) => group.gid);
}
