/**
 * Whether the probe counts answers as the reference clients do: odd answers out of a seed, each asked by our
 * probe, by Chromium and by curl. Prints every difference, with the reason where there is one; exit 1 where
 * one has none. Goal: no answer that Chromium shows is told as down, and none that it refuses as up.
 *
 *   npm run agree -- 10000 [--seed 1] [--tiny]
 */
import { parseArgs } from 'node:util'
import { agree } from '../support/agreement.ts'
import { sized, state } from '../support/bench.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, tiny: { type: 'boolean', default: false } },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const beganMs = performance.now()
const { answers, differences, curlDiffers } = await agree(
  { count: Number(positionals[0] ?? sized({ full: 1_000, tiny: 30 })), seed: Number(values.seed) },
  (done) => void process.stderr.write(`\r${done} `),
)
const counts = new Map<string, number>()
for (const { answer, oddities, what, seen, reason } of differences) {
  if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  else {
    say(`${answer}: ${what} (${oddities.join(' · ')})`)
    say(`  probe ${seen.probe}; Chromium ${seen.chromium}; curl ${seen.curl}`)
  }
}
for (const [reason, count] of counts) say(`${count} × ${reason}`)
const unexplained = differences.filter(({ reason }) => reason === undefined).length
const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0)
say(
  `${answers} answers in ${seconds} s: ${unexplained} counted otherwise without a reason, ${differences.length - unexplained} with one; curl differs from Chromium in ${curlDiffers}`,
)
state('answers counted otherwise without a reason, of those asked', unexplained / answers)
process.exit(unexplained === 0 ? 0 : 1)
