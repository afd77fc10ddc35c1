/** Types of network.mjs. */
export function namespaceProblem(): string | null
export function campaignProblem(): string | null
