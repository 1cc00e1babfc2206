/**
 * Starts a Wasm core from its bytes, synchronously, before the lab starts. The only place below the
 * doors that names WebAssembly.
 */
import { assert } from './assert.ts';

export interface CoreExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  version(): number;
}

/** Compiles and instantiates; asserts the version that the host was built for. */
export function startCore<T extends CoreExports>(bytes: Uint8Array, version: number): T {
  // biome-ignore lint/suspicious/noExplicitAny: the global is host-provided and not in the ES library.
  const wasm = (globalThis as any).WebAssembly;
  const instance = new wasm.Instance(new wasm.Module(bytes), {});
  const core = instance.exports as T;
  assert(core.version() === version, `core version ${core.version()}, wanted ${version}`);
  return core;
}
