/**
 * Addresses for pods from a range of this host, kept as files: one per address in
 * /var/lib/cni/networks/<network>, holding the container it was given to, and `last_reserved_ip.0`.
 * The next address is the one after the last given, so an address is not used again at once.
 * (containernetworking/plugins v1.7 plugins/ipam/host-local; one range set, one range.)
 */
import { type Cidr, parseCidr, sizeOf } from '../../../ground/base/cidr.ts';
import { formatIp, type Ip, parseIp } from '../../../ground/base/ip.ts';
import { DONE, err, ok, type Result } from '../../../ground/base/result.ts';
import type { Files } from '../../../machines/machine/files-types.ts';
import { cniProgram, type CniConfig, type CniResult } from './plugin.ts';

const DATA_FOLDER = '/var/lib/cni/networks';

interface Range {
  readonly subnet: Cidr;
  readonly gateway: Ip;
  readonly first: Ip;
  readonly last: Ip;
}

/** The range of an ipam configuration: `subnet`, or the first of `ranges`. */
function rangeOf(ipam: CniConfig): Result<Range, string> {
  const ranges = ipam['ranges'];
  const firstSet =
    Array.isArray(ranges) && Array.isArray(ranges[0]) ? (ranges[0][0] as CniConfig) : ipam;
  const subnet = parseCidr(String(firstSet?.['subnet'] ?? ''));
  if (subnet === undefined) return err('no IP ranges specified');
  const gateway = parseIp(String(firstSet['gateway'] ?? '')) ?? subnet.base + 1;
  const first = parseIp(String(firstSet['rangeStart'] ?? '')) ?? subnet.base + 1;
  const last = parseIp(String(firstSet['rangeEnd'] ?? '')) ?? subnet.base + sizeOf(subnet) - 2;
  return ok({ subnet, gateway, first, last });
}

function folderOf(ipam: CniConfig, network: string): string {
  return `${typeof ipam['dataDir'] === 'string' ? ipam['dataDir'] : DATA_FOLDER}/${network}`;
}

/** Reserves an address for a container. */
function allocate(
  files: Files,
  network: string,
  ipam: CniConfig,
  containerId: string,
  ifName: string,
): Result<CniResult['ips'][number], string> {
  const range = rangeOf(ipam);
  if (!range.ok) return range;
  const { first, last, gateway, subnet } = range.value;
  const folder = folderOf(ipam, network);
  files.mkdir(folder, { parents: true });
  const lastFile = `${folder}/last_reserved_ip.0`;
  const lastText = files.readText(lastFile);
  const reserved = lastText.ok ? parseIp(lastText.value.trim()) : undefined;
  const start =
    reserved !== undefined && reserved >= first && reserved < last ? reserved + 1 : first;
  const count = last - first + 1;
  for (let step = 0; step < count; step += 1) {
    const ip = first + ((start - first + step) % count);
    if (ip === gateway) continue;
    const path = `${folder}/${formatIp(ip)}`;
    if (files.exists(path)) continue;
    const written = files.write(path, `${containerId}\r\n${ifName}`);
    if (!written.ok) return err(`open ${path}: ${written.error}`);
    files.write(lastFile, formatIp(ip));
    return ok({ ip, bits: subnet.bits, gateway });
  }
  return err(
    `failed to allocate for range 0: no IP addresses available in range set: ${formatIp(first)}-${formatIp(last)}`,
  );
}

/** Gives back what a container holds; `known` is looked at first. */
function release(
  files: Files,
  network: string,
  ipam: CniConfig,
  containerId: string,
  known: Ip | undefined,
): Result<void, string> {
  const folder = folderOf(ipam, network);
  const heldBy = (name: string): boolean => {
    const text = files.readText(`${folder}/${name}`);
    return text.ok && text.value.startsWith(containerId);
  };
  if (known !== undefined && heldBy(formatIp(known))) {
    files.unlink(`${folder}/${formatIp(known)}`);
    return DONE;
  }
  const names = files.list(folder);
  for (const name of names.ok ? names.value : [])
    if (heldBy(name)) files.unlink(`${folder}/${name}`);
  return DONE;
}

/** `/opt/cni/bin/host-local`: run by the bridge plugin, never by the runtime itself. */
export const hostLocal = cniProgram('host-local', (request) => {
  const ipam = (request.config['ipam'] ?? {}) as CniConfig;
  if (request.command === 'DEL') {
    const known = request.previous?.ips[0]?.ip;
    const released = release(request.files, request.network, ipam, request.containerId, known);
    return released.ok ? ok({ interfaces: [], ips: [] }) : released;
  }
  const ip = allocate(request.files, request.network, ipam, request.containerId, request.ifName);
  return ip.ok ? ok({ interfaces: [], ips: [ip.value] }) : ip;
});
