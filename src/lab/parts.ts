/** All code of a lab, loaded at once: for Node. */
import type { ClusterParts } from './cluster-builder.ts';
import { componentCode } from './components.ts';
import { consoleCode } from './console.ts';
import { partsWith } from './cores.ts';
import { labProgram } from './lab-program.ts';
import { CodeShelf } from './lazy-program.ts';

export function shippedParts(): ClusterParts {
  const shelf = new CodeShelf();
  shelf.fill(componentCode());
  shelf.fill(consoleCode(shelf));
  shelf.fill(new Map([['lab', labProgram]]));
  return partsWith(shelf);
}
