/**
 * /etc/passwd and /etc/group as images of distributions have them (base-passwd of Debian 12 and Ubuntu
 * 24.04, alpine-baselayout 3.6, busybox 1.37). Written as `name:uid:gid:comment:home:shell` and
 * `name:gid:members`.
 */
export interface Accounts {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

const NO = '/usr/sbin/nologin';
const DEBIAN_USERS = [
  'root:0:0:root:/root:/bin/bash',
  `daemon:1:1:daemon:/usr/sbin:${NO}`,
  `bin:2:2:bin:/bin:${NO}`,
  `sys:3:3:sys:/dev:${NO}`,
  'sync:4:65534:sync:/bin:/bin/sync',
  `games:5:60:games:/usr/games:${NO}`,
  `man:6:12:man:/var/cache/man:${NO}`,
  `lp:7:7:lp:/var/spool/lpd:${NO}`,
  `mail:8:8:mail:/var/mail:${NO}`,
  `news:9:9:news:/var/spool/news:${NO}`,
  `uucp:10:10:uucp:/var/spool/uucp:${NO}`,
  `proxy:13:13:proxy:/bin:${NO}`,
  `www-data:33:33:www-data:/var/www:${NO}`,
  `backup:34:34:backup:/var/backups:${NO}`,
  `list:38:38:Mailing List Manager:/var/list:${NO}`,
  `irc:39:39:ircd:/run/ircd:${NO}`,
  `_apt:42:65534::/nonexistent:${NO}`,
  `nobody:65534:65534:nobody:/nonexistent:${NO}`,
];
const DEBIAN_GROUPS =
  'root:0: daemon:1: bin:2: sys:3: adm:4: tty:5: disk:6: lp:7: mail:8: news:9: uucp:10: man:12: proxy:13: kmem:15: dialout:20: fax:21: voice:22: cdrom:24: floppy:25: tape:26: sudo:27: audio:29: dip:30: www-data:33: backup:34: operator:37: list:38: irc:39: src:40: shadow:42: utmp:43: video:44: sasl:45: plugdev:46: staff:50: games:60: users:100: nogroup:65534:'.split(
    ' ',
  );

export const DEBIAN_ACCOUNTS: Accounts = { users: DEBIAN_USERS, groups: DEBIAN_GROUPS };
export const UBUNTU_ACCOUNTS: Accounts = {
  users: [...DEBIAN_USERS, 'ubuntu:1000:1000:Ubuntu:/home/ubuntu:/bin/bash'],
  groups: [
    ...DEBIAN_GROUPS.map((line) =>
      /^(adm|dialout|cdrom|floppy|sudo|audio|dip|video|plugdev):/.test(line)
        ? `${line}ubuntu`
        : line,
    ),
    'ubuntu:1000:',
  ],
};

export const BUSYBOX_ACCOUNTS: Accounts = {
  users: [
    'root:0:0:root:/root:/bin/sh',
    'daemon:1:1:daemon:/usr/sbin:/bin/false',
    'bin:2:2:bin:/bin:/bin/false',
    'sys:3:3:sys:/dev:/bin/false',
    'sync:4:100:sync:/bin:/bin/sync',
    'mail:8:8:mail:/var/spool/mail:/bin/false',
    'www-data:33:33:www-data:/var/www:/bin/false',
    'operator:37:37:Operator:/var:/bin/false',
    'nobody:65534:65534:nobody:/home:/bin/false',
  ],
  groups:
    'root:0: daemon:1: bin:2: sys:3: adm:4: tty:5: disk:6: lp:7: mail:8: kmem:9: wheel:10:root cdrom:11: dialout:18: floppy:19: video:28: audio:29: tape:32: www-data:33: operator:37: utmp:43: plugdev:46: staff:50: lock:54: netdev:82: users:100: nobody:65534:'.split(
      ' ',
    ),
};

const OUT = '/sbin/nologin';
export const ALPINE_ACCOUNTS: Accounts = {
  users: [
    'root:0:0:root:/root:/bin/sh',
    `bin:1:1:bin:/bin:${OUT}`,
    `daemon:2:2:daemon:/sbin:${OUT}`,
    `lp:4:7:lp:/var/spool/lpd:${OUT}`,
    'sync:5:0:sync:/sbin:/bin/sync',
    'shutdown:6:0:shutdown:/sbin:/sbin/shutdown',
    'halt:7:0:halt:/sbin:/sbin/halt',
    `mail:8:12:mail:/var/mail:${OUT}`,
    `news:9:13:news:/usr/lib/news:${OUT}`,
    `uucp:10:14:uucp:/var/spool/uucppublic:${OUT}`,
    `cron:16:16:cron:/var/spool/cron:${OUT}`,
    `ftp:21:21::/var/lib/ftp:${OUT}`,
    `sshd:22:22:sshd:/dev/null:${OUT}`,
    `games:35:35:games:/usr/games:${OUT}`,
    `ntp:123:123:NTP:/var/empty:${OUT}`,
    `guest:405:100:guest:/dev/null:${OUT}`,
    `nobody:65534:65534:nobody:/:${OUT}`,
  ],
  groups:
    'root:0:root bin:1:root,bin,daemon daemon:2:root,bin,daemon sys:3:root,bin adm:4:root,daemon tty:5: disk:6:root lp:7:lp kmem:9: wheel:10:root floppy:11:root mail:12:mail news:13:news uucp:14:uucp cron:16:cron audio:18: cdrom:19: dialout:20:root ftp:21: sshd:22: input:23: tape:26:root video:27:root netdev:28: kvm:34:kvm games:35: shadow:42: www-data:82: users:100:games ntp:123: abuild:300: utmp:406: ping:999: nogroup:65533: nobody:65534:'.split(
      ' ',
    ),
};

/** /etc/passwd. */
export function passwdText({ users }: Accounts): string {
  return users.map((line) => `${line.replace(':', ':x:')}\n`).join('');
}

/** /etc/group. */
export function groupText({ groups }: Accounts): string {
  return groups.map((line) => `${line.replace(':', ':x:')}\n`).join('');
}

/** The same with one account and group more, as a package's script adds them. */
export function withAccount(accounts: Accounts, user: string): Accounts {
  const [name = '', , gid = ''] = user.split(':');
  return { users: [...accounts.users, user], groups: [...accounts.groups, `${name}:${gid}:`] };
}
