/**
 * containerd: the container runtime of a host, a unit of its own. Serves CRI to the kubelet and
 * crictl, runs pods and containers through shims, keeps images. Its containers outlive it.
 * (containerd v2.1.4 with the CRI plugin and runc)
 */
import { ok } from '../../ground/base/result.ts';
import { Deferred, type Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { bridge } from './cni/bridge.ts';
import { hostLocal } from './cni/host-local.ts';
import { CNI_CONF_FOLDER, loadNetwork } from './cni/network.ts';
import type { CniPlugin } from './cni/plugin.ts';
import { portmap } from './cni/portmap.ts';
import { handleCri } from './server.ts';
import { RuntimeService } from './service.ts';
import { containerdShim } from './shim.ts';
import { serveStreams, StreamTokens } from './stream-server.ts';
import { CONTAINERD_SOCKET } from './wire/index.ts';
import { type RpcAnswer, serveRpc } from './wire/rpc.ts';

export { containerdShim };

/** Files of /opt/cni/bin by name. */
export const CNI_PLUGINS: ReadonlyMap<string, CniPlugin> = new Map([
  ['bridge', bridge],
  ['host-local', hostLocal],
  ['portmap', portmap],
]);

/** Its start-up is computed before this: by the table of costs, while its code may still be coming. */
export const containerd: Program = {
  name: 'containerd',
  version: 'v2.1.4',
  *main(process) {
    const service = new RuntimeService(process);
    yield* service.recover();
    const tokens = new StreamTokens();
    process.files.mkdir('/run/containerd', { parents: true });
    process.files.unlink(CONTAINERD_SOCKET);
    const stopped = new Deferred<void>();
    const untilStopped = function* (): Task<RpcAnswer> {
      yield* stopped.wait();
      return ok({});
    };
    const served = serveRpc(process, CONTAINERD_SOCKET, (call) =>
      handleCri(service, tokens, call, untilStopped),
    );
    if (!served.ok) {
      process.log('F', 'containerd', `failed to get listener for main endpoint: ${served.error}`);
      return 1;
    }
    const streams = serveStreams(service, tokens);
    process.start('cni conf', watchNetwork(process, service));
    process.log('I', 'containerd', `containerd successfully booted`);
    yield process.terminated;
    served.value();
    if (streams.ok) streams.value();
    return 0;
  },
};

/** Reads the network configuration again when its folder changes. */
function* watchNetwork(process: Process, service: RuntimeService): Task<void> {
  process.files.mkdir(CNI_CONF_FOLDER, { parents: true });
  const watch = process.files.watch(CNI_CONF_FOLDER);
  service.network = loadNetwork(process.files);
  if (!watch.ok) return;
  for (;;) {
    const event = yield* watch.value.receive();
    if (event === undefined) return;
    service.network = loadNetwork(process.files);
    if (!service.network.ok)
      process.log(
        'E',
        'cni_conf_syncer',
        `failed to reload cni configuration after receiving fs change event(${event.change} "${event.path}"): cni config load failed: ${service.network.error}`,
      );
  }
}
