/** Modules that the build makes: the two cores compiled to Wasm, and the names of what is built in. */
declare module 'virtual:core/packet' {
  export const bytes: Uint8Array;
}
declare module 'virtual:core/scheduler' {
  export const bytes: Uint8Array;
}
/** A file's text, built in. */
declare module '*?raw' {
  const text: string;
  export default text;
}
/** The version of package.json, put in by the build. */
declare const __VERSION__: string;
