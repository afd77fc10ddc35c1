/**
 * Semantics version: an integer that every closing names. Pure.
 *
 * It moves when any verdict could: when the same ledger and the same terms would give another result than
 * before, in any figure, on any input. It does not move for words, speed, or what is told beside a result.
 * A window is re-judged only by the version that closed it.
 */
export const SEMANTICS_VERSION = 1
