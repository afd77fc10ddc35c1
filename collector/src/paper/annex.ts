/**
 * The annex: the amendment that makes the instrument part of the contract, article by article, out of its terms, in
 * both languages. What the parties still have to decide stands in brackets; it is a draft, and says so on each page.
 * Pure.
 */
import type { ExpandedContract } from '@constat/sla/contract/expanded'
import { SEMANTICS_VERSION } from '@constat/sla/semantics'
import type { Paper, PaperBlock } from '../print/paper.ts'
import type { ContractView, RevisionView } from '../view/contract.ts'
import type { Scene } from '../web/scene.ts'
import { timeText } from '../web/text/format.ts'
import { annexEn, type AnnexText } from './text/annex-en.ts'
import { annexFr } from './text/annex-fr.ts'
import { partiesOf, termBlocks } from './annex-terms.ts'

export const ANNEXES: Record<'en' | 'fr', AnnexText> = { en: annexEn, fr: annexFr }

export type Annexed = { terms: ExpandedContract; contract: ContractView; revision: RevisionView }
type Article = { title: string; blocks: PaperBlock[] }

/** `scenes`: one a language, in the order in which they stand. */
export function annexPaper(annexed: Annexed, scenes: readonly Scene[]): Paper {
  const { displayName } = annexed.contract
  const titles = scenes.map(({ lang }) => ANNEXES[lang].title)
  return {
    title: `${titles[0] ?? ''} · ${displayName}`,
    head: `${titles[0] ?? ''} · ${displayName}`,
    foot: `${annexed.terms.name} · ${annexed.revision.digest}`,
    mark: scenes.map(({ lang }) => ANNEXES[lang].mark).join(' · '),
    parts: scenes.map((scene) => ({ lang: scene.lang, blocks: partOf(annexed, scene) })),
  }
}

function partOf(annexed: Annexed, scene: Scene): PaperBlock[] {
  const words = ANNEXES[scene.lang]
  const { terms, contract, revision } = annexed
  const parties = partiesOf(terms)
  const from = timeText(Date.parse(revision.effectiveFrom), 'minute', scene)
  return [
    { kind: 'title', text: words.title },
    { kind: 'text', text: words.preamble({ ...parties, contract: contract.displayName }) },
    {
      kind: 'facts',
      facts: [
        ...(terms.reference === null ? [] : [[words.facts.reference, terms.reference] as const]),
        [words.facts.revision, String(revision.revision)],
        [words.facts.digest, revision.digest],
        [words.facts.from, from],
      ],
    },
    ...articlesOf(annexed, scene).flatMap(({ title, blocks }, at): PaperBlock[] => [
      { kind: 'heading', text: `${at + 1}. ${title}` },
      ...blocks,
    ]),
    { kind: 'lines', side: 'right', lines: words.sign(parties) },
  ]
}

/** In the order in which somebody asks: what, where, when it fails, what follows, and what if it does not work. */
function articlesOf({ terms, contract, revision }: Annexed, scene: Scene): Article[] {
  const words = ANNEXES[scene.lang]
  const { digest } = revision
  const blocks = termBlocks({ terms, contract, words }, scene)
  const said = ({ title, text }: { title: string; text: string | readonly string[] }): Article => ({
    title,
    blocks: texts(typeof text === 'string' ? [text] : text),
  })
  const { instrument, language } = words
  const own = {
    title: instrument.title,
    text: instrument.text({ semantics: String(SEMANTICS_VERSION), digest }),
  }
  return [
    said(own),
    said(words.versions),
    { title: words.siting.title, blocks: blocks.siting },
    { title: words.probing.title, blocks: [...blocks.probing, ...texts(words.probing.text)] },
    { title: words.guarantees.title, blocks: blocks.guarantees },
    { title: words.calendars.title, blocks: blocks.calendars },
    { title: words.rules.title, blocks: blocks.rules },
    ...(blocks.zones.length > 0 ? [{ title: words.zones.title, blocks: blocks.zones }] : []),
    { title: words.clocks.title, blocks: blocks.clocks },
    { title: words.exclusions.title, blocks: blocks.exclusions },
    { title: words.objection.title, blocks: blocks.objection },
    { title: words.claim.title, blocks: blocks.claim },
    said(words.own),
    said(words.failure),
    said(words.expert),
    said(words.confidentiality),
    said(words.retention),
    said({ title: language.title, text: language.text[terms.prevailingLanguage] }),
  ]
}

function texts(all: readonly string[]): PaperBlock[] {
  return all.map((text) => ({ kind: 'text', text }))
}
