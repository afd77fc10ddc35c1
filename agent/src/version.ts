/** The version that the agent names to its collector. */
export const AGENT_VERSION = '0.1.0'
