/**
 * Visible text: what somebody else has written, so that it looks like what it is. Control characters move a
 * terminal's cursor and hide lines; bidirectional ones (Unicode, UAX #9) turn round how the rest is read. Pure.
 */

/** C0 but for tab and line feed, DEL, C1, the marks, embeddings, overrides and isolates of direction. */
const HIDDEN = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Each as `\u202e`: within JSON that is the same character again, so JSON text stays what it says.
 */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (hidden) => `\\u${hidden.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
