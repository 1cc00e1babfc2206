/**
 * How busybox's applets answer a wrong call: getopt's words, the banner and one line of usage (1.36).
 * Not modelled: the description of every option under it.
 */
import { BUSYBOX_BANNER } from './busybox-words.ts';

/** Operands and options after the applet's name. */
const SYNOPSES: ReadonlyMap<string, string> = new Map([
  ['basename', 'FILE [SUFFIX] | -a FILE... | -s SUFFIX FILE...'],
  ['base64', '[-d] [-w COL] [FILE]'],
  ['cat', '[-nbvteA] [FILE]...'],
  ['chgrp', '[-Rh]... GROUP FILE...'],
  ['chmod', '[-Rcvf] MODE[,MODE]... FILE...'],
  ['chown', '[-Rh]... USER[:[GRP]] FILE...'],
  ['cmp', '[-ls] [-n NUM] FILE1 [FILE2]'],
  ['comm', '[-123] FILE1 FILE2'],
  ['cp', '[-arPLHpfinlsTu] SOURCE DEST'],
  ['cut', '[OPTIONS] [FILE]...'],
  ['date', '[OPTIONS] [+FMT] [[-s] TIME]'],
  ['diff', '[-abBdiNqrTstw] [-L LABEL] [-S FILE] [-U LINES] FILE1 FILE2'],
  ['dirname', 'FILENAME'],
  ['du', '[-aHLdclsxhmk] [FILE]...'],
  ['env', '[-i0] [-u NAME]... [-] [NAME=VALUE]... [PROG ARGS]'],
  ['expr', 'EXPRESSION'],
  ['find', '[-HL] [PATH]... [OPTIONS] [ACTIONS]'],
  ['fold', '[-bs] [-w WIDTH] [FILE]...'],
  [
    'grep',
    '[-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...',
  ],
  ['head', '[OPTIONS] [FILE]...'],
  ['id', '[-ugGnr] [USER]'],
  ['ln', '[-sfnbtv] [-S SUF] TARGET... LINK|DIR'],
  ['ls', '[-1AaCxdLHRFplinshrSXvctu] [-w WIDTH] [FILE]...'],
  ['mkdir', '[-m MODE] [-p] DIRECTORY...'],
  ['mktemp', '[-dt] [-p DIR] [TEMPLATE]'],
  ['mv', '[-finT] SOURCE DEST'],
  ['nl', '[OPTIONS] [FILE]...'],
  ['nproc', '[--all] [--ignore=N]'],
  [
    'od',
    '[-abcdfhilovxs] [-t TYPE] [-A RADIX] [-N SIZE] [-j SKIP] [-S MINSTR] [-w WIDTH] [FILE]...',
  ],
  ['paste', '[OPTIONS] [FILE]...'],
  ['printenv', '[VARIABLE]...'],
  ['printf', 'FORMAT [ARG]...'],
  ['readlink', '[-fnv] FILE'],
  ['realpath', 'FILE...'],
  ['rm', '[-irf] FILE...'],
  ['rmdir', '[-p] DIRECTORY...'],
  ['seq', '[-w] [-s SEP] [FIRST [INC]] LAST'],
  ['sleep', '[N]...'],
  [
    'sort',
    '[-nrughMcszbdfiokt] [-o FILE] [-k START[.OFS][OPTS][,END[.OFS][OPTS]] [-t CHAR] [FILE]...',
  ],
  ['split', '[OPTIONS] [INPUT [PREFIX]]'],
  ['stat', '[-ltf] [-c FMT] FILE...'],
  ['tail', '[OPTIONS] [FILE]...'],
  ['tar', 'c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [-T FILE] [-X FILE] [LONGOPT]... [FILE]...'],
  ['tee', '[-ai] [FILE]...'],
  ['timeout', '[-s SIG] [-k KILL_SECS] SECS PROG ARGS'],
  ['touch', '[-cham] [-d DATE] [-t DATE] [-r FILE] FILE...'],
  ['tr', '[-cds] STRING1 [STRING2]'],
  ['uname', '[-amnrspvio]'],
  ['uniq', '[-cduiz] [-f,s,w N] [FILE [OUTFILE]]'],
  ['wc', '[-cmlwL] [FILE]...'],
  ['which', '[-a] COMMAND...'],
  ['xargs', '[OPTIONS] [PROG ARGS]'],
]);

/** What stands on standard error after a wrong call: getopt's words where they are, then the usage. */
export function busyboxUsage(applet: string, message: string): string {
  const unknown = /^unrecognized option '--([^'=]*)/.exec(message)?.[1];
  const words =
    unknown === undefined
      ? /^(invalid option|option requires an argument) -- /.test(message)
        ? `${applet}: ${message}\n`
        : ''
      : `${applet}: unrecognized option: ${unknown}\n`;
  const synopsis = SYNOPSES.get(applet) ?? '[OPTIONS] [ARG]...';
  return `${words}${BUSYBOX_BANNER}\n\nUsage: ${applet} ${synopsis}\n`;
}
