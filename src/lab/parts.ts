/** All code of a lab, loaded at once: for Node. */
import type { ClusterParts } from './cluster-builder.ts';
import { consolePrograms } from './console.ts';
import { partsWith } from './cores.ts';
import { ProgramShelf } from './lazy-program.ts';

export function shippedParts(): ClusterParts {
  const shelf = new ProgramShelf();
  shelf.fill(consolePrograms());
  return partsWith(shelf);
}
