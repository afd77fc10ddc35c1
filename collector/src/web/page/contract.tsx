/** Contract: what was promised and what came of it in one window, worst first. What else there is lies behind tabs. Pure. */
import type { AgentView, ContractView } from '../../view/contract.ts'
import type { ClosedWindowView, WindowLifeView } from '../../view/window.ts'
import type { BarOf } from '../part/bar.tsx'
import { Bars } from '../part/bars.tsx'
import { Begun } from '../part/begun.tsx'
import { ContractGlance } from '../part/contract-glance.tsx'
import { GuaranteeTable, type Found } from '../part/guarantee-table.tsx'
import type { Span } from '../part/ribbon.tsx'
import { ContractStorey, storeyHref } from '../part/storeys.tsx'
import { Time } from '../part/time.tsx'
import { lifeText, windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { contractSentence, windowName } from '../text/sentence.ts'
import { contractHref } from './contracts.tsx'

type Props = {
  scene: Scene
  contract: ContractView
  keys: readonly string[]
  /** The window looked at; null: there is none of that key. */
  window: WindowLifeView | null
  /** Newest first. */
  closed: readonly ClosedWindowView[]
  /** Of a fresh one, for those who may see hosts; else empty. */
  agents: readonly AgentView[]
  /** It has just been applied. */
  fresh: boolean
  found: Found
  /** Of the last 24 h. */
  barOf: BarOf
  span: Span
}

/** Window keys shown at once; the tab of windows has more. */
const MAX_KEYS = 12
const FEW_SERVICES = 3
const MAX_NOTICED = 5
const REFRESH_S = 10
/** Somebody waits for the first sample. */
const FRESH_REFRESH_S = 1

export function Contract(props: Props) {
  const { scene, contract, window, fresh } = props
  const lead = (
    <>
      <p class="sentence">{contractSentence(contract, scene)}</p>
      <ContractGlance contract={contract} window={window} scene={scene} />
    </>
  )
  return (
    <ContractStorey
      {...{ scene, contract, lead }}
      storey="guarantees"
      everyS={fresh ? FRESH_REFRESH_S : REFRESH_S}
    >
      {fresh && <Begun {...props} />}
      <Noticed {...props} />
      <section class="sheet">
        <h2>{scene.text.contract.storey.guarantees}</h2>
        <Keys {...props} />
        {window === null && <p class="sentence">{scene.text.contract.noGuarantees}</p>}
        {window !== null && (
          <GuaranteeTable
            contract={contract.name}
            window={window.key}
            guarantees={window.guarantees}
            {...{ closed: props.closed, found: props.found, scene }}
          />
        )}
      </section>
    </ContractStorey>
  )
}

/** Services that somebody has to look at; all of a few. */
function Noticed({ scene, contract, barOf, span }: Props) {
  const { services } = contract
  if (contract.endedAt !== null) return null
  const isSmall = services.length <= FEW_SERVICES
  const noticed = isSmall ? services : services.filter(({ state }) => state !== 'up').slice(0, MAX_NOTICED)
  if (noticed.length === 0) return null
  return (
    <section class="sheet noticed">
      <h2>{scene.text.contract.noticed}</h2>
      <Bars services={noticed} {...{ barOf, span, scene }} saysWhy={services.length > 1} />
      {noticed.length < services.length && (
        <p class="note">
          <a href={storeyHref(contract.name, 'services')}>
            {scene.text.contract.allServices(services.length)}
          </a>
        </p>
      )}
    </section>
  )
}

function Keys({ scene, contract, keys, window }: Props) {
  const { text } = scene
  return (
    <>
      <nav class="ranges" aria-label={text.contract.windows}>
        {keys.slice(0, MAX_KEYS).map((key) => (
          <a
            href={`${contractHref(contract.name)}?window=${encodeURIComponent(key)}`}
            {...(key === window?.key && { 'aria-current': 'true' })}
          >
            {windowName(key, scene)}
          </a>
        ))}
      </nav>
      {window && (
        <p class="note window-span">
          <Time at={window.start} scene={scene} style="minute" /> –{' '}
          <Time at={window.end} scene={scene} style="minute" /> ·{' '}
          <a href={windowHref(contract.name, window.key)}>{text.windowState[window.state]}</a> ·{' '}
          {lifeText(window, scene)}
        </p>
      )}
    </>
  )
}
