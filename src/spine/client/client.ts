/** Typed calls to an API server over one kept-alive connection. Signatures first. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { ClientConfig } from './kubeconfig.ts';
import type { Client } from './types.ts';

export interface ClientOptions {
  /** `kube-scheduler/v1.34.0 (linux/amd64) kubernetes/<commit>`; default: from the program's argv[0]. */
  readonly userAgent?: string;
  /** Requests a second; 0 or less: no limit. Default 5. */
  readonly qps?: number;
  /** Default 10. */
  readonly burst?: number;
  /** Time-out of one request (not of a watch); default none. */
  readonly timeout?: Micros;
  /** Gets each `Warning:` header's text. Default: one klog W line. */
  readonly onWarning?: (text: string) => void;
}

/** A client of its own connection, identity and rate limit. Dials at the first request. */
export declare function openClient(
  process: Process,
  config: ClientConfig,
  options?: ClientOptions,
): Client;
/** The user agent of a component: `<name>/v1.34.0 (linux/amd64) kubernetes/<commit>`. */
export declare function userAgentOf(component: string, suffix?: string): string;
