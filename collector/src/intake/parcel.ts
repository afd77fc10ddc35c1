/**
 * Parcels: many frames as one block of memory that changes hands between threads without being copied
 * again. parcel = (public key (32) | u32le n | frame (n bytes))*. Pure.
 */
import { PUBLIC_KEY_BYTES } from '@constat/shared/signature'
import type { Submission, Unsound } from '@constat/evidence/frame-proof'

export type Parcel = { id: number; bytes: ArrayBuffer }
/** Sound but for those named, by position in the parcel. */
export type Answer = { id: number; unsound: [index: number, unsound: Unsound][] }

const HEAD_BYTES = PUBLIC_KEY_BYTES + 4

export function packParcel(submissions: readonly Submission[]): ArrayBuffer {
  let length = 0
  for (const { bytes } of submissions) length += HEAD_BYTES + bytes.length
  const block = new ArrayBuffer(length)
  const parcel = Buffer.from(block)
  let at = 0
  for (const { bytes, publicKey } of submissions) {
    parcel.set(publicKey, at)
    parcel.writeUInt32LE(bytes.length, at + PUBLIC_KEY_BYTES)
    parcel.set(bytes, at + HEAD_BYTES)
    at += HEAD_BYTES + bytes.length
  }
  return block
}

/** Views into the parcel, not copies. */
export function openParcel(bytes: ArrayBuffer): { bytes: Buffer; publicKey: Buffer }[] {
  const parcel = Buffer.from(bytes)
  const submissions: { bytes: Buffer; publicKey: Buffer }[] = []
  for (let at = 0; at < parcel.length;) {
    const start = at + HEAD_BYTES
    const end = start + parcel.readUInt32LE(at + PUBLIC_KEY_BYTES)
    submissions.push({
      publicKey: parcel.subarray(at, at + PUBLIC_KEY_BYTES),
      bytes: parcel.subarray(start, end),
    })
    at = end
  }
  return submissions
}
