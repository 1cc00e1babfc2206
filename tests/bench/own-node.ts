/** Drydock's side of the comparison in a process of its own: `own-node nodes replicas …` prints its times. */
import { runOwn } from './own.ts';

const [nodes = 10, ...counts] = process.argv.slice(2).map(Number);
process.stdout.write(`${JSON.stringify(runOwn(nodes, counts))}\n`);
