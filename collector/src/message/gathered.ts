/**
 * Gathered: the words of one message about many incidents, and of one about what flaps: a title, and a line for each
 * service. Pure.
 */
import { listAt, textAt, type Headline } from '../alert/headline.ts'
import { FLAPPING_TYPE, GROUPED_TYPE, type Envelope, type EventData } from '../alert/types.ts'
import { contractName, serviceName, spoken } from '../web/part/names.ts'
import type { Scene } from '../web/scene.ts'
import { nearText } from '../web/text/format.ts'

/** Null: it is about one thing. */
export function gatheredSaid(
  { type, data }: Envelope,
  scene: Scene,
): Pick<Headline, 'title' | 'lines'> | null {
  if (type === GROUPED_TYPE)
    return { title: groupTitle(data, scene), lines: linesOf(data, scene, incidentLine) }
  if (type === FLAPPING_TYPE)
    return { title: flappingTitle(data, scene), lines: linesOf(data, scene, flappingLine) }
  return null
}

type Line = { label: string; text: string }

function linesOf(data: EventData, scene: Scene, line: (one: EventData, scene: Scene) => string): Line[] {
  const contract = textAt(data, 'contract') ?? ''
  const listed = [...listAt(data, 'incidents'), ...listAt(data, 'services')].map((one) => ({
    label: serviceName({ contract, service: textAt(one, 'service') ?? '' }, scene),
    text: line(one, scene),
  }))
  return [{ label: scene.text.incident.contract, text: contractName({ contract }, scene) }, ...listed]
}

function groupTitle(data: EventData, scene: Scene): string {
  const { gathered } = scene.text.message
  const incidents = listAt(data, 'incidents')
  const all = countOf(incidents)
  const down = countOf(incidents.filter(({ over }) => over !== true))
  const said = { all, down, since: at(data, 'onsetAt', scene), shared: sharedText(data, scene) }
  if (down === 0) return gathered.over(said)
  return down === all ? gathered.down(said) : gathered.some(said)
}

function countOf(incidents: readonly EventData[]): number {
  return new Set(incidents.map(({ service }) => service)).size
}

/** What says most of where to look. */
function sharedText(data: EventData, scene: Scene): string {
  const { shared } = scene.text.message.gathered
  const { causes } = data
  const [first] = Array.isArray(causes) ? (causes as readonly unknown[]) : []
  const [, kind = '', name = ''] = /^(\w+):([^]*)$/.exec(typeof first === 'string' ? first : '') ?? []
  if (kind === 'site') {
    const sites = scene.termsOf(textAt(data, 'contract') ?? '')?.sites ?? []
    return shared.site(sites.find(({ id }) => id === name)?.displayName ?? name)
  }
  if (kind === 'agent') return shared.agent(name)
  if (kind === 'host') return shared.host(name)
  return kind === 'zone' ? shared.zone(spoken(name)) : ''
}

function incidentLine(one: EventData, scene: Scene): string {
  const { gathered } = scene.text.message
  if (one['over'] === true) return gathered.isOver(at(one, 'endAt', scene))
  const said = gathered.isDown(at(one, 'onsetAt', scene))
  return one['inHand'] === true ? `${said}, ${gathered.inHand}` : said
}

function flappingTitle(data: EventData, scene: Scene): string {
  const { flapping } = scene.text.message
  const services = listAt(data, 'services')
  const [first] = services
  const isStable = data['stable'] === true
  const since = at(data, 'onsetAt', scene)
  if (!first || services.length > 1) {
    const n = services.length
    return isStable ? flapping.manyStable({ n }) : flapping.many({ n, since })
  }
  const contract = textAt(data, 'contract') ?? ''
  const who = serviceName({ contract, service: textAt(first, 'service') ?? '' }, scene)
  const said = { who, n: opensOf(first), since, changed: at(first, 'changedAt', scene) }
  if (!isStable) return flapping.one(said)
  return first['down'] === true ? flapping.staysDown(said) : flapping.stable(said)
}

function flappingLine(one: EventData, scene: Scene): string {
  const { flapping } = scene.text.message
  const stands = one['down'] === true ? flapping.isDown : flapping.isUp
  return `${flapping.times({ n: opensOf(one), since: at(one, 'since', scene) })}; ${stands(at(one, 'changedAt', scene))}`
}

function opensOf({ opens }: EventData): number {
  return typeof opens === 'number' ? opens : 0
}

function at(data: EventData, key: string, scene: Scene): string {
  const atMs = Date.parse(textAt(data, key) ?? '')
  return Number.isNaN(atMs) ? '' : nearText(atMs, scene.nowMs, scene)
}
