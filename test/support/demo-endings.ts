/**
 * Demo with endings: one contract has been archived, one is set aside, and of the hosting contract a service
 * has left, one leaves with the month, one is not probed any more, and its windows have other bounds. Pure.
 */
import type { ContractView, ServiceView } from '@constat/collector/view/contract'
import type { WhySpan } from '@constat/collector/view/parts'
import type { ReadModel } from '@constat/collector/view/reads'
import type { Segment } from '@constat/collector/view/timeline'
import { demoModel } from './demo-model.ts'

type Model = ReturnType<typeof demoModel>

const LEFT_AT = '2026-10-31T23:00:00.000Z'
const LEAVES_AT = '2026-11-30T23:00:00.000Z'
const STOPPED_AT = '2026-11-22T11:00:00.000Z'
const ENDED_AT = '2026-11-20T09:30:00.000Z'

export function demoOfEndings(model: Model = demoModel()): Model {
  const { read } = model
  const more: ReadModel = {
    ...read,
    contracts: () =>
      read
        .contracts()
        .map(withEnding)
        .toSorted((a, b) => Number(a.endedAt !== null) - Number(b.endedAt !== null)),
    contract: (name) => {
      const found = read.contract(name)
      return found && withEnding(found)
    },
    async window(name, key, version) {
      const found = await read.window(name, key, version)
      if (!found || name !== 'acme-hosting-2026') return found
      const lengths = ['longer', 'shorter', null] as const
      const guarantees = found.guarantees.map((one, i) => ({
        ...one,
        window: { ...one.window, length: lengths[i] ?? null },
      }))
      return { ...found, guarantees }
    },
    timeline(service, span, contract) {
      const found = read.timeline(service, span, contract)
      if (!found || service !== 'stock-api') return found
      return {
        ...found,
        segments: [
          unmeasured({ start: found.from, end: '2026-11-22T09:00:00.000Z', reason: 'not-in-force' }),
          ...found.segments.filter(
            ({ start, end }) => start >= '2026-11-22T09:00:00.000Z' && end <= STOPPED_AT,
          ),
          unmeasured({ start: STOPPED_AT, end: found.to, reason: 'probing-stopped' }),
        ],
      }
    },
  }
  return { ...model, read: more }
}

function unmeasured({ start, end, reason }: Pick<WhySpan, 'start' | 'end' | 'reason'>): Segment {
  const reasons = [{ start, end, reason, agent: null, name: null, since: start }]
  return { start, end, state: 'unknown', reasons }
}

function withEnding(contract: ContractView): ContractView {
  switch (contract.name) {
    case 'payroll':
      return {
        ...contract,
        endedAt: ENDED_AT,
        services: contract.services.map((one) => ({ ...one, state: 'unknown', unmeasuredSince: ENDED_AT })),
      }
    case 'intranet':
      return { ...contract, trouble: 'a rule of this contract could not be read' }
    case 'acme-hosting-2026':
      return {
        ...contract,
        services: contract.services.filter(({ service }) => service !== 'mail-relay').map(leaving),
        pastServices: contract.services
          .filter(({ service }) => service === 'mail-relay')
          .map((one) => ({ ...one, state: 'unknown', until: LEFT_AT, leavesAt: LEFT_AT })),
      }
    default:
      return contract
  }
}

function leaving(service: ServiceView): ServiceView {
  if (service.service === 'branch-vpn') return { ...service, until: LEAVES_AT, leavesAt: LEAVES_AT }
  if (service.service === 'order-portal') return { ...service, until: LEAVES_AT }
  if (service.service === 'stock-api')
    return {
      ...service,
      state: 'unknown',
      until: LEAVES_AT,
      leavesAt: LEAVES_AT,
      unmeasuredSince: STOPPED_AT,
    }
  return service
}
