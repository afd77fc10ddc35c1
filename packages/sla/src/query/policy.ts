/**
 * Queries about policies: a list of events as another tool would score it. Pure. Icinga works on the events
 * themselves; the others on the time between them.
 */
import { fraction } from '../fraction.ts'
import { icinga, icingaShare, PENDING, type HardEvent, type IcingaQuestion } from '../policy/icinga.ts'
import { percentText } from '../policy/score.ts'
import { stretchesBetween } from '../policy/events.ts'
import { policyNamed } from '../policy/table.ts'
import { fault, isRecord, listAt, textAt, type Given } from './fields.ts'
import type { Answer } from './time.ts'

export function policyOf(given: Given): Answer {
  const policy = policyNamed(textAt(given, 'policy', 'the name of a policy'))
  const question = questionOf(given)
  if (question.to <= question.from) return { error: 'invalid-interval' }
  const share = policy === icinga ? icingaShare(question) : shareOf(policy.score(stretchesBetween(question)))
  if (share === null) return { error: 'no-data' }
  return { percent: Number(percentText(share, policy)) }
}

function shareOf(score: ReturnType<typeof icinga.score>) {
  return score.kind === 'share' ? score.share : score.says === '-1' ? fraction(-1, 100) : null
}

function questionOf(given: Given): IcingaQuestion {
  const { query } = given
  if (!isRecord(query)) throw fault('query', '{from, to}')
  const current = given['current_state'] ?? null
  return {
    events: eventsOf(given),
    downtimes: listAt({ downtimes: given['downtimes'] ?? [] }, 'downtimes', 'a list of {from, to}').map(
      (one, i) => {
        if (!isRecord(one)) throw fault(`downtimes[${i}]`, '{from, to}')
        return { from: numberIn(one, 'from'), to: numberIn(one, 'to') }
      },
    ),
    currentState: current === null ? null : stateIn(given, 'current_state'),
    from: numberIn(query, 'from'),
    to: numberIn(query, 'to'),
    objectType: objectTypeOf(given),
  }
}

/** Hard states decide; soft ones are tries on the way to them. */
function eventsOf(given: Given): HardEvent[] {
  const all = listAt({ state_events: given['state_events'] ?? [] }, 'state_events', 'a list of events')
  const events = all.flatMap((one, i) => {
    if (!isRecord(one)) throw fault(`state_events[${i}]`, '{at, state, previous_state, kind}')
    if (one['kind'] === 'soft') return []
    const previousState = one['previous_state'] === undefined ? PENDING : stateIn(one, 'previous_state')
    return [{ at: numberIn(one, 'at'), state: stateIn(one, 'state'), previousState }]
  })
  return events.toSorted((a, b) => a.at - b.at)
}

function objectTypeOf(given: Given): 'host' | 'service' {
  const asked = given['object_type'] ?? given['object_types']
  const types = new Set<unknown>([asked ?? 'service'].flat())
  if (types.has('service')) return 'service'
  if (types.has('host')) return 'host'
  throw fault('object_type', 'host or service')
}

function numberIn(given: Given, name: string): number {
  const value = given[name]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw fault(name, 'a whole number of the unit of time used throughout')
}

function stateIn(given: Given, name: string): number {
  const state = numberIn(given, name)
  if ((state >= 0 && state <= 3) || state === PENDING) return state
  throw fault(name, 'a state from 0 to 3, or 99 for pending')
}
