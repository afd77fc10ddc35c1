/** Types of packages.mjs. */
export function hasProgram(name: string): boolean
export function installPackages(say: (line: string) => void): void
