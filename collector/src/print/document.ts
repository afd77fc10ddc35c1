/** What is printed: headings, facts and tables of text in one language. Types only. */

export type Tone = 'good' | 'bad' | 'calm'
export type ReportTable = {
  head: readonly string[]
  /** Columns of numbers. */ numbers: readonly number[]
  rows: readonly (readonly string[])[]
}
export type ReportSection = {
  heading: string
  notes?: readonly string[]
  facts?: readonly (readonly [string, string])[]
  table?: ReportTable
}
export type ReportDocument = {
  lang: 'en' | 'fr'
  title: string
  contract: string
  window: string
  verdict: { tone: Tone; text: string }
  standing: string
  facts: readonly (readonly [string, string])[]
  sections: readonly ReportSection[]
  /** At the foot of every page. */
  foot: string
}
