/**
 * Requests to an image registry: the name is resolved with the host's resolver, the connection is
 * HTTPS with the host's trusted roots, and failures come in Go's words.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Chunk } from '../../machines/network/chunk.ts';
import { fetchHttps } from './https.ts';

export interface RegistryAnswer {
  readonly status: number;
  readonly body: Chunk | undefined;
}

/** One request; the error is `failed to do request: Head "https://…": dial tcp: …`. */
export function* fetchFrom(
  process: Process,
  host: string,
  method: 'HEAD' | 'GET',
  path: string,
): Task<Result<RegistryAnswer, string>> {
  const verb = method === 'HEAD' ? 'Head' : 'Get';
  const answer = yield* fetchHttps(process, host, 443, method === 'HEAD' ? 'GET' : method, path);
  if (answer.ok) return ok(answer.value);
  return err(`failed to do request: ${verb} "https://${host}${path}": ${answer.error}`);
}
