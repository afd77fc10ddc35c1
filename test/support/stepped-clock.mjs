/**
 * Loaded into a program under test before anything else: SIGUSR2 sets its wall clock an hour forward, the next
 * one back again. The monotonic clock is the real one. Plain Node.
 */
const STEP_MS = 3_600_000
const trueNow = Date.now
let aheadMs = 0

Date.now = () => trueNow() + aheadMs
process.on('SIGUSR2', () => (aheadMs = aheadMs === 0 ? STEP_MS : 0))
