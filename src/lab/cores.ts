/** Both Wasm cores of a lab from their built bytes, a fresh instance for every lab. */
import { bytes as packetBytes } from 'virtual:core/packet';
import { bytes as schedulerBytes } from 'virtual:core/scheduler';
import { startCore } from '../ground/base/wasm.ts';
import { createPacketCore } from '../machines/network/packet-core.ts';
import type { SchedulerCoreExports } from '../programs/scheduler/index.ts';
import type { ClusterParts } from './cluster-builder.ts';
import type { ProgramShelf } from './lazy-program.ts';

const SCHEDULER_VERSION = 1;

/** What ships: Wasm, and programs from a shelf that may be filled later. */
export function partsWith(shelf: ProgramShelf): ClusterParts {
  return {
    newPacketCore: () => createPacketCore({ wasm: packetBytes }),
    newSchedulerCore: () => startCore<SchedulerCoreExports>(schedulerBytes, SCHEDULER_VERSION),
    console: shelf,
  };
}
