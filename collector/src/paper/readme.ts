/** The README of a claim: what is inside, what corroborates it, what it still lacks, how it is checked. Pure. */
import { READINESS_CODES } from '@constat/sla/readiness'
import type { Scene } from '../web/scene.ts'
import { moneyText, timeText } from '../web/text/format.ts'
import { windowName } from '../web/text/sentence.ts'
import { wordOf } from '../web/text/words.ts'
import { checkCommand, claimedOf, type Claim, type Enclosure } from './claim.ts'
import { LETTERS } from './letter.ts'

export function claimReadme(claim: Claim, enclosures: readonly Enclosure[], scene: Scene): string {
  const words = LETTERS[scene.lang]
  const { readme } = words
  const { report, penalty, readiness } = claim
  const lacking = new Set(readiness.lacks)
  const evidence = enclosures.find(({ what }) => what === 'evidence')
  const amount = moneyText(claimedOf(claim), scene.lang)
  const standing = scene.text.penalty.status[penalty.status]
  return [
    `# ${readme.title({ contract: report.displayName, window: windowName(report.window.key, scene) })}`,
    readme.own,
    `## ${readme.inside}`,
    listed(enclosures.map((one) => `\`${one.path}\`: ${words.file[one.what]}\n  SHA-256 ${one.sha256}`)),
    `## ${readme.standing}`,
    `${amount}. ${standing}.`,
    `## ${readme.supports}`,
    listed(READINESS_CODES.filter((code) => !lacking.has(code)).map((code) => words.has[code])) ||
      readme.nothing,
    `## ${readme.lacks}`,
    listed(readiness.lacks.map((code) => wordOf(scene.text.lacks, code))) || readme.nothing,
    `## ${readme.check}`,
    ...(evidence ? [`    ${checkCommand(claim, evidence.path)}`] : []),
    readme.checkText({ leaf: String(report.closing?.ledger.leaf ?? '') }),
    ...newerText(claim, scene),
    `## ${readme.next}`,
    nextText(claim, scene),
    '',
  ].join('\n\n')
}

function listed(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

function newerText({ penalty }: Claim, scene: Scene): string[] {
  const { citedVersion: cited, newestVersion: newest } = penalty
  if (cited === null || cited === newest) return []
  return [LETTERS[scene.lang].readme.newer({ cited: String(cited), newest: String(newest) })]
}

function nextText({ penalty }: Claim, scene: Scene): string {
  const { readme } = LETTERS[scene.lang]
  if (penalty.status === 'settled') return readme.done
  if (penalty.status === 'theoretical' || penalty.status === 'withdrawn') return readme.send
  return penalty.status === 'notified' && penalty.answerUntil !== null
    ? readme.wait(timeText(Date.parse(penalty.answerUntil), 'minute', scene))
    : readme.settle
}
