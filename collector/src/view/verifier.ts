/** The verifier as this collector gives it away. */
export const VERIFIER_PATH = '/verify/constat-verify.mjs'
