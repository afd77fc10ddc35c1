/** Delivery: what a refusal does to a session. What the collector may yet know is kept, and tried again. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Delivery } from '../../../agent/src/delivery.ts'

const LIVE = 'a'.repeat(32)
const OLD = 'b'.repeat(32)
/** Session → numbers that wait. */
let spool: Map<string, number[]>
let delivery: Delivery

beforeEach(() => {
  spool = new Map([
    [LIVE, [0, 1, 2]],
    [OLD, [7]],
  ])
  delivery = new Delivery({
    sessions: () => [...spool.keys()],
    from: (session, seq) => {
      const found = spool.get(session)?.find((one) => one >= seq)
      return found === undefined ? undefined : { seq: found, length: 100 }
    },
  })
  delivery.setLive([LIVE])
})

function sendNext(): string {
  const next = delivery.next(1_000_000)
  if (!next || 'waitUs' in next) return 'nothing'
  delivery.sent(next, 1_000_000)
  return `${next.session[0]}${next.seq}`
}

const refuse = (seq: number, reason: string) =>
  delivery.refused({ session: LIVE, seq, reason, expectedSeq: 0 })

describe.each(['unknown-config', 'unknown-log', 'log-stopped'])('a frame refused as %s', (reason) => {
  it('waits with its session, while others go on', () => {
    expect([sendNext(), sendNext()]).toEqual(['a0', 'a1'])
    expect(refuse(0, reason)).toEqual({ kind: 'hold' })
    // In flight behind it, and refused for its sake.
    expect(refuse(1, 'unannounced-gap')).toEqual({ kind: 'ignore' })
    expect([sendNext(), sendNext()]).toEqual(['b7', 'nothing'])
  })

  it('is tried again from the first one on, when the collector may know more', () => {
    sendNext()
    refuse(0, reason)
    expect(delivery.release()).toEqual([LIVE])
    expect([sendNext(), sendNext(), sendNext()]).toEqual(['a0', 'a1', 'a2'])
  })

  it('is tried again at the next connection', () => {
    sendNext()
    refuse(0, reason)
    delivery.connected()
    expect(sendNext()).toBe('a0')
  })
})

it('a frame that is wrong in itself is given up', () => {
  sendNext()
  expect(refuse(0, 'bad-signature')).toMatchObject({ kind: 'set-aside', seq: 0 })
  expect(sendNext()).toBe('a1')
})
