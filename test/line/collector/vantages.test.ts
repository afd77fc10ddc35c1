/** Vantages as the provider is shown them: numbers, agents of no site, events, and what was never said. */
import { describe, expect, it } from 'vitest'
import type { GuaranteeView } from '@constat/collector/view/guarantee'
import { SiteNames, type Vantage } from '@constat/collector/view/vantage'

const id = (n: number): string => n.toString(16).padStart(32, 'a')
const LYON = { id: 'lyon', displayName: 'Lyon' }
const LILLE = { id: 'lille', displayName: 'Lille' }
const VANTAGES: Vantage[] = [
  { agent: id(1), name: 'db-host', site: LYON },
  { agent: id(2), name: 'laptop', site: null },
  { agent: id(3), name: 'till', site: LILLE },
  { agent: id(4), name: 'mail-host', site: LYON },
  { agent: id(5), name: 'printer', site: null },
]
const names = new SiteNames(VANTAGES)

describe('what is told', () => {
  it.each([
    [id(1), 'db-host', 'lyon/1', 'Lyon 1'],
    [id(4), 'mail-host', 'lyon/2', 'Lyon 2'],
    [id(3), 'till', 'lille/1', 'Lille'],
    [id(2), 'laptop', '~1', 'Site 1'],
    [id(5), 'printer', '~2', 'Site 2'],
  ])('of %s, called %s: %s, %s', (agent, name, shownId, shown) => {
    const event = {
      vantages: [{ agent, name, state: 'down', reasons: [{ reason: 'silent', agent, name }] }],
      failure: { agent: name, code: '503' },
      agent: { id: agent, name, version: '1' },
      message: `frame 3 of ${agent} is no frame`,
      site: { id: 'lyon', displayName: 'Lyon' },
    }
    expect(names.told(event)).toEqual({
      vantages: [
        {
          agent: shownId,
          name: shown,
          state: 'down',
          reasons: [{ reason: 'silent', agent: shownId, name: shown }],
        },
      ],
      failure: { agent: shown, code: '503' },
      agent: { id: shownId, name: shown, version: '1' },
      message: `frame 3 of ${shownId} is no frame`,
      site: { id: 'lyon', displayName: 'Lyon' },
    })
    expect([names.agentOf(shownId), names.agentOf(shown)]).toEqual([agent, agent])
    expect([names.agentOf(agent), names.agentOf(name)]).toEqual([null, null])
  })

  it('of an agent that is none of the vantages: nothing', () => {
    expect(names.told({ failure: { agent: 'elsewhere' } })).toEqual({ failure: { agent: '~' } })
  })

  it('leaves what only looks like one', () => {
    const other = { id: id(9), name: 'db-host', check: 'laptop', agent: null, digest: 'b'.repeat(64) }
    expect(names.told(other)).toEqual(other)
  })
})

it('a guarantee of each site names an agent by itself as a site', () => {
  const site = (of: string) => ({ site: of, displayName: of, unknown: [] })
  // The parts of a view that name agents.
  const view = {
    unknown: [{ reason: 'silent', agent: id(4), name: 'mail-host', ms: 1 }],
    sites: [site('lyon'), site('laptop'), site('db-host')],
  } as unknown as GuaranteeView
  const told = names.guarantee(view)
  expect(told.unknown).toEqual([{ reason: 'silent', agent: 'lyon/2', name: 'Lyon 2', ms: 1 }])
  // An older revision may not have named the site that one stands at.
  expect(told.sites?.map((one) => one.site)).toEqual(['lyon', '~1', 'lyon/1'])
})
