/**
 * Shape: how one envelope is written for one kind of receiver. Types only. A new receiver is one file
 * beside this one and one line in table.ts.
 */
import type { Headline } from '../headline.ts'
import type { Envelope, MessageType } from '../types.ts'

export type ShapeInput = {
  envelope: Envelope
  /** What it says, for people. */
  headline: Headline
  /** The stored envelope, byte for byte: what the generic shape sends. */
  text: string
  /** The webhook's own address: some receivers take a topic or a key from it. */
  url: URL
  /** What it is about is over, whatever this message says of it: see `bodiesOf`. */
  isOver: boolean
}

export type Shape = {
  /** The body to send, JSON text. */
  body(input: ShapeInput): string
  /** Where to, when it is not the webhook's address as it stands. */
  target?(url: URL): URL
  /** Other than http and https: how its addresses begin. */
  protocol?: string
  /** What is wrong with an address for this receiver, as a sentence; null: nothing. */
  problem?(url: URL): string | null
  /** The receiver holds an alert open until it is told that it is over. */
  holdsAlerts?: true
  /** Types this receiver has no place for are not sent to it; absent: all have one. */
  takes?(type: MessageType): boolean
}
