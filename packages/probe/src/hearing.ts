/** Hearing: what a server has said on a connection so far, up to a cap, and the wait for more. */
import type { Socket } from 'node:net'

/** Read of one connection at most; the rest stays where it is. */
export const MAX_DIALOGUE_BYTES = 64 * 1024

export type Hearing = {
  heard: () => Buffer
  /** Waits for more. False when no more will come or be read; rejects with the error of the socket. */
  more: () => Promise<boolean>
  /** Leaves the socket paused, and what was not read in it. */
  stop: () => void
}

/** `firstByte` is called when the server begins to speak. */
export function listenTo(socket: Socket, firstByte?: () => void): Hearing {
  let heard = Buffer.alloc(0)
  let isOver = false
  let failure: Error | null = null
  let wake: () => void = nobodyWaits

  const listen = (chunk: Buffer): void => {
    if (heard.length === 0) firstByte?.()
    heard = Buffer.concat([heard, chunk]).subarray(0, MAX_DIALOGUE_BYTES)
    if (heard.length === MAX_DIALOGUE_BYTES) {
      isOver = true
      socket.pause()
    }
    wake()
  }
  const end = (): void => {
    isOver = true
    wake()
  }
  const fail = (error: Error): void => {
    failure = error
    wake()
  }
  const throwFailure = (): void => {
    if (failure) throw failure
  }
  socket.on('data', listen).on('end', end).on('close', end).on('error', fail)
  return {
    heard: () => heard,
    async more() {
      throwFailure()
      if (isOver) return false
      await new Promise<void>((resolve) => (wake = resolve))
      throwFailure()
      // The last bytes and the end may have come together.
      return true
    },
    stop() {
      socket.pause()
      socket.off('data', listen).off('end', end).off('close', end).off('error', fail)
    },
  }
}

function nobodyWaits(): void {
  // Until somebody reads, what comes is kept.
}
