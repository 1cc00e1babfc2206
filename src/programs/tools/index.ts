/** The text and file tools, by the path under which a host or an image has them. */
import type { Program } from '../../machines/machine/process.ts';
import { awk } from './awk/awk.ts';
import {
  bracket,
  clear,
  echo,
  falseTool,
  printf,
  pwd,
  sleep,
  test,
  trueTool,
  yes,
} from './basics.ts';
import { busybox } from './busybox.ts';
import { base64, hexdump, od, xxd } from './bytes.ts';
import { busyboxPs, busyboxTop, busyboxUptime } from './busybox-procps.ts';
import { cat, nl, rev, tac, tee } from './cat.ts';
import { cksum, md5sum, sha1sum, sha256sum, sha512sum } from './checksums.ts';
import { busyboxDd, dd } from './dd.ts';
import { busyboxDf, df } from './df.ts';
import { cmp } from './cmp.ts';
import { diff } from './diff.ts';
import { expr } from './expr.ts';
import { editorNamed, pagerNamed } from './editor.ts';
import { arch, hostname, id, nproc, printenv, tty, uname, whoami, groups } from './environment.ts';
import { env, timeout, xargs, nohup } from './run-command.ts';
import { stat } from './stat.ts';
import { basename, dirname, readlink, realpath } from './paths.ts';
import { date } from './date.ts';
import { chgrp, chmod, chown, ln, mkdir, mktemp, rm, rmdir, touch } from './file-tools.ts';
import { cp, mv } from './copying.ts';
import { find } from './find.ts';
import { egrep, fgrep, grep } from './grep.ts';
import { head, tail } from './head-tail.ts';
import { jq } from './jq.ts';
import { cut, split, tr, uniq } from './lines.ts';
import { seq } from './seq.ts';
import { column, comm, fold, paste } from './columns.ts';
import { ls } from './ls.ts';
import { sed } from './sed/sed.ts';
import { sort } from './sort.ts';
import { busyboxFree, free } from './memory.ts';
import { du, uptime, watch } from './system.ts';
import { top } from './top.ts';
import { kill, killall, pgrep, pkill, ps } from './processes.ts';
import { tar } from './tar.ts';
import { wc } from './wc.ts';
import { which } from './which.ts';

export interface Tool {
  readonly path: string;
  readonly program: Program;
}

const PROGRAMS: readonly (readonly [string, Program])[] = [
  ['true', trueTool],
  ['false', falseTool],
  ['echo', echo],
  ['printf', printf],
  ['test', test],
  ['[', bracket],
  ['sleep', sleep],
  ['yes', yes],
  ['pwd', pwd],
  ['clear', clear],
  ['cat', cat],
  ['tac', tac],
  ['rev', rev],
  ['nl', nl],
  ['tee', tee],
  ['head', head],
  ['tail', tail],
  ['wc', wc],
  ['ls', ls],
  ['cp', cp],
  ['mv', mv],
  ['rm', rm],
  ['mkdir', mkdir],
  ['rmdir', rmdir],
  ['touch', touch],
  ['ln', ln],
  ['chmod', chmod],
  ['chown', chown],
  ['chgrp', chgrp],
  ['mktemp', mktemp],
  ['sort', sort],
  ['uniq', uniq],
  ['cut', cut],
  ['tr', tr],
  ['paste', paste],
  ['fold', fold],
  ['comm', comm],
  ['seq', seq],
  ['split', split],
  ['tar', tar],
  ['column', column],
  ['grep', grep],
  ['egrep', egrep],
  ['fgrep', fgrep],
  ['sed', sed],
  ['awk', awk],
  ['gawk', awk],
  ['jq', jq],
  ['find', find],
  ['xargs', xargs],
  ['diff', diff],
  ['cmp', cmp],
  ['expr', expr],
  ['env', env],
  ['nohup', nohup],
  ['groups', groups],
  ['printenv', printenv],
  ['id', id],
  ['whoami', whoami],
  ['hostname', hostname],
  ['uname', uname],
  ['arch', arch],
  ['nproc', nproc],
  ['tty', tty],
  ['date', date],
  ['basename', basename],
  ['dirname', dirname],
  ['readlink', readlink],
  ['realpath', realpath],
  ['stat', stat],
  ['timeout', timeout],
  ['which', which],
  ['ps', ps],
  ['top', top],
  ['kill', kill],
  ['killall', killall],
  ['pgrep', pgrep],
  ['pkill', pkill],
  ['free', free],
  ['df', df],
  ['du', du],
  ['watch', watch],
  ['uptime', uptime],
  ['dd', dd],
  ['cksum', cksum],
  ['md5sum', md5sum],
  ['sha1sum', sha1sum],
  ['sha256sum', sha256sum],
  ['sha512sum', sha512sum],
  ['base64', base64],
  ['od', od],
  ['hexdump', hexdump],
  ['xxd', xxd],
  ['editor', editorNamed('editor')],
  ['vi', editorNamed('vi')],
  ['vim', editorNamed('vim')],
  ['nano', editorNamed('nano')],
  ['less', pagerNamed('less')],
  ['more', pagerNamed('more')],
];

export const TEXT_TOOLS: readonly Tool[] = PROGRAMS.map(([name, program]) => ({
  path: `/usr/bin/${name}`,
  program,
}));

/** What busybox has not: images with busybox get the rest under /bin. */
const NOT_IN_BUSYBOX = new Set(['jq', 'gawk', 'column', 'vim', 'nano', 'editor']);

/** What busybox prints in its own way. */
const BUSYBOX_OWN: ReadonlyMap<string, Program> = new Map([
  ['ps', busyboxPs],
  ['top', busyboxTop],
  ['uptime', busyboxUptime],
  ['free', busyboxFree],
  ['df', busyboxDf],
  ['dd', busyboxDd],
]);

/** The same programs where a busybox image has them. */
export const busyboxTools: readonly Tool[] = [...PROGRAMS, ['busybox', busybox] as const]
  .filter(([name]) => !NOT_IN_BUSYBOX.has(name))
  .map(([name, program]) => ({
    path: `/bin/${name}`,
    program: BUSYBOX_OWN.get(name) ?? program,
  }));
