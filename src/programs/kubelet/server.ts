export function serveKubelet(..._: unknown[]): void {}
