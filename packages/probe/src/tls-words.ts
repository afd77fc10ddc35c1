/** What went wrong in TLS, in words of ours: by the codes of OpenSSL and Node.js. Pure. */
import { messageOf, systemCode } from '@constat/shared/fault'
import { MAX_CODE_CHARS } from '@constat/shared/sample'

/** X509_V_ERR_… as Node.js names them. OUT_OF_MEM is none of a certificate's. */
const CHAIN_WORDS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'a certificate of the chain has ended'],
  ['CERT_NOT_YET_VALID', 'a certificate of the chain is not valid yet'],
  ['CERT_REVOKED', 'the certificate is revoked'],
  ['CERT_UNTRUSTED', 'the authority is not trusted for servers'],
  ['CERT_REJECTED', 'the authority is distrusted'],
  ['CERT_SIGNATURE_FAILURE', 'a signature in the chain is wrong'],
  ['CERT_CHAIN_TOO_LONG', 'the chain is too long'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is signed by itself, and not trusted here'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the chain ends in an authority that is not trusted here'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the issuer of a certificate is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the chain leads to no authority that is trusted here'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the server sent no issuer of its certificate, and none is known here'],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', "an issuer's public key cannot be read"],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'a signature in the chain cannot be read'],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'the day on which a certificate begins cannot be read'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'the day on which a certificate ends cannot be read'],
  ['INVALID_CA', 'an issuer in the chain is no authority'],
  ['INVALID_PURPOSE', 'the certificate is not for servers'],
  ['PATH_LENGTH_EXCEEDED', 'an authority in the chain may have none below it'],
  // Of the host names there is one word for all other rules.
  [
    'UNSPECIFIED',
    "the chain breaks a rule: a name outside its issuer's constraints, a key or signature too weak, or an extension that must be understood",
  ],
  ['HOSTNAME_MISMATCH', 'the certificate is of another name'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is of another name'],
])

/** Reasons of OpenSSL, first that fits. Alerts are what the server said. */
const HANDSHAKE_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL/,
    'what answers there does not speak TLS',
  ],
  [/UNRECOGNIZED_NAME/, 'the server knows no site of this name'],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/,
    'the server has no version of TLS that is in use',
  ],
  [/ALERT_CERTIFICATE_REQUIRED/, 'the server wants a client certificate'],
  [/ALERT_.*(?:CERTIFICATE|UNKNOWN_CA)/, 'the server does not take the client certificate, or wants one'],
  [
    /ALERT_HANDSHAKE_FAILURE/,
    'the server ended the handshake: no cipher in common, or it wants a client certificate',
  ],
  [/ALERT_INSUFFICIENT_SECURITY|NO_SHARED_CIPHER|NO_CIPHERS/, 'there is no cipher in common with the server'],
  [/NO_APPLICATION_PROTOCOL/, 'the server speaks none of the protocols that were offered'],
  [/DH_KEY_TOO_SMALL|KEY_TOO_SMALL/, 'a key of the server is too short'],
  [/UNSAFE_LEGACY_RENEGOTIATION/, 'the server knows no safe renegotiation (RFC 5746)'],
  [/ALERT_INTERNAL_ERROR/, 'the server said that it failed within'],
]

/** A certificate that cannot be read, or is of a kind that cannot be used, fails in the handshake already. */
const UNREADABLE =
  /^ERR_(?:SSL|OSSL|ASN1|X509)_(?!.*ALERT)(?:.*(?:CERTIFICATE|ASN1|X509|EE_KEY|CA_KEY|CA_MD))/

export function isCertificateCode(code: string): boolean {
  return CHAIN_WORDS.has(code) || UNREADABLE.test(code)
}

/** The word of OpenSSL or of the verification: TLSV1_ALERT_INTERNAL_ERROR, CERT_HAS_EXPIRED. */
export function tlsCode(error: unknown): string | undefined {
  const code = systemCode(error) ?? ''
  return CHAIN_WORDS.has(code) ? code : handshakeReason(error)?.slice(0, MAX_CODE_CHARS)
}

export function chainWords(code: string): string {
  return CHAIN_WORDS.get(code) ?? `the chain does not hold (${code})`
}

/** The sentence for an error of TLS; undefined for one that is of something else. */
export function tlsWords(error: unknown): string | undefined {
  const code = systemCode(error) ?? ''
  if (CHAIN_WORDS.has(code)) return chainWords(code)
  const reason = handshakeReason(error)
  if (reason === undefined) return undefined
  const words = HANDSHAKE_WORDS.find(([form]) => form.test(reason))?.[1]
  return words ?? `the handshake failed: ${reason.toLowerCase().replaceAll('_', ' ')}`
}

function handshakeReason(error: unknown): string | undefined {
  // `…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…` where Node.js has no code for it.
  const told = /SSL routines:[^:]*:([^:]+)/.exec(messageOf(error))?.[1]
  return told?.toUpperCase().replaceAll(' ', '_') ?? /^ERR_SSL_(.+)$/.exec(systemCode(error) ?? '')?.[1]
}
