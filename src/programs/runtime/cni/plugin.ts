/**
 * What the runtime and its network plugins say to each other (CNI spec 1.0). A plugin is a program in
 * /opt/cni/bin; the runtime runs what the file holds, inside its own event, with the request by
 * reference instead of environment and standard input.
 */
import type { Ip } from '../../../ground/base/ip.ts';
import type { Result } from '../../../ground/base/result.ts';
import type { Files } from '../../../machines/machine/files-types.ts';
import type { Program } from '../../../machines/machine/process.ts';
import type { NetworkNamespace } from '../../../machines/network/namespace.ts';

/** A JSON object of the configuration. */
export type CniConfig = Readonly<Record<string, unknown>>;

export interface CniPortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
}

export interface CniRequest {
  readonly command: 'ADD' | 'DEL';
  readonly containerId: string;
  readonly ifName: string;
  /** Name of the network: of the whole list. */
  readonly network: string;
  readonly config: CniConfig;
  readonly host: NetworkNamespace;
  /** The pod's namespace; on DEL perhaps gone. */
  readonly pod: NetworkNamespace | undefined;
  readonly files: Files;
  readonly portMappings: readonly CniPortMapping[];
  /** What the plugins before have done. */
  readonly previous: CniResult | undefined;
}

export interface CniResult {
  readonly interfaces: readonly { readonly name: string; readonly sandbox: boolean }[];
  readonly ips: readonly {
    readonly ip: Ip;
    readonly bits: number;
    readonly gateway: Ip | undefined;
  }[];
}

/** A program that is a CNI plugin. */
export interface CniPlugin extends Program {
  invoke(request: CniRequest): Result<CniResult, string>;
}

export function isCniPlugin(content: unknown): content is CniPlugin {
  return (
    typeof content === 'object' && content !== null && 'invoke' in content && 'main' in content
  );
}

/** The program of a plugin for those who run its file by hand. */
export function cniProgram(name: string, invoke: CniPlugin['invoke']): CniPlugin {
  return {
    name,
    version: '1.7.1',
    *main(process) {
      yield* process.printError(
        `CNI ${name} plugin v1.7.1\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n`,
      );
      return 0;
    },
    invoke,
  };
}
