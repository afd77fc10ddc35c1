/**
 * A window by itself: how far its life has come, guarantee by guarantee, its versions with their digests,
 * what decided, and what the provider has stated of it. Pure.
 */
import { EVENT_TYPES } from '../../alert/types.ts'
import type { ContractView } from '../../view/contract.ts'
import { REPORT_FORMATS } from '../../view/report-format.ts'
import type { ClosingView, StatementView, WindowLifeView } from '../../view/window.ts'
import { Credits } from '../part/credits.tsx'
import { penaltyHref } from '../part/penalty.tsx'
import { Figures } from '../part/figures.tsx'
import { Evidence } from '../part/evidence.tsx'
import { GuaranteeList } from '../part/guarantee.tsx'
import { Layout, LiveRegion } from '../part/layout.tsx'
import { guaranteeName, spoken } from '../part/names.ts'
import { msOf, Time } from '../part/time.tsx'
import { worstFirst } from '../part/worst.ts'
import { lifeText, Versions, windowHref } from '../part/window-life.tsx'
import type { Scene } from '../scene.ts'
import { timeText } from '../text/format.ts'
import { windowName } from '../text/sentence.ts'
import { contractHref } from './contracts.tsx'

type Props = {
  scene: Scene
  contract: ContractView
  window: WindowLifeView
  /** Null while it is not closed. */
  closing: ClosingView | null
  /** About this window, newest first. */
  statements: readonly StatementView[]
  mayState: boolean
}

const REFRESH_S = 30

export function WindowPage(props: Props) {
  const { scene, contract, window, closing } = props
  return (
    <Layout scene={scene} title={`${contract.displayName}: ${windowName(window.key, scene)}`} door="contract">
      <LiveRegion id="window" events={EVENT_TYPES} {...(window.provisional && { everyS: REFRESH_S })}>
        <header class="lead">
          <p class="crumbs">
            <a href={contractHref(contract.name)}>{contract.displayName}</a>
          </p>
          <h1>{windowName(window.key, scene)}</h1>
          <p class="sentence">{lifeText(window, scene)}</p>
          <Reports {...props} />
          <p class="note">
            <Time at={window.start} scene={scene} style="minute" /> –{' '}
            <Time at={window.end} scene={scene} style="minute" />
          </p>
        </header>
        <div class="columns">
          <section class="sheet wide">
            <GuaranteeList
              guarantees={worstFirst(window.guarantees)}
              scene={scene}
              detail={(guarantee) => <Figures guarantee={guarantee} scene={scene} />}
            />
          </section>
          <Credits
            contract={contract.name}
            window={window}
            scene={scene}
            claim={
              window.version === null
                ? undefined
                : penaltyHref({ contract: contract.name, window: window.key })
            }
          />
          {window.versions.length > 0 && <Versions window={window} contract={contract.name} scene={scene} />}
          {closing && <Trace closing={closing} scene={scene} />}
          <Evidence contract={contract.name} window={window} scene={scene} />
        </div>
      </LiveRegion>
      <Statements {...props} />
    </Layout>
  )
}

/** The version that is looked at, in every form. */
function Reports({ scene, contract, window }: Props) {
  const { text, lang } = scene
  const path = `/api/v1/contracts/${encodeURIComponent(contract.name)}/reports/${encodeURIComponent(window.key)}`
  const version = window.version === null ? '' : `&version=${window.version}`
  return (
    <p class="note">
      {text.report.offered}:{' '}
      {REPORT_FORMATS.toReversed().map((format) => (
        <>
          <a href={`${path}.${format}?lang=${lang}${version}`}>{text.report.formats[format]}</a>{' '}
        </>
      ))}
    </p>
  )
}

function Trace({ closing, scene }: { closing: ClosingView; scene: Scene }) {
  return (
    <section class="sheet wide">
      <details>
        <summary>{scene.text.life.trace}</summary>
        <ol class="zones">
          {closing.trace.map(({ step, guarantee, clause, text }) => (
            <li>
              {[
                clause,
                guarantee && guaranteeName({ contract: closing.contract, guarantee }, scene),
                spoken(step),
              ]
                .filter((part) => part !== null)
                .join(' · ')}
              : {text}
            </li>
          ))}
        </ol>
      </details>
    </section>
  )
}

function Statements({ scene, contract, window, statements, mayState }: Props) {
  const { text } = scene
  return (
    <section class="sheet">
      <h2>{text.life.statements}</h2>
      {statements.length === 0 && <p class="sentence">{text.life.noStatements}</p>}
      <ul class="boxes received">
        {statements.map((one) => (
          <li>
            <a href={statementHref(one)}>{text.life.compare}</a>
            {' · '}
            {text.life.received({
              at: timeText(msOf(one.receivedAt), 'minute', scene),
              by: text.life.by[one.by],
            })}
            {' · '}
            <code class="digest">{one.sha256.slice(0, 16)}…</code>
          </li>
        ))}
      </ul>
      {mayState && (
        <form
          method="post"
          action={`${windowHref(contract.name, window.key)}/statements/preview`}
          enctype="multipart/form-data"
          class="stack"
        >
          <label for="statement">{text.life.handIn}</label>
          <textarea id="statement" name="statement" rows={6} aria-describedby="statement-hint" />
          <span class="note" id="statement-hint">
            {text.statement.handInText}
          </span>
          <label for="statement-file">{text.statement.file}</label>
          <input id="statement-file" name="file" type="file" accept=".csv,.txt,.tsv,.json,text/*" />
          <button>{text.statement.preview}</button>
        </form>
      )}
    </section>
  )
}

export function statementHref({ contract, id }: Pick<StatementView, 'contract' | 'id'>): string {
  return `/contracts/${encodeURIComponent(contract)}/statements/${encodeURIComponent(id)}`
}
