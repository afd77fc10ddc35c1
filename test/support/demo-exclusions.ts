/** Demo exclusions: what was declared in the demo, in memory, with the answers it was given. */
import type { ExclusionView } from '@constat/collector/view/exclusion'

/** One that stands there from the start. */
export const DEMO_EXCLUSION = 'exc_00000000000000000001'

export function demoExclusions() {
  const exclusions: ExclusionView[] = [{ ...PLANNED, id: DEMO_EXCLUSION, contract: 'acme-hosting-2026' }]
  return {
    exclusions,
    declare(contract: string): string {
      const id = `exc_${String(exclusions.length + 1).padStart(20, '0')}`
      exclusions.unshift({ ...PLANNED, id, contract })
      return id
    },
    async answer(id: string, answer: 'accepted' | 'disputed'): Promise<void> {
      const found = exclusions.find((one) => one.id === id)
      if (!found) return
      found.standing = answer === 'accepted' ? 'counts' : 'contested'
      found.answers.push({ answer, by: 'customer', side: 'customer', at: PLANNED.declaredAt, note: '' })
    },
  }
}

const PLANNED: ExclusionView = {
  id: '',
  contract: '',
  service: null,
  kind: 'planned',
  clause: 'A.4.1',
  start: '2026-11-20T22:00:00.000Z',
  end: '2026-11-20T23:00:00.000Z',
  announcedAt: null,
  announcementOnRecord: true,
  announced: null,
  reason: 'A new release',
  declaredAt: '2026-11-10T09:00:00.000Z',
  afterwards: false,
  declaredBy: 'northstar',
  side: 'provider',
  standing: 'waiting',
  refusals: ['not-accepted'],
  notice: { unit: 'days', given: 8, required: 5, isEnough: true },
  answers: [],
  effects: [{ guarantee: 'portal-availability', window: '2026-11', excusedMs: 0, contested: true }],
}
