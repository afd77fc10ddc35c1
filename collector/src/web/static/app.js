/**
 * What moves in the web view, and nothing else: one event stream a tab, regions that fetch themselves again,
 * a copy button. Every page reads the same without it.
 */
const MIN_PAUSE_MS = 1_000
const STREAM_RETRY_MS = 5_000
const HIDDEN_EVERY_MS = 60_000

/** Regions of this page share one fetch. */
const regions = new Set()
let stream = null
let waiting = null
let fetching = false
let lastFetchMs = 0

class LiveRegion extends HTMLElement {
  connectedCallback() {
    regions.add(this)
    const everyS = Number(this.dataset.every)
    if (everyS > 0) this.timer = setInterval(refreshSoon, everyS * 1000)
    listen()
  }

  disconnectedCallback() {
    clearInterval(this.timer)
    regions.delete(this)
  }
}

/** Says whether the stream is open. Hidden until a script can know. */
class LiveState extends HTMLElement {
  set on(open) {
    this.hidden = false
    this.classList.toggle('is-on', open)
    this.querySelector('.word').textContent = open ? this.dataset.on : this.dataset.off
  }
}

/** A button that appears only where copying works. */
class CopyText extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector('button')
    if (!button || !navigator.clipboard) return
    button.hidden = false
    button.addEventListener('click', () => void this.copy(button))
  }

  async copy(button) {
    await navigator.clipboard.writeText(this.querySelector('code').textContent)
    button.textContent = this.dataset.done
  }
}

/** Says what a target allows while it is typed, in the words the server gave. */
class AllowedTime extends HTMLElement {
  connectedCallback() {
    const input = document.getElementById(this.dataset.of)
    input?.addEventListener('input', () => this.say(input.value.trim().replace('%', '')))
  }

  say(target) {
    const percent = Number(target.replace(',', '.'))
    if (!(percent > 0 && percent <= 100)) return
    // Thousandths of a second, as 0.1 is none to a computer.
    const seconds = Math.floor((Math.round((100 - percent) * 25_920_000) + 0.5) / 1000)
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    const time = ['h', 'min', 's'].flatMap((unit, i) => (parts[i] > 0 ? `${parts[i]}\u00a0${unit}` : []))
    const said = time.length > 0 ? time.join('\u00a0') : '0\u00a0s'
    this.textContent = this.dataset.say.replace('{target}', target).replace('{time}', said)
  }
}

/** Chooses the browser's time zone where nobody has chosen. */
class GuessZone extends HTMLElement {
  connectedCallback() {
    const select = this.querySelector('select')
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
    if (select && [...select.options].some(({ value }) => value === timeZone)) select.value = timeZone
  }
}

/** A page for whoever may hear no events follows the clock alone. */
function hasEvents() {
  return [...regions].some((region) => region.dataset.events)
}

/** A hidden tab needs no stream: a browser has but six connections for us. */
function listen() {
  if (document.hidden || stream !== null || !hasEvents()) return
  stream = new EventSource('/api/v1/events')
  stream.addEventListener('open', () => tellState(true))
  stream.addEventListener('error', () => {
    tellState(false)
    if (stream?.readyState !== EventSource.CLOSED) return
    stream = null
    // Refused: perhaps whoever looks may not look any more.
    refreshSoon()
    setTimeout(listen, STREAM_RETRY_MS)
  })
  const types = new Set([...regions].flatMap((region) => (region.dataset.events ?? '').split(' ')))
  for (const type of types) if (type) stream.addEventListener(type, refreshSoon)
}

function tellState(open) {
  for (const state of document.querySelectorAll('live-state')) state.on = open
}

/** At most once a second, however many events come. */
function refreshSoon() {
  if (document.hidden || waiting !== null) return
  const pauseMs = Math.max(0, lastFetchMs + MIN_PAUSE_MS - performance.now())
  waiting = setTimeout(() => {
    waiting = null
    void refresh()
  }, pauseMs)
}

async function refresh() {
  if (fetching) return
  fetching = true
  lastFetchMs = performance.now()
  try {
    const from = [...regions].map((region) => region.dataset.from).find(Boolean) ?? location.href
    const answer = await fetch(from, { headers: { 'constat-fragment': '1' } })
    if (answer.redirected) location.reload()
    else if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), 'text/html'))
  } catch {
    // The collector is away: what stands on the page stands, and says since when.
    tellState(false)
  } finally {
    fetching = false
  }
}

function replace(page) {
  // The session is over: what came is the door, which has none of our regions.
  if (![...regions].some((region) => page.getElementById(region.id))) {
    location.reload()
    return
  }
  tellTab(page.getElementById('content')?.dataset ?? {})
  for (const region of regions) {
    const fresh = page.getElementById(region.id)
    // Nothing is pulled from under a person's hands.
    if (!fresh || region.contains(document.activeElement?.closest('form') ?? null)) continue
    keepOpen(region, fresh)
    const focused = placeOf(region, document.activeElement)
    region.replaceChildren(...fresh.childNodes)
    if (focused >= 0) region.querySelectorAll('a, button, summary')[focused]?.focus({ preventScroll: true })
  }
}

/** The title and the icon of the tab say how many are down. */
function tellTab({ title, icon }) {
  if (title) document.title = title
  if (icon) document.querySelector('link[rel=icon]')?.setAttribute('href', icon)
}

function keepOpen(region, fresh) {
  for (const open of region.querySelectorAll('details[open][id]')) {
    fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute('open', '')
  }
}

function placeOf(region, element) {
  return region.contains(element) ? [...region.querySelectorAll('a, button, summary')].indexOf(element) : -1
}

// Nobody looks, and the tab still says how many are down.
setInterval(() => {
  if (document.hidden && regions.size > 0) void refresh()
}, HIDDEN_EVERY_MS)

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    stream?.close()
    stream = null
  } else {
    listen()
    if (regions.size > 0) refreshSoon()
  }
})

customElements.define('live-region', LiveRegion)
customElements.define('live-state', LiveState)
customElements.define('copy-text', CopyText)
customElements.define('allowed-time', AllowedTime)
customElements.define('guess-zone', GuessZone)
