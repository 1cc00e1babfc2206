/** The one door to the deflate library: raw deflate and inflate, with a preset dictionary. */
import { deflateSync, inflateSync } from 'fflate';
import { err, ok, type Result } from './result.ts';

export function deflateRaw(bytes: Uint8Array, dictionary?: Uint8Array): Uint8Array {
  return dictionary === undefined
    ? deflateSync(bytes, { level: 9 })
    : deflateSync(bytes, { level: 9, dictionary });
}

/** Inflates; the error is the library's own word for what is wrong, for wrapping by the caller. */
export function inflateRaw(bytes: Uint8Array, dictionary?: Uint8Array): Result<Uint8Array, string> {
  try {
    return ok(dictionary === undefined ? inflateSync(bytes) : inflateSync(bytes, { dictionary }));
  } catch (error) {
    return err(error instanceof Error ? error.message : 'unreadable');
  }
}
