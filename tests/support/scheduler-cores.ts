/** The scheduler core in both builds, for tests and benchmarks. */
import { bytes } from 'virtual:core/scheduler';
import * as twin from '../../assembly/scheduler/index.ts';
import { CORE_VERSION } from '../../assembly/scheduler/layout.ts';
import { PortableMemory, selectMemory } from '../../assembly/shared/memory.portable.ts';
import { startCore } from '../../src/ground/base/wasm.ts';
import type { SchedulerCoreExports } from '../../src/programs/scheduler/core.ts';

export function wasmCore(): SchedulerCoreExports {
  return startCore<SchedulerCoreExports>(bytes, CORE_VERSION);
}

/** The TypeScript twin, with a memory of its own. */
export function twinCore(): SchedulerCoreExports {
  const memory = new PortableMemory();
  const on = <R>(call: () => R): R => {
    selectMemory(memory);
    return call();
  };
  return {
    memory,
    version: () => twin.version(),
    init: (nodes) => on(() => twin.init(nodes)),
    schedule: () => on(() => twin.schedule()),
    explain: () => on(() => twin.explain()),
    benchRead: (count) => on(() => twin.benchRead(count)),
  };
}
