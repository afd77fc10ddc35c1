/** Types of packages.mjs. */
export function hasProgram(name: string): boolean
