/** OpenID provider for the tests: a real one, certified, on a port of its own. */
export type OpenIdProvider = {
  issuer: string
  /** Signs in as `login` at the address that a browser was sent to, and agrees; the address it is sent back to. */
  signIn(url: string, login: string): Promise<string>
  close(): Promise<void>
}
export function startOpenIdProvider(client: {
  clientId: string
  clientSecret: string
  redirectUri: string
}): Promise<OpenIdProvider>
