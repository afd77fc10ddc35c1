/** The event of a window that became final, or was amended. Pure. Always fits into a payload. */
import { formatInstant } from '@constat/shared/time'
import type { Fact } from '../alert/types.ts'
import type { ClosingBody } from '@constat/sla/state/closing'

/** More guarantees than this are counted, not listed. */
export const MAX_LISTED = 40

export type WindowClosed = {
  body: ClosingBody
  displayName: string
  atMs: number
  /** Where people reach the collector, without a slash at the end. */
  publicUrl: string
}

export function windowFact({ body, displayName, atMs, publicUrl }: WindowClosed): Fact {
  const { contract, window, version, digest, results, startMs, endMs, amendableUntilMs } = body
  const listed = results.guarantees.slice(0, MAX_LISTED).map(({ result }) => ({
    guarantee: result.guarantee,
    service: result.service,
    verdict: result.verdict,
    coverage: result.coverage,
    insufficientEvidence: result.insufficientEvidence,
  }))
  const failed = results.guarantees.filter(({ result }) => result.verdict === 'not_met').length
  const path = `/contracts/${encodeURIComponent(contract)}/windows/${encodeURIComponent(window)}`
  return {
    type: version === 1 ? 'window.finalised' : 'window.amended',
    contract,
    atMs,
    data: {
      id: `${window}/v${version}`,
      contract,
      displayName,
      window,
      version,
      start: formatInstant(startMs),
      end: formatInstant(endMs),
      digest,
      previous: body.previous,
      ledger: body.ledger,
      amendableUntil: formatInstant(amendableUntilMs),
      guarantees: listed,
      guaranteesLeftOut: results.guarantees.length - listed.length,
      credit: results.credit && { amount: results.credit.total, currency: results.credit.currency },
      message: sentence({ window, version, failed, of: results.guarantees.length }),
      links: { window: publicUrl + path },
    },
  }
}

function sentence(given: { window: string; version: number; failed: number; of: number }): string {
  const { window, version, failed, of } = given
  const what = version === 1 ? `Window ${window} is final` : `Window ${window} is amended: version ${version}`
  const came = failed === 0 ? 'nothing was found not met' : `${failed} of ${of} not met on measured data`
  return `${what}; ${came}.`
}
