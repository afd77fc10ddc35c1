/** A paper between the parties: a letter, an amendment. Blocks in one or more languages, set one after the other. */
export type PaperBlock =
  | { kind: 'title' | 'heading' | 'text' | 'note'; text: string }
  /** Lines that stand together: a sender, a date, a place to sign. */
  | { kind: 'lines'; side: 'left' | 'right'; lines: readonly string[] }
  | { kind: 'list'; items: readonly string[] }
  | { kind: 'facts'; facts: readonly (readonly [string, string])[] }
  | {
      kind: 'table'
      head: readonly string[]
      numbers: readonly number[]
      rows: readonly (readonly string[])[]
    }

export type Paper = {
  title: string
  /** At the head of every page but the first, and at the foot of every one. */
  head: string
  foot: string
  /** Across the head of every page, the first one too; null: nothing. */
  mark: string | null
  /** Each begins on a page of its own. */
  parts: readonly { lang: 'en' | 'fr'; blocks: readonly PaperBlock[] }[]
}
