/**
 * Holidays: the public holidays of a country or a part of it as explicit dates. They are put before a
 * person, who may change them; nothing is computed when a window is judged. The tables are large, so they
 * are read when somebody first asks.
 */
import type { Lang } from './text/format.ts'

export type PublicHoliday = { date: string; name: string }
export type Place = { code: string; name: string }

const load = () => import('date-holidays').then((library) => library.default)

/** In order of name. The tables' own name stands where the language has none. */
export async function countries(lang: Lang): Promise<Place[]> {
  const Holidays = await load()
  const names = new Intl.DisplayNames([lang], { type: 'region', fallback: 'none' })
  return inOrder(
    Object.entries(new Holidays().getCountries(lang)).map(([code, name]) => ({
      code,
      name: names.of(code) ?? name,
    })),
    lang,
  )
}

/** Parts of a country with holidays of their own; empty: it has none, or there is no such country. */
export async function regionsOf(country: string, lang: Lang): Promise<Place[]> {
  const Holidays = await load()
  const states = isCountry(new Holidays(), country) ? new Holidays().getStates(country, lang) : {}
  return inOrder(
    Object.entries(states ?? {}).map(([code, name]) => ({ code, name })),
    lang,
  )
}

type Question = { country: string; region: string; years: readonly number[]; lang: Lang }

/** Whole public holidays of those years, one a day, in order. An unknown region is that of no holidays. */
export async function publicHolidays({ country, region, years, lang }: Question): Promise<PublicHoliday[]> {
  const Holidays = await load()
  if (!isCountry(new Holidays(), country)) return []
  const known = (await regionsOf(country, lang)).some(({ code }) => code === region)
  const calendar = known ? new Holidays(country, region) : new Holidays(country)
  const byDate = new Map<string, string>()
  for (const year of years) {
    for (const { date, name, type } of calendar.getHolidays(year, lang)) {
      const day = date.slice(0, 10)
      if (type === 'public' && !byDate.has(day)) byDate.set(day, name)
    }
  }
  return [...byDate].map(([date, name]) => ({ date, name })).toSorted((a, b) => a.date.localeCompare(b.date))
}

function isCountry(holidays: { getCountries(lang?: string): object }, code: string): boolean {
  return Object.hasOwn(holidays.getCountries(), code)
}

function inOrder(places: Place[], lang: Lang): Place[] {
  return places.toSorted((a, b) => a.name.localeCompare(b.name, lang))
}
