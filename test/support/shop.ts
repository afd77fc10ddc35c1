/**
 * A shop that wants a log-in: form with a token, session cookie, search in JSON, log-out. Its mood says what
 * goes wrong. Tokens and password hold every character that breaks a body put together carelessly.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Mood =
  | 'well'
  | 'no-token'
  | 'search-down'
  | 'search-hangs'
  | 'search-slow'
  | 'search-limited'
  | 'log-in-away'
export type Shop = {
  port: number
  mood: Mood
  /** What `log-in-away` redirects to, with 307. */
  away: string
  /** Log-ins that went well and log-outs, since the start. */
  loggedIn: number
  loggedOut: number
  close: () => Promise<void>
}

export const PASSWORD = 'p&ss="w+rd%\\é'
const TOKEN = 'a+b/c=&d'
const NAME = 'the "wörking" \\ name'
const SLOW_MS = 300
const MAX_BODY_CHARS = 10_000

export async function startShop(): Promise<Shop> {
  const server = createServer((request, response) => {
    serve(shop, request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  const shop: Shop = { port: 0, mood: 'well', away: '', loggedIn: 0, loggedOut: 0, close }
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  // A server that listens on a port has an AddressInfo.
  shop.port = (server.address() as AddressInfo).port
  return shop
}

async function serve(shop: Shop, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await textOf(request)
  const isIn = /(?:^|; )auth=yes(?:;|$)/.test(request.headers.cookie ?? '')
  switch (`${request.method} ${request.url?.replace(/^\/shop/, '')}`) {
    case 'GET /login':
      response.setHeader('set-cookie', ['sid=7; Path=/shop; HttpOnly', 'old=1; Path=/; Max-Age=0'])
      return void response.end(shop.mood === 'no-token' ? 'Sign in' : `<input name="csrf" value="${TOKEN}">`)
    case 'POST /login':
      return logIn(shop, { body, cookie: request.headers.cookie ?? '' }, response)
    case 'GET /home':
      return void (isIn ? response.end(`Hello <b>${NAME}</b>`) : redirect(response, 302, '/shop/login'))
    case 'POST /search':
      return isIn ? search(shop, body, response) : void response.writeHead(403).end()
    case 'GET /items/17%2F4':
      return void response.end(isIn ? 'Item 17/4' : 'Sign in')
    case 'POST /logout':
      if (isIn) shop.loggedOut += 1
      return void response.writeHead(204, { 'set-cookie': 'auth=; Path=/shop; Max-Age=0' }).end()
    default:
      response.writeHead(404).end()
  }
}

function logIn(
  shop: Shop,
  { body, cookie }: { body: string; cookie: string },
  response: ServerResponse,
): void {
  if (shop.mood === 'log-in-away') return redirect(response, 307, shop.away)
  const fields = new URLSearchParams(body)
  const isRight = fields.get('csrf') === TOKEN && fields.get('password') === PASSWORD && cookie === 'sid=7'
  // As most shops do: a wrong password is a page like any other.
  if (!isRight) return void response.end('Wrong password')
  shop.loggedIn += 1
  response.setHeader('set-cookie', 'auth=yes; Path=/shop')
  redirect(response, 303, '/shop/home')
}

function search(shop: Shop, body: string, response: ServerResponse): void {
  // What was sent is what is looked at; text that is no JSON fails the request.
  const { by } = JSON.parse(body) as { by: string }
  const answer = (): void => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ by, hits: by === NAME ? [{ id: '17/4' }] : [] }))
  }
  if (shop.mood === 'search-down') response.writeHead(503).end('try later')
  else if (shop.mood === 'search-limited') response.writeHead(429).end()
  else if (shop.mood === 'search-slow') setTimeout(answer, SLOW_MS)
  else if (shop.mood !== 'search-hangs') answer()
}

function redirect(response: ServerResponse, status: number, location: string): void {
  response.writeHead(status, { location }).end()
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text = `${text}${chunk}`.slice(0, MAX_BODY_CHARS)
  return text
}
