/**
 * Aftermath: what is left once a fault is over: what the agents have still to send, what the ledger holds
 * of them, and what was told.
 */
import type { AgentView } from '../../collector/src/view/contract.ts'
import { besideOf } from '../support/beside.ts'
import { until } from '../support/program.ts'
import type { Campaign } from './campaign.ts'

/** After a cut the kernel waits longer and longer before it sends again, and the agent up to 30 s. */
const COMES_BACK_WITHIN_MS = 100_000

/** Nothing is left to send, as far as the agents have said. */
export async function delivered({ program }: Campaign): Promise<void> {
  await until(
    async () => {
      const { items } = await program.get<{ items: AgentView[] }>('/agents')
      return items.every(({ connected, spoolBatches }) => connected && spoolBatches <= 1)
    },
    { withinMs: COMES_BACK_WITHIN_MS, what: 'every agent connected, with nothing left to send' },
  )
}

/** Types of the events told since, with what each is about. */
export function eventsSince(
  { program }: Campaign,
  fromMs: number,
): Promise<{ type: string; data: unknown }[]> {
  return besideOf(program.dataDir, async (db) => {
    const rows = await db<
      { type: string; data: unknown }[]
    >`select type, data from event where at_ms >= ${fromMs}`
    return [...rows]
  })
}

/** Sessions whose frames are not 0, 1, 2 … once each. */
export function brokenSessions({ program }: Campaign): Promise<number> {
  return besideOf(program.dataDir, async (db) => {
    const rows = await db`select agent, session from entry where type = 1 group by agent, session
      having count(*) <> count(distinct seq) or count(*) <> max(seq) + 1`
    return rows.length
  })
}
