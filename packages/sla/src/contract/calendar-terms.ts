/** Calendars of the full terms: service hours, holidays, kinds of days. Types only. */

export type Weekday = 'MO' | 'TU' | 'WE' | 'TH' | 'FR' | 'SA' | 'SU'

/** Local clock readings [start, end), `HH:MM[:SS]`, end up to `24:00`; end ≤ start runs into the next day. */
export type WeeklySlot = { days: Weekday[]; start: string; end: string }

/** `always` has no hours and needs no zone; the other kind refuses windows in a year it does not cover. */
export type CalendarTerms =
  | { kind: 'always'; name: 'always' }
  | {
      kind: 'weekly'
      name: string
      timeZone: string
      weekly: WeeklySlot[]
      holidays: { date: string; name: string | null }[]
      /** Absent in the document of a small contract without holidays: every year is covered. */
      yearsCovered: number[] | 'all'
    }

export type DayKind = 'calendar' | 'working' | 'ouvrables' | 'clear-working' | 'clear'
