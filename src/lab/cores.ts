/** The packet core of a lab from its built bytes, a fresh instance for every lab. */
import { bytes as packetBytes } from 'virtual:core/packet';
import { createPacketCore } from '../machines/network/packet-core.ts';
import type { ClusterParts } from './cluster-builder.ts';
import type { CodeShelf } from './lazy-program.ts';

/** What ships: Wasm, and code from a shelf that may be filled later. */
export function partsWith(shelf: CodeShelf): ClusterParts {
  return { newPacketCore: () => createPacketCore({ wasm: packetBytes }), shelf };
}
