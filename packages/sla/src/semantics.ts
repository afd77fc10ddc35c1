/**
 * Semantics version: an integer that every closing names. Pure.
 *
 * It moves when any verdict could: when the same ledger and the same terms would give another result than
 * before, in any figure, on any input; and when anything else under the digest of a closing would, the words of
 * a credit line among it. It does not move for speed, or for what is told beside a result, such as the trace.
 * A window is re-judged only by the version that closed it.
 */
export const SEMANTICS_VERSION = 2
