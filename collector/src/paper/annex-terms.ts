/** The articles of the annex that say what the terms say: tables and sentences out of every default written out. Pure. */
import type { ExpandedContract, GuaranteeTerms, NoticeRule } from '@constat/sla/contract/expanded'
import type { PaperBlock } from '../print/paper.ts'
import type { ContractView } from '../view/contract.ts'
import { guaranteeName, partyOf, serviceName, siteName, spoken } from '../web/part/names.ts'
import { hoursText } from '../web/part/terms-glance.tsx'
import type { Scene } from '../web/scene.ts'
import { latencyText, percentText, shareText, durationText } from '../web/text/format.ts'
import { wordOf } from '../web/text/words.ts'
import type { AnnexText } from './text/annex-en.ts'

type Given = { terms: ExpandedContract; contract: ContractView; words: AnnexText }

const US = 1_000

export function partiesOf({ parties, provider }: ExpandedContract): { customer: string; provider: string } {
  return {
    customer: parties.find(({ role }) => role === 'customer')?.name ?? '[…]',
    provider: parties.find(({ id }) => id === provider)?.name ?? provider,
  }
}

/** Article by article. */
export function termBlocks(given: Given, scene: Scene) {
  const { terms, words } = given
  const texts = (all: readonly string[]): PaperBlock[] => all.map((text) => ({ kind: 'text', text }))
  const { finalisation, measurement } = terms
  const grace = durationText(finalisation.graceMs, scene.lang)
  const until = words.objection.until[finalisation.amendmentsUntil]
  return {
    siting: sitingBlocks(given, scene),
    probing: probingBlocks(given, scene),
    guarantees: guaranteeBlocks(given, scene),
    calendars: calendarBlocks(given, scene),
    rules: [{ kind: 'list', items: ruleItems(given, scene) }] satisfies PaperBlock[],
    zones: zoneBlocks(given),
    clocks: texts(words.clocks.text(durationText(measurement.maxClockErrorMs, scene.lang))),
    exclusions: exclusionBlocks(given, scene),
    objection: texts(words.objection.text({ grace, until })),
    claim: texts(claimTexts(given)),
  }
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): PaperBlock[] {
  return rows.length === 0 ? [] : [{ kind: 'table', head, numbers: [], rows }]
}

function sitingBlocks({ terms, words: { siting } }: Given, scene: Scene): PaperBlock[] {
  const rows = terms.sites.map(({ id, administeredBy }) => [
    siteName({ contract: terms.name, site: id }, scene),
    administeredBy === null ? siting.nobody : (partyOf(terms, administeredBy)?.name ?? administeredBy),
  ])
  const none: PaperBlock[] = rows.length === 0 ? [{ kind: 'text', text: siting.none }] : []
  return [...tableOf(siting.head, rows), ...none, { kind: 'text', text: siting.text }]
}

function probingBlocks({ contract, words: { probing } }: Given, scene: Scene): PaperBlock[] {
  const rows = contract.services.flatMap((service) =>
    service.checks.map(({ name, target, intervalMs }) => [
      serviceName(service, scene),
      name,
      target,
      durationText(intervalMs, scene.lang),
    ]),
  )
  return tableOf(probing.head, rows)
}

function guaranteeBlocks({ terms, words: { guarantees } }: Given, scene: Scene): PaperBlock[] {
  const { period } = scene.text.glance
  const rows = terms.guarantees.map((one) => {
    const each = one.scope === 'each-site' ? `, ${guarantees.each}` : ''
    return [
      guaranteeName({ contract: terms.name, guarantee: one.id }, scene),
      one.clause ?? '–',
      promiseText(one, scene) + each,
      `${period[one.window.period]} (${one.window.timeZone})`,
      one.calendar,
    ]
  })
  return tableOf(guarantees.head, rows)
}

/** What is promised, in the words of its pages. */
function promiseText(one: GuaranteeTerms, { text, lang }: Scene): string {
  switch (one.metric) {
    case 'interval-availability':
      return text.figure.target(percentText(one.target.percent, lang))
    case 'share-within': {
      const threshold = latencyText(one.thresholdMs * US, lang)
      return text.glance.share.target({ percent: percentText(one.target.percent, lang), threshold })
    }
    case 'request-share':
      return text.metric.requests.target(percentText(one.target.percent, lang))
    case 'restoration-time':
      return text.metric.restoration.target(durationText(one.target.eachMs, lang))
    case 'response-time':
      return text.metric.response.target(durationText(one.target.eachMs, lang))
    case 'incident-count':
      return text.metric.count.target(String(one.target.count))
    case 'error-rate-slices': {
      const length = durationText(one.sliceMs, lang)
      return text.metric.slices.target({ percent: percentText(one.target.percent, lang), length })
    }
    case 'mean-error-rate':
      return text.metric.mean.target(percentText(one.target.percent, lang))
  }
}

function calendarBlocks({ terms }: Given, scene: Scene): PaperBlock[] {
  const used = new Set(terms.guarantees.map(({ calendar }) => calendar))
  const items = [...used].flatMap((name) => {
    const calendar = terms.calendars[name]
    return calendar ? [scene.text.glance.pair(name, hoursText(calendar, scene))] : []
  })
  return [{ kind: 'list', items }]
}

function ruleItems({ terms, words: { rules } }: Given, scene: Scene): string[] {
  const { lang, text } = scene
  const { measurement: m, checks } = terms
  const { quorum, isolation } = m
  const confirmed = checks
    .filter(({ service }) => service !== null)
    .map(({ displayName, fold: { confirm } }) =>
      rules.confirm({ check: displayName, down: String(confirm.down), up: String(confirm.up) }),
    )
  const rule = quorum.kind === 'fixed' ? text.glance.quorumFixed(quorum.down) : text.glance.quorumDefault
  const references = isolation.rule === 'all-references-failed' ? isolation.references.join(', ') : ''
  return [
    ...confirmed,
    rules.quorum(rule),
    rules.binding(wordOf(text.glance.bindingFigure, m.bindingFigure)),
    rules.coverage(shareText(m.minimumCoverage, lang)),
    ...(m.minimumOutageMs > 0 ? [rules.minimum(durationText(m.minimumOutageMs, lang))] : []),
    ...(m.mergeGap.gapMs > 0 ? [rules.merge(durationText(m.mergeGap.gapMs, lang))] : []),
    rules.silence[m.providerHostSilence],
    rules.blocked[m.blocked],
    ...(references === '' ? [] : [rules.references(references)]),
  ]
}

function zoneBlocks({ terms, words: { zones } }: Given): PaperBlock[] {
  const rows = terms.zones.map(({ id, boundary, owner }) => [
    spoken(id),
    boundary,
    partyOf(terms, owner)?.name ?? owner,
  ])
  return tableOf(zones.head, rows)
}

function exclusionBlocks({ terms, words }: Given, scene: Scene): PaperBlock[] {
  const { exclusions } = words
  const { kinds, capPerMonthMs, denominatorMode } = terms.exclusions
  if (kinds.length === 0) return [{ kind: 'text', text: exclusions.none }]
  const rows = kinds.map(({ id, clause, needs, notice }) => [
    spoken(id),
    clause ?? '–',
    exclusions.needs[needs],
    notice === null ? '–' : noticeText(notice, words, scene),
  ])
  const cap = capPerMonthMs === null ? [] : [exclusions.cap(durationText(capPerMonthMs, scene.lang))]
  const text = [exclusions.mode[denominatorMode], ...cap].join(' ')
  return [...tableOf(exclusions.head, rows), { kind: 'text', text }]
}

function noticeText(notice: NoticeRule, { dayKind }: AnnexText, { lang }: Scene): string {
  return 'days' in notice ? `${notice.days} ${dayKind[notice.dayKind]}` : durationText(notice.elapsedMs, lang)
}

function claimTexts({ terms: { credits }, words: { claim, dayKind } }: Given): string[] {
  if (!credits) return [claim.none]
  const exclusive = claim.exclusive[credits.exclusive ? 'yes' : 'no']
  const { claim: own } = credits
  if (!own) return [exclusive]
  const { deadline, providerAnswer } = own
  const until =
    'endOfMonth' in deadline
      ? claim.monthEnd(String(deadline.endOfMonth))
      : claim.deadline({
          days: String(deadline.days),
          kind: dayKind[deadline.dayKind],
          after: claim.after[deadline.after],
        })
  const answer = providerAnswer
    ? [claim.answer({ days: String(providerAnswer.days), kind: dayKind[providerAnswer.dayKind] })]
    : []
  return [`${until} ${claim.notice[own.formalNotice]}`, ...answer, claim.silence[own.silence], exclusive]
}
