/** Types of browser.mjs, which is plain Node because it runs before anything is installed. */
export declare const BROWSER_FLAGS: readonly string[]
export declare function findBrowser(): string | null
export declare function requireBrowser(): string
