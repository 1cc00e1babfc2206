/**
 * The runtime's side of CNI: finds the network's configuration (the first file of /etc/cni/net.d in
 * byte order), runs its plugins in order for ADD and in reverse for DEL, and says why the network is
 * not ready. (containerd/go-cni v1.1, containernetworking/cni libcni v1.3.)
 */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Files } from '../../../machines/machine/files-types.ts';
import type { NetworkNamespace } from '../../../machines/network/namespace.ts';
import { parseObject } from './conf.ts';
import {
  type CniConfig,
  type CniPortMapping,
  type CniRequest,
  type CniResult,
  isCniPlugin,
} from './plugin.ts';

export const CNI_CONF_FOLDER = '/etc/cni/net.d';
const PLUGIN_FOLDER = '/opt/cni/bin';

/** A network configuration list. */
export interface NetworkList {
  readonly name: string;
  readonly file: string;
  readonly plugins: readonly CniConfig[];
}

/** The network to use, or the words for not having one. */
export function loadNetwork(files: Files): Result<NetworkList, string> {
  const names = files.list(CNI_CONF_FOLDER);
  const candidates = (names.ok ? names.value : []).filter((name) =>
    /\.(conf|conflist|json)$/.test(name),
  );
  const missing = err(`no network config found in ${CNI_CONF_FOLDER}: cni plugin not initialized`);
  if (candidates.length === 0) return missing;
  for (const name of candidates) {
    const file = `${CNI_CONF_FOLDER}/${name}`;
    const text = files.readText(file);
    const parsed = text.ok ? parseObject(text.value) : undefined;
    if (parsed === undefined) continue;
    const plugins = Array.isArray(parsed['plugins'])
      ? (parsed['plugins'] as CniConfig[])
      : [parsed];
    const network = parsed['name'];
    if (typeof network !== 'string' || plugins.length === 0) continue;
    if (plugins.some((plugin) => typeof plugin['type'] !== 'string')) continue;
    return ok({ name: network, file, plugins });
  }
  return err(`no valid networks found in ${CNI_CONF_FOLDER}: cni plugin not initialized`);
}

export interface Attachment {
  readonly containerId: string;
  readonly host: NetworkNamespace;
  readonly pod: NetworkNamespace | undefined;
  readonly files: Files;
  readonly portMappings: readonly CniPortMapping[];
  readonly previous: CniResult | undefined;
}

/** Runs the plugins of a network for one pod. */
export function runNetwork(
  network: NetworkList,
  command: 'ADD' | 'DEL',
  attachment: Attachment,
): Result<CniResult, string> {
  const plugins = command === 'ADD' ? network.plugins : [...network.plugins].reverse();
  let previous = attachment.previous;
  for (const config of plugins) {
    const type = String(config['type']);
    const content = attachment.files.readContent(`${PLUGIN_FOLDER}/${type}`);
    const failed = `plugin type="${type}" failed (${command.toLowerCase()}): `;
    if (!content.ok)
      return err(`${failed}failed to find plugin "${type}" in path [${PLUGIN_FOLDER}]`);
    if (!isCniPlugin(content.value))
      return err(`${failed}fork/exec ${PLUGIN_FOLDER}/${type}: exec format error`);
    const request: CniRequest = {
      ...attachment,
      command,
      ifName: 'eth0',
      network: network.name,
      config,
      previous,
    };
    const result = content.value.invoke(request);
    if (!result.ok) return err(failed + result.error);
    if (command === 'ADD') previous = result.value;
  }
  return ok(previous ?? { interfaces: [], ips: [] });
}
