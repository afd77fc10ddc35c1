/**
 * Layout: the frame of every page. A fragment is the content alone, for a page that refreshes itself. Pure.
 */
import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { may } from '../../http/scope.ts'
import { troubleText } from '../../view/health.ts'
import type { Door, Scene } from '../scene.ts'
import { LANGS, TEXTS } from '../text/words.ts'
import { Logo } from './mark.tsx'
import { upperFirst } from './names.ts'
import { Time } from './time.tsx'

type Props = { scene: Scene; title: string; door?: Door; children: Child }

export function Layout({ scene, title, door, children }: Props) {
  const content = (
    <>
      {scene.isDemonstration && <p class="notice demonstration">{scene.text.demonstration}</p>}
      <Troubles scene={scene} />
      {children}
    </>
  )
  const { text, lang, down = 0 } = scene
  // What the tab says, also to whoever has another one before them.
  const tab = { title: `${down > 0 ? `(${down}) ` : ''}${title} · ${text.product}`, icon: iconOf(down) }
  const data = { 'data-title': tab.title, 'data-icon': tab.icon }
  if (scene.fragment) {
    return (
      <main id="content" {...data}>
        {content}
      </main>
    )
  }
  return (
    <>
      {html`<!doctype html>`}
      <html lang={lang}>
        <head>
          <meta charset="utf-8" />
          <title>{tab.title}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <link rel="icon" href={tab.icon} type="image/svg+xml" />
          <link rel="stylesheet" href={`/static/app.css?v=${scene.version}`} />
          <script type="module" src={`/static/app.js?v=${scene.version}`} />
        </head>
        <body>
          <a class="skip" href="#content">
            {text.skip}
          </a>
          <Header scene={scene} {...(door && { door })} />
          <Hatch />
          <main id="content" tabindex={-1} {...data}>
            {content}
          </main>
          <Footer scene={scene} />
        </body>
      </html>
    </>
  )
}

function iconOf(down: number): string {
  return down > 0 ? '/static/icon-down.svg' : '/static/icon.svg'
}

/** What keeps the collector itself from its work. */
function Troubles({ scene: { text, troubles } }: { scene: Scene }) {
  return (
    <>
      {troubles.map((one) => (
        <p class="notice ill" role="status">
          {upperFirst(troubleText(one, text.health))}.
        </p>
      ))}
    </>
  )
}

/** Unknown is hatched, everywhere by this one pattern. */
function Hatch() {
  return (
    <svg class="defs" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="hatch-bed" width="6" height="6" />
          <rect class="hatch-line" width="2" height="6" />
        </pattern>
      </defs>
    </svg>
  )
}

function Header({ scene, door }: { scene: Scene; door?: Door }) {
  const { text } = scene
  return (
    <header class="top">
      <a class="brand" href="/">
        <Logo />
        <span>{text.product}</span>
      </a>
      {scene.caller && <Doors scene={scene} {...(door && { door })} />}
      <div class="aside">
        {scene.caller && <LiveState scene={scene} />}
        <Languages scene={scene} />
        {scene.caller?.as === 'session' && (
          <a class="own" href="/account">
            {scene.caller.person?.name ?? text.account.title}
          </a>
        )}
        {scene.caller && (
          <form method="post" action="/sign-out">
            <button class="quiet">{text.signOut}</button>
          </form>
        )}
      </div>
    </header>
  )
}

/** A door without a page behind it is not shown. */
function Doors({ scene, door }: { scene: Scene; door?: Door }) {
  const { text, caller } = scene
  if (caller && !may(caller, 'read')) return null
  const setup = caller && (may(caller, 'read-hosts') || may(caller, 'manage'))
  const doors: { id: Door; href: string; label: string }[] = [
    { id: 'now', href: '/', label: text.door.now },
    { id: 'contract', href: '/contracts', label: text.door.contract },
    { id: 'incidents', href: '/incidents', label: text.door.incidents },
    { id: 'claims', href: '/claims', label: text.door.claims },
    ...(setup ? [{ id: 'setup', href: '/setup/agents', label: text.door.setup } as const] : []),
  ]
  return (
    <nav class="doors" aria-label={text.menu}>
      {doors.map(({ id, href, label }) => (
        <a href={href} {...(id === door && { 'aria-current': 'page' })}>
          {label}
        </a>
      ))}
    </nav>
  )
}

function Languages({ scene }: { scene: Scene }) {
  return (
    <nav class="languages" aria-label={scene.text.languages}>
      {LANGS.map((lang) => (
        <a
          href={addressIn(scene.address, lang)}
          lang={lang}
          hreflang={lang}
          aria-label={`${lang.toUpperCase()} ${TEXTS[lang].name}`}
          {...(lang === scene.lang && { 'aria-current': 'true' })}
        >
          {lang.toUpperCase()}
        </a>
      ))}
    </nav>
  )
}

function addressIn(address: string, lang: string): string {
  const url = new URL(address, 'http://page')
  url.searchParams.set('lang', lang)
  return url.pathname + url.search
}

function Footer({ scene }: { scene: Scene }) {
  const { text } = scene
  return (
    <footer class="foot">
      <p>{text.provisional}</p>
      <p class="version">
        {text.product} {scene.version}
      </p>
    </footer>
  )
}

/** When the page was drawn. */
export function AsOf({ scene }: { scene: Scene }) {
  return (
    <p class="as-of">
      {scene.text.asOf} <Time at={scene.nowMs} scene={scene} style="full" />
    </p>
  )
}

/** Whether the page still moves by itself: only a script can say that. */
function LiveState({ scene }: { scene: Scene }) {
  return (
    <live-state hidden data-on={scene.text.live} data-off={scene.text.notLive}>
      <span class="pulse" />
      <span class="word" />
    </live-state>
  )
}

type RegionProps = {
  id: string
  events: readonly string[]
  everyS?: number
  /** Asked for fresh content in place of the page itself: the answer to a form has no address. */
  from?: string
  children: Child
}

/** Content that follows events, and the clock where `everyS` says so. Without script it just stands. */
export function LiveRegion({ id, events, everyS, from, children }: RegionProps) {
  return (
    <live-region
      id={id}
      data-events={events.join(' ')}
      {...(everyS && { 'data-every': String(everyS) })}
      {...(from !== undefined && { 'data-from': from })}
    >
      {children}
    </live-region>
  )
}

type Tab = 'agents' | 'alerts' | 'contract' | 'people' | 'access'

/** The tabs behind the Setup door. */
export function SetupTabs({ scene, current }: { scene: Scene; current: Tab }) {
  const { text, caller } = scene
  const tabs = [
    { id: 'agents', shown: caller && may(caller, 'read-hosts'), label: text.door.agents },
    { id: 'alerts', shown: caller && may(caller, 'manage'), label: text.door.alerts },
    { id: 'contract', shown: caller && may(caller, 'manage'), label: text.first.title },
    { id: 'people', shown: caller && may(caller, 'manage'), label: text.people.title },
    { id: 'access', shown: caller && may(caller, 'manage'), label: text.access.title },
  ]
  return (
    <nav class="tabs" aria-label={text.door.setup}>
      {tabs
        .filter(({ shown }) => shown)
        .map(({ id, label }) => (
          <a href={`/setup/${id}`} {...(id === current && { 'aria-current': 'page' })}>
            {label}
          </a>
        ))}
    </nav>
  )
}
