/**
 * The TypeScript twin of the packet core behind the interface of the Wasm one. Each twin has a memory
 * of its own, which is selected before every call, so that several live in one process.
 */
import * as core from '../../assembly/packet/index.ts';
import { PortableMemory, selectMemory } from '../../assembly/shared/memory.portable.ts';
import type { PacketExports } from '../../src/machines/network/packet-core.ts';

export function packetTwin(): PacketExports {
  const memory = new PortableMemory();
  const calls: Record<string, unknown> = { memory };
  for (const [name, value] of Object.entries(core)) {
    if (typeof value !== 'function') continue;
    calls[name] = (...words: number[]): unknown => {
      selectMemory(memory);
      return (value as (...words: number[]) => unknown)(...words);
    };
  }
  return calls as unknown as PacketExports;
}
