/** Sessions and process groups: whom a terminal's control keys reach (credentials(7)). */
import type { OpenFile } from './files-types.ts';
import type { RunningProcess } from './running-process.ts';

export interface ProcessGroup {
  /** Numbers of the process that leads or led it, by level of pid namespace. */
  readonly numbers: readonly number[];
  readonly members: Set<RunningProcess>;
}

export interface Session {
  readonly leader: RunningProcess;
  /** The controlling terminal. */
  terminal: OpenFile | undefined;
}
