/** The pause image: one program that waits, first process of a pod's shared namespaces (registry.k8s.io/pause:3.10.1). */
import type { Costs } from '../../machines/machine/costs.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Program } from '../../machines/machine/process.ts';
import { archive, imageConfig } from './image.ts';

const pause: Program = {
  name: 'pause',
  version: '3.10.1',
  *main(process) {
    process.memory(process.costs.memory.get('pause') ?? 524_288);
    yield process.terminated;
    yield* process.printError('Shutting down, got signal: Terminated\n');
    return 0;
  },
};

export function pauseImage(costs: Costs): ImageArchive {
  const config = imageConfig({ entrypoint: ['/pause'], user: '65535:65535', workingDir: '/' });
  return archive(costs, 'registry.k8s.io/pause', ['3.10.1', '3.10', '3.9'], config, [
    ['/pause', { content: pause, mode: 0o755 }],
  ]);
}
