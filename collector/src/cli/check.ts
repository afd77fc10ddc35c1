/**
 * `constat check`: proves the whole evidence of a data directory, beside a running collector or alone, and names
 * the first lie of each log. It writes nothing.
 */
import { auditAll, type AuditedLog } from '../audit/all.ts'
import { requireIdentity } from '../data-dir.ts'
import type { Database } from '../db/tx.ts'
import { PROVER_THREADS, startProver } from '../intake/prover.ts'
import { KEEP_ALL } from '../ledger/lie.ts'
import type { Log } from '../shell.ts'
import { openAnyway } from './beside.ts'
import { openLog } from './log.ts'
import { configOf } from './configured.ts'
import { EXIT, type World } from './world.ts'

export async function check(flags: { data?: string; json?: boolean }, world: World): Promise<number> {
  const config = configOf(world, flags.data === undefined ? {} : { data: flags.data })
  const log = openLog('warn', world)
  const identity = requireIdentity(config.dataDir)
  const database = await openAnyway(config, log)
  try {
    const logs = await audited({ db: database.sql, publicKey: identity.publicKey, log }, world)
    const ok = logs.every(({ lie }) => lie === null)
    world.out(flags.json ? JSON.stringify({ ok, logs }) : logs.map(lineOf).join('\n'))
    if (!ok) world.err(`The evidence is broken. ${KEEP_ALL}`)
    return ok ? EXIT.done : EXIT.broken
  } finally {
    await database.close()
  }
}

/** The audit of a command, with its progress where a person looks on. */
export async function audited(
  { db, publicKey, log }: { db: Database; publicKey: Buffer; log: Log },
  world: World,
): Promise<AuditedLog[]> {
  const prover = startProver({ threads: PROVER_THREADS, log })
  try {
    return await auditAll({ db, publicKey, prove: prover.prove }, ({ done, of }) =>
      world.progress(`checked ${done} of ${of} leaves`),
    )
  } finally {
    world.progress(null)
    await prover.close()
  }
}

/** One sentence of a log. */
export function lineOf({ contract, lie, size, ...audit }: AuditedLog): string {
  if (lie) return `${contract}: leaf ${lie.index} (${lie.part}): ${lie.what}`
  const { frames, beside, checkpoints } = audit
  return `${contract}: ${size} leaves, ${frames} frames, ${beside} bodies beside and ${checkpoints} checkpoints hold`
}
