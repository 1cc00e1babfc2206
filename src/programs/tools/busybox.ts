/** busybox by its own name: a list of what it can do, or one of its functions (libbb/appletlib.c, 1.37). */
import { strerror } from '../../machines/network/errno.ts';
import { defineTool } from './support.ts';

const BUSYBOX_VERSION = '1.37.0';

export const busybox = defineTool('busybox', function* run(process, args) {
  const [applet, ...rest] = args;
  const names = process.files.list('/bin');
  const applets = names.ok ? names.value.filter((name) => name !== 'busybox') : [];
  if (applet === undefined || applet === '--help') {
    yield* process.print(
      `BusyBox v${BUSYBOX_VERSION} (2024-09-26 21:31:42 UTC) multi-call binary.\nBusyBox is copyrighted by many authors between 1998-2015.\nLicensed under GPLv2. See source distribution for detailed\ncopyright notices.\n\nUsage: busybox [function [arguments]...]\n   or: busybox --list\n   or: function [arguments]...\n\nCurrently defined functions:\n\t${applets.join(', ')}\n`,
    );
    return 0;
  }
  if (applet === '--list') {
    yield* process.print(applets.map((name) => `${name}\n`).join(''));
    return 0;
  }
  if (applets.includes(applet)) {
    const failed = yield* (process.exec as NonNullable<typeof process.exec>)({
      argv: [applet, ...rest],
      path: `/bin/${applet}`,
    });
    yield* process.printError(`${applet}: ${strerror(failed.errno)}\n`);
    return 127;
  }
  yield* process.printError(`${applet}: applet not found\n`);
  return 127;
});
