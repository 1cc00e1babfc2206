/** All code of a lab, loaded at once: for Node. */
import type { ClusterParts } from './cluster-builder.ts';
import { componentCode } from './components.ts';
import { consolePrograms } from './console.ts';
import { partsWith } from './cores.ts';
import { CodeShelf } from './lazy-program.ts';

export function shippedParts(): ClusterParts {
  const shelf = new CodeShelf();
  shelf.fill(componentCode());
  shelf.fill(consolePrograms());
  return partsWith(shelf);
}
