/**
 * Whether the probe counts answers as the reference clients do: odd answers out of a seed, each asked by our
 * probe, by Chromium and by curl; a certificate chain for every hundred answers, 84 of which hold each oddity by
 * itself; and an answer of a name server for every twenty, asked by our resolver and by glibc. Prints every difference, with the reason where there is one; exit 1 where one has none.
 * Goal: no answer that Chromium shows is told as down, and none that it refuses as up.
 *
 *   npm run agree -- 10000 [--seed 1] [--tiny]
 */
import { parseArgs } from 'node:util'
import { agree } from '../support/agreement.ts'
import { sized, state } from '../support/bench.ts'
import { agreeOnNames } from '../support/name-agreement.ts'
import { agreeOnChains } from '../support/chain-agreement.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, tiny: { type: 'boolean', default: false } },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const beganMs = performance.now()
const count = Number(positionals[0] ?? sized({ full: 1_000, tiny: 30 }))
const seed = Number(values.seed)
const shown = (done: number): void => void process.stderr.write(`\r${done} `)
const { answers, differences, curlDiffers } = await agree({ count, seed }, shown)
const onChains = await agreeOnChains({ count: Math.ceil(count / 100), seed }, shown)
const onNames = await agreeOnNames({ count: Math.ceil(count / 20), seed })
const counts = new Map<string, number>()
for (const { answer, oddities, what, seen, reason } of differences) {
  if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  else {
    say(`${answer}: ${what} (${oddities.join(' · ')})`)
    say(`  probe ${seen.probe}; Chromium ${seen.chromium}; curl ${seen.curl}`)
  }
}
for (const { chain, oddities, seen, reason } of onChains.differences) {
  if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  else
    say(
      `chain ${chain} (${oddities.join(' · ')}): probe ${seen.probe}; Chromium ${seen.chromium}; curl ${seen.curl}`,
    )
}
for (const { name, oddities, ours, theirs } of onNames.differences)
  say(`${name} (${oddities.join(' · ')}): resolver ${ours}; glibc ${theirs.join(' ') || 'nothing'}`)
for (const [reason, count] of counts) say(`${count} × ${reason}`)
const all = [...differences, ...onChains.differences]
const explained = all.filter(({ reason }) => reason !== undefined).length
const unexplained = all.length - explained + onNames.differences.length
const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0)
say(
  `${answers} answers, ${onChains.chains} chains and ${onNames.names} names in ${seconds} s: ${unexplained} counted otherwise without a reason, ${explained} with one; curl differs from Chromium in ${curlDiffers + onChains.curlDiffers}`,
)
state(
  'answers counted otherwise without a reason, of those asked',
  unexplained / (answers + onChains.chains + onNames.names),
)
process.exit(unexplained === 0 ? 0 : 1)
