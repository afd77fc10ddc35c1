/**
 * Receipts: the collector's signed word that a log has grown to a size with a root. One is signed for
 * each group commit, after it, and goes out with every acknowledgement of the group. An agent that
 * keeps receipts can prove a fork. Pure but for the cipher.
 */
import type { KeyObject } from 'node:crypto'
import { signBytes, verifyBytes } from './signature.ts'
import type { UnixMs } from './time.ts'

export type Receipt = {
  origin: string
  /** Leaves in the log after the commit. */
  size: number
  /** RFC 6962 root of that size, 32 bytes. */
  root: Uint8Array
  atMs: UnixMs
  /** Ed25519 over `constat/receipt/v1\n` and the four lines of `receiptText`. */
  signature: Uint8Array
}

export function signReceipt(fields: Omit<Receipt, 'signature'>, key: KeyObject): Receipt {
  return { ...fields, signature: signBytes('receipt', receiptText(fields), key) }
}

export function receiptHolds(receipt: Receipt, key: KeyObject): boolean {
  return verifyBytes('receipt', receiptText(receipt), receipt.signature, key)
}

/** A receipt as it is kept and shown to others: six lines, the first one `receipt`, bytes in base64. */
export function formatReceipt(receipt: Receipt): string {
  return `receipt\n${receiptText(receipt).toString()}${Buffer.from(receipt.signature).toString('base64')}\n`
}

/** What `formatReceipt` made; null for any other text. Whether its signature holds is another question. */
export function parseReceipt(text: string): Receipt | null {
  const [, origin, size, root = '', atMs, signature = ''] = text.split('\n')
  const read = {
    origin,
    size: Number(size),
    atMs: Number(atMs),
    root: Buffer.from(root, 'base64'),
    signature: Buffer.from(signature, 'base64'),
  }
  return isReceipt(read) && formatReceipt(read) === text ? read : null
}

export function isReceipt(value: Record<keyof Receipt, unknown>): value is Receipt {
  const { origin, size, root, atMs, signature } = value
  return (
    typeof origin === 'string' &&
    origin.length <= 512 &&
    Number.isSafeInteger(size) &&
    Number.isSafeInteger(atMs) &&
    root instanceof Uint8Array &&
    root.length === 32 &&
    signature instanceof Uint8Array &&
    signature.length === 64
  )
}

function receiptText({ origin, size, root, atMs }: Omit<Receipt, 'signature'>): Buffer {
  return Buffer.from(`${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n${atMs}\n`)
}
