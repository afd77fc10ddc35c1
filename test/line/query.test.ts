/**
 * Queries: every case of the time and fold vectors, and what a malformed question is told.
 */
import { readFileSync } from 'node:fs'
import { Fault } from '@constat/shared/fault'
import { answer, CATEGORIES } from '@constat/sla/query/answer'
import { describe, expect, test } from 'vitest'

type Case = { id: string; category: string; title: string; given: Record<string, unknown>; expect: object }

function casesOf(file: string): Case[] {
  const url = new URL(`../vectors/${file}`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: Case[] }).cases // our own vector file
}

const CASES = [...casesOf('time.json'), ...casesOf('fold.json')]

test.each(CASES.map((one) => [`${one.id} ${one.category}: ${one.title}`, one] as const))('%s', (_, one) => {
  expect(answer(one)).toEqual({ id: one.id, ...one.expect })
})
