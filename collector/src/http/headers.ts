/**
 * Headers that every answer carries. Scripts and styles come from our own files only, so a name written by
 * an attacker can at worst be read.
 */
import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

export function securityHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    // Nothing for other sites; without it a form of ours over plain HTTP would come from the origin "null".
    referrerPolicy: 'same-origin',
    xFrameOptions: 'DENY',
    // With our own certificate it would take from people the way past the browser's warning.
    strictTransportSecurity: false,
    permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
    // A picture that is made for pages of other sites says so itself.
    overwrite: false,
  })
}
