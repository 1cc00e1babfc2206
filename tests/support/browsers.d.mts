/** Path of a browser, or undefined. */
export function findBrowser(name: string): string | undefined;
export function missingBrowsers(): readonly string[];
export function installBrowsers(): void;
