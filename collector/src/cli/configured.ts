/** Configuration of a command: its flags, then the environment. Apart from the collector, which most commands never start. */
import { readConfig, type CollectorConfig } from '../config.ts'
import type { World } from './world.ts'

export type ServeFlags = { data?: string; listen?: string }

/** Flags go before the environment; both are checked the same way. */
export function configOf(world: World, { data, listen }: ServeFlags): CollectorConfig {
  return readConfig({
    ...world.environment,
    ...(data === undefined ? {} : { CONSTAT_DATA_DIR: data }),
    ...(listen === undefined ? {} : { CONSTAT_LISTEN: listen }),
  })
}
